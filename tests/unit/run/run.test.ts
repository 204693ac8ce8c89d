import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { portsConflict, hostPortText, parseContainerPort, parseHostPort } from '../../../model/run/port.ts'
import { defaultRunOptions, type RunFaultCode, type RunOptions } from '../../../model/run/run.ts'
import { runArguments, runCommand } from '../../../model/run/command.ts'
import { validateRunOptions } from '../../../model/run/faults.ts'
import { parseCpus, parseMemory } from '../../../model/run/limits.ts'
import { runRequest } from '../../../model/run/request.ts'
import { findFreeName, findFreePort, shortName, suggestRun } from '../../../model/run/suggestion.ts'
import { splitShellWords } from '../../../model/text/shell.ts'

const image = `sha256:${'a'.repeat(64)}`
const runOptions = (overrides: Partial<RunOptions> = {}): RunOptions => ({
  ...defaultRunOptions(image, 'nginx:1.27'),
  ...overrides,
})
const command = (overrides: Partial<RunOptions>) => runCommand(runOptions(overrides))

const labelled = (source: string, target = '/x') => ({ source, target, readOnly: false, selinuxLabel: true })

describe('the command', () => {
  test('starts an interactive shell in a container with a name', () => {
    const options = { reference: 'ubuntu:12.04', name: 'custom_container_name', command: '/bin/bash' }
    expect(command(options)).toBe('docker run -it --name custom_container_name ubuntu:12.04 /bin/bash')
  })

  test('has the flags that select the engine', () => {
    const flags = ['-H', 'unix:///run/my engine.sock']
    expect(runCommand(runOptions({}), flags)).toBe("docker -H 'unix:///run/my engine.sock' run -it nginx:1.27")
  })

  test('shows each character of a variable', () => {
    const environment = [{ name: 'NOTE', value: '$(id)\n\u202e‘' }]
    expect(command({ environment })).toBe(`docker run -it -e $'NOTE=$(id)\\n\\342\\200\\256‘' nginx:1.27`)
  })

  test('takes no image for an option', () => {
    expect(command({ reference: '--privileged' })).toBe('docker run -it -- --privileged')
  })

  test('has a flag for each option, in Docker’s usual order', () => {
    expect(
      command({
        interactive: false,
        name: 'web',
        removeAtEnd: true,
        ports: [
          { host: '127.0.0.1:8080', container: '80/tcp' },
          { host: '[::1]:53', container: '53/UDP' },
          { host: '', container: '9000' },
          { host: '127.0.0.1:', container: '9001' },
        ],
        environment: [{ name: 'GREETING', value: "it's 5 o'clock" }],
        network: 'shop',
        memory: '512m',
        cpus: '1.5',
        user: '1000:1000',
        workdir: '/srv',
        command: 'nginx -g "daemon off;"',
      }),
    ).toBe(
      'docker run -d --name web --rm -p 127.0.0.1:8080:80 -p [::1]:53:53/udp -p 9000 -p 127.0.0.1::9001'.replace(
        '[::1]:53:53/udp',
        "'[::1]:53:53/udp'",
      ) +
        ` -e 'GREETING=it'\\''s 5 o'\\''clock' --network shop -m 512m --cpus 1.5 -u 1000:1000 -w /srv` +
        ` nginx:1.27 nginx -g 'daemon off;'`,
    )
    expect(command({ restart: 'unless-stopped' })).toBe('docker run -it --restart unless-stopped nginx:1.27')
  })

  test('mounts a folder by its path, and a volume by its name', () => {
    const volumes = [
      { source: 'data', target: '/var/lib/data', readOnly: false },
      { source: 'data', target: '/copy', readOnly: true },
      { source: '/srv/a,"b"', target: '/x', readOnly: true },
      { source: 'data', target: '/a:b', readOnly: false },
      { source: '', target: '/new', readOnly: false },
    ]
    expect(runArguments(runOptions({ volumes })).slice(3, -1)).toEqual([
      ...['-v', 'data:/var/lib/data', '-v', 'data:/copy:ro'],
      ...['--mount', 'type=bind,"source=/srv/a,""b""",target=/x,readonly'],
      ...['--mount', 'type=volume,source=data,target=/a:b', '-v', '/new'],
    ])
  })

  test('mounts a folder with -v if it gets an SELinux label', () => {
    const volumes = [
      { source: '/home/ada/site', target: '/x', readOnly: false, selinuxLabel: true },
      { source: '/home/ada/my site', target: '/y', readOnly: true, selinuxLabel: true },
      // Volumes have the label from the start.
      { source: 'data', target: '/z', readOnly: false, selinuxLabel: true },
      { source: '/home/ada/site', target: '/w', readOnly: false, selinuxLabel: false },
    ]
    const flags = ['-v', '/home/ada/site:/x:z', '-v', '/home/ada/my site:/y:ro,z', '-v', 'data:/z']
    expect(runArguments(runOptions({ volumes })).slice(3, 9)).toEqual(flags)
    expect(runRequest(runOptions({ volumes })).HostConfig).toMatchObject({
      Binds: ['/home/ada/site:/x:z', '/home/ada/my site:/y:ro,z', 'data:/z'],
      Mounts: [{ Type: 'bind', Source: '/home/ada/site', Target: '/w' }],
    })
  })

  test('is split into the arguments that it was built from', () => {
    const text = fc.string({ maxLength: 8 })
    fc.assert(
      fc.property(text, text, text, (name, value, argument) => {
        const options = runOptions({ name, environment: [{ name: 'A', value }], user: argument, command: `'${name}` })
        expect(splitShellWords(runCommand(options))).toEqual(runArguments(options))
      }),
    )
  })
})

