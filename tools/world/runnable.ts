/** Images for tests of `docker run`. Each starts, or fails to start, in a different way. */
import type { ImageSpec } from './images.ts'
import { entrypoint, printProgram, service, task, userland } from './userland.ts'

const created = new Date('2024-02-29T12:00:00Z')
const busyboxLink = { link: 'busybox' }

const box: ImageSpec = {
  references: ['box:1', 'box:latest'],
  created,
  config: { Cmd: ['sh'], Env: ['PATH=/usr/bin:/bin', 'FROM_IMAGE=yes'] },
  steps: [
    {
      instruction: 'ADD box /',
      files: {
        ...userland('Box 1'),
        'bin/stty': busyboxLink,
        'bin/httpd': busyboxLink,
        // A program that ignores its arguments and runs until it is stopped.
        'bin/hold': service(),
        // An executable file that is not a program for any platform.
        'bin/no-program': 'no program',
      },
    },
  ],
}

/** An image with /bin/sh, but without bash. */
const plainShell: ImageSpec = {
  references: ['plain-shell:1'],
  created,
  config: { Cmd: ['/bin/true'] },
  steps: [
    {
      instruction: 'ADD plain-shell /',
      files: Object.fromEntries(
        Object.entries({ ...userland('Plain shell'), 'bin/stty': busyboxLink }).filter(([name]) => name !== 'bin/bash'),
      ),
    },
  ],
}

/** A web server with one page. */
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
    // FROM scratch with a single program.
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
    // Declares arm64, but contains x86-64 programs, so it runs as if arm64 were emulated.
    { ...box, references: ['emulated:1'], architecture: 'arm64', variant: 'v8' },
    { references: ['no-command:1'], created, steps: [{ instruction: 'COPY readme /', files: { readme: 'text' } }] },
  ]
}

/** The header of a 64-bit ARM program, which other kernels refuse to run. */
function armProgram(): Uint8Array {
  const header = Buffer.alloc(64)
  header.write('\x7fELF\x02\x01\x01', 'latin1')
  header.writeUInt16LE(2, 16) // type: executable
  header.writeUInt16LE(183, 18) // machine: AArch64
  return header
}
