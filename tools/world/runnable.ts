/** Images to be run: each is here for what comes of it. */
import type { ImageSpec } from './images.ts'
import { entrypoint, printProgram, service, task, userland } from './userland.ts'

const created = new Date('2024-02-29T12:00:00Z')
const busybox = { link: 'busybox' }

const box: ImageSpec = {
  references: ['box:1', 'box:latest'],
  created,
  config: { Cmd: ['sh'], Env: ['PATH=/usr/bin:/bin', 'FROM_IMAGE=yes'] },
  steps: [
    {
      instruction: 'ADD box /',
      files: {
        ...userland('Box 1'),
        'bin/stty': busybox,
        'bin/httpd': busybox,
        // Whatever it is told to do, it waits until it is stopped.
        'bin/hold': service(),
        // A file that may be run, and is no program of this or any computer.
        'bin/no-program': 'no program',
      },
    },
  ],
}

/** Has no bash, only what its name says; and an old /bin/sh. */
const plainShell: ImageSpec = {
  references: ['plain-shell:1'],
  created,
  config: { Cmd: ['/bin/true'] },
  steps: [
    {
      instruction: 'ADD plain-shell /',
      files: Object.fromEntries(
        Object.entries({ ...userland('Plain shell'), 'bin/stty': busybox }).filter(([name]) => name !== 'bin/bash'),
      ),
    },
  ],
}

/** A tiny web server that says hello. */
const web: ImageSpec = {
  references: ['web:1', 'web:2'],
  base: box,
  created,
  config: { Cmd: ['httpd', '-f', '-p', '80', '-h', '/www'], ExposedPorts: { '80/tcp': {} }, Volumes: { '/data': {} } },
  steps: [{ instruction: 'COPY www /www', files: { 'www/index.html': '<h1>Hello from the web image</h1>\n' } }],
}

export function runnableImages(): ImageSpec[] {
  return [
    box,
    plainShell,
    web,
    {
      references: ['greeter:1'],
      base: box,
      created,
      config: { Entrypoint: ['/entrypoint.sh'], Cmd: ['echo', 'hello'] },
      steps: [{ instruction: 'COPY entrypoint.sh /', files: { 'entrypoint.sh': entrypoint } }],
    },
    { references: ['no-entry-point:1'], base: box, created, config: { Entrypoint: ['/entrypoint.sh'] }, steps: [] },
    {
      references: ['ends-at-once:1'],
      base: box,
      created,
      config: { Cmd: ['/fails'] },
      steps: [{ instruction: 'COPY fails /', files: { fails: task(3, 'cannot find its configuration') } }],
    },
    // FROM scratch: a program, and nothing else.
    {
      references: ['scratch:1'],
      created,
      config: { Cmd: ['/hello'] },
      steps: [{ instruction: 'COPY hello /', files: { hello: printProgram('hello from scratch\n') } }],
    },
    {
      references: ['for-arm:1'],
      created,
      architecture: 'arm64',
      variant: 'v8',
      config: { Cmd: ['/bin/sh'] },
      steps: [{ instruction: 'ADD arm /', files: { 'bin/sh': armProgram() } }],
    },
    // Made for another processor, they say: its programs run here, as where it is emulated.
    { ...box, references: ['emulated:1'], architecture: 'arm64', variant: 'v8' },
    { references: ['no-command:1'], created, steps: [{ instruction: 'COPY readme /', files: { readme: 'text' } }] },
  ]
}

/** Enough of a program for 64-bit ARM that another processor's kernel refuses it. */
function armProgram(): Uint8Array {
  const head = Buffer.alloc(64)
  head.write('\x7fELF\x02\x01\x01', 'latin1')
  head.writeUInt16LE(2, 16)
  head.writeUInt16LE(183, 18)
  return head
}