describe('the request', () => {
  test('has only the defaults if no option is set', () => {
    expect(runRequest(runOptions())).toEqual({
      Image: 'nginx:1.27',
      ...{ Tty: true, OpenStdin: true, StdinOnce: true, AttachStdin: true, AttachStdout: true, AttachStderr: true },
      HostConfig: {
        AutoRemove: false,
        NetworkMode: 'default',
        RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
      },
    })
  })

  test('exposes the published ports, and converts the limits as Docker does', () => {
    const ports = [
      { host: '8080', container: '80' },
      { host: '[::1]:8081', container: '80/tcp' },
    ]
    const request = runRequest(runOptions({ ports, memory: '512m', cpus: '1.5' }))
    expect(request.ExposedPorts).toEqual({ '80/tcp': {} })
    expect(request.HostConfig).toMatchObject({
      PortBindings: { '80/tcp': [{ HostIp: '', HostPort: '8080' }, { HostIp: '::1', HostPort: '8081' }] }, // prettier-ignore
      Memory: 536_870_912,
      NanoCpus: 1_500_000_000,
    })
  })
})

describe('the faults of run options', () => {
  const codes = (overrides: Partial<RunOptions>, existingNames: string[] = []) =>
    validateRunOptions(runOptions(overrides), existingNames).map(({ code }) => code)

  test('are none for the default options', () => expect(codes({})).toEqual([]))

  test.each<[RunFaultCode, Partial<RunOptions>]>([
    ['name-invalid', { name: 'a' }],
    ['name-invalid', { name: 'my web' }],
    ['name-invalid', { name: '-web' }],
    ['name-invalid', { name: '网站' }],
    ['name-taken', { name: 'taken' }],
    ['command-unclosed-quote', { command: `sh -c 'echo` }],
    ['port-host', { ports: [{ host: 'localhost:80', container: '80' }] }],
    ['port-host', { ports: [{ host: '70000', container: '80' }] }],
    ['port-host', { ports: [{ host: '256.0.0.1:80', container: '80' }] }],
    ['port-host', { ports: [{ host: '::1:80', container: '80' }] }],
    ['port-host', { ports: [{ host: ':', container: '80' }] }],
    ['port-container', { ports: [{ host: '80', container: '' }] }],
    ['port-container', { ports: [{ host: '80', container: '80/http' }] }],
    ['port-duplicate', { ports: [{ host: '80', container: '80' }, { host: '127.0.0.1:80', container: '81' }] }], // prettier-ignore
    ['port-duplicate', { ports: ['', '127.0.0.1:'].map((host) => ({ host, container: '80' })) }],
    ['volume-source', { volumes: [{ source: 'here/there', target: '/x', readOnly: false }] }],
    ['volume-source', { volumes: [{ source: './here', target: '/x', readOnly: false }] }],
    ['volume-source', { volumes: [{ source: '/a\nb', target: '/x', readOnly: false }] }],
    ['volume-target', { volumes: [{ source: '/a', target: 'x', readOnly: false }] }],
    ['volume-target', { volumes: [{ source: '/a', target: '/x/..', readOnly: false }] }],
    ['volume-duplicate', { volumes: ['/x', '/y/../x/'].map((target) => ({ source: '/a', target, readOnly: false })) }],
    ['volume-read-only', { volumes: [{ source: '', target: '/x', readOnly: true }] }],
    ['volume-label-system', { volumes: [labelled('/etc/nginx')] }],
    ['volume-label-system', { volumes: [labelled('/home/ada/../..')] }],
    ['volume-label-colon', { volumes: [labelled('/home/ada/a:b')] }],
    ['volume-label-colon', { volumes: [labelled('/home/ada/a', '/x:y')] }],
    ['variable-name', { environment: [{ name: '', value: 'x' }] }],
    ['variable-name', { environment: [{ name: 'A=B', value: 'x' }] }],
    ['variable-duplicate', { environment: ['1', '2'].map((value) => ({ name: 'A', value })) }],
    ['network-invalid', { network: 'my net' }],
    ['restart-with-remove', { restart: 'always', removeAtEnd: true }],
    ['memory-invalid', { memory: 'much' }],
    ['memory-invalid', { memory: '0' }],
    ['memory-too-small', { memory: '5m' }],
    ['cpus-invalid', { cpus: '0' }],
    ['cpus-invalid', { cpus: '1,5' }],
    ['cpus-invalid', { cpus: '0.001' }],
    ['workdir-invalid', { workdir: 'srv' }],
  ])('are only %s for %j', (code, overrides) => expect(codes(overrides, ['taken'])).toEqual([code]))

  test('are none for valid values', () => {
    const ports = [
      { host: '80', container: '80/tcp' },
      { host: '80', container: '80/udp' },
      { host: '127.0.0.1:81', container: '80' },
      { host: '127.0.0.2:81', container: '80' },
      { host: '', container: '80' },
      { host: '', container: '81' },
    ]
    const volumes = [
      { source: '/with space, comma: "quote"', target: '/a:b, c', readOnly: true },
      { source: 'data', target: '/数据', readOnly: false },
    ]
    const environment = [{ name: 'a.b-c', value: 'two\nlines = "x"' }]
    const otherOptions = { memory: '6m', cpus: '.5', network: 'container:web', user: 'any one' }
    expect(codes({ name: 'a_B-9.', ports, volumes, environment, ...otherOptions })).toEqual([])
  })

  test('have the index of their row', () => {
    const ports = [
      { host: '80', container: '80' },
      { host: 'x', container: '80' },
    ]
    expect(validateRunOptions(runOptions({ ports }), [])).toEqual([{ field: 'ports', row: 1, code: 'port-host' }])
  })
})

test('limits are parsed as Docker parses them', () => {
  expect(['512m', '1.5g', '6 MB', '1024', '1KiB', '2t'].map(parseMemory)).toEqual([
    ...[536_870_912, 1_610_612_736, 6_291_456, 1024, 1024, 2_199_023_255_552],
  ])
  expect(['1', '1.5', '.25', '2.', '0.000000001', '1e3', ''].map(parseCpus)).toEqual([
    ...[1e9, 1.5e9, 0.25e9, 2e9, undefined, undefined, undefined],
  ])
})

test('ports are parsed and formatted, and conflicting ports are found', () => {
  const texts = ['8080', '127.0.0.1:8080', '[::1]:8080', '[fe80::1:2]:1', '[::ffff:1.2.3.4]:1', '127.0.0.1:', '']
  expect(texts.map((text) => hostPortText(parseHostPort(text)!))).toEqual(texts)
  expect(['[::g]:1', '[1:2]:3', '[:::]:1', '1.2.3:4', '01.2.3.4:5', '0', '-1'].map(parseHostPort)).toEqual(
    Array.from({ length: 7 }),
  )
  expect(parseContainerPort('53/UDP')).toEqual({ port: 53, protocol: 'udp' })
  const parse = (text: string) => parseHostPort(text)!
  expect(portsConflict(parse('80'), parse('127.0.0.1:80'))).toBe(true)
  expect(portsConflict(parse('127.0.0.1:80'), parse('127.0.0.2:80'))).toBe(false)
  expect(portsConflict(parse(''), parse(''))).toBe(false)
})

describe('a suggestion', () => {
  const input = {
    ...{ image, reference: 'team.example:5000/shop/web:2', entrypoint: [], exposes: [] as string[] },
    shell: ['/bin/bash'] as string[] | undefined,
    takenNames: new Set(['web']),
    isFree: () => true,
  }

  test('runs a service in the background, on free ports that only this computer can reach', async () => {
    const exposes = ['443/tcp', '53/udp', '80/tcp', '8080/tcp']
    const suggested = await suggestRun({ ...input, exposes })
    expect(suggested).toMatchObject({ interactive: false, name: 'web-2', command: '' })
    expect(suggested.ports).toEqual([
      { host: '127.0.0.1:8443', container: '443/tcp' },
      { host: '127.0.0.1:8080', container: '80/tcp' },
      { host: '127.0.0.1:8081', container: '8080/tcp' },
    ])
    const busy = await suggestRun({ ...input, exposes: ['22/tcp'], isFree: ({ port }) => port !== 8022 })
    expect(busy.ports).toEqual([{ host: '127.0.0.1:8023', container: '22/tcp' }])
  })

  test('runs any other image in a terminal, with a shell unless it has an entry point', async () => {
    expect(await suggestRun(input)).toMatchObject({ interactive: true, command: '/bin/bash', ports: [] })
    const busybox = await suggestRun({ ...input, shell: ['/bin/busybox', 'sh'] })
    expect(busybox.command).toBe('/bin/busybox sh')
    expect((await suggestRun({ ...input, shell: undefined })).command).toBe('')
    expect((await suggestRun({ ...input, entrypoint: ['/docker-entrypoint.sh'] })).command).toBe('')
  })

  test('has a free name', () => {
    expect(['nginx:1', 'a/b/c:1', 'x@sha256:0', 'h:5000/x:1', image].map(shortName)).toEqual([
      ...['nginx', 'c-1', 'x-1', 'x-1', ''],
    ])
    expect(findFreeName('web', new Set(['web', 'web-2']))).toBe('web-3')
    expect(findFreeName('web-9', new Set(['web-9']))).toBe('web-10')
    expect(findFreeName('', new Set(['']))).toBe('')
  })

  test('has no port if none is free', async () => {
    expect(await findFreePort({ ip: '', port: 65_530 }, () => false)).toBeUndefined()
  })
})
