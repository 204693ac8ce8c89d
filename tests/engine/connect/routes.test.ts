import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { homeWith, type ContextOptions } from '../home.ts'
import { openRunner, valueOf } from '../run/runner.ts'
import { eventually, readEngineLists, serve } from '../engine-window.ts'

let served: ReturnType<typeof serve> | undefined
afterEach(() => served?.stop())

/** Connects to an engine over a context and waits until the window shows a new tag. @returns the services */
async function connectAndFollow(engine: Engine, context: ContextOptions) {
  const services = (served = serve(homeWith({ remote: context })))
  await eventually(() => services.window.complete)
  const [image] = services.window.shown.images
  await engine.docker.getImage(image!.id).tag({ repo: 'tagged', tag: 'remotely' })
  await eventually(() => JSON.stringify(services.window.shown).includes('tagged:remotely'))
  expect(services.window.shown).toEqual(await readEngineLists(engine))
  return services
}

/** Tries to connect over a context. @returns the failure that the window shows */
async function failureOf(context: ContextOptions) {
  const services = (served = serve(homeWith({ remote: context })))
  await eventually(() => services.states.at(-1)?.status === 'away')
  const state = services.states.at(-1)
  return state?.status === 'away' && state.failure
}

describe('ssh', () => {
  const path = process.env['PATH']
  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine({ version: '26.1', store: 'classic' })
    await loadImages(engine.docker, [...manyImages(5), ...runnableImages()])
  })
  afterEach(() => (process.env['PATH'] = path))
  afterAll(() => engine?.stop())

  /** Replaces the system's ssh with a script that records its arguments. @returns a function that reads the records */
  function fakeSsh(script: string) {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-ssh-'))
    writeFileSync(join(folder, 'ssh'), `#!/bin/sh\necho "$@" >>${folder}/arguments\n${script}\n`)
    chmodSync(join(folder, 'ssh'), 0o755)
    process.env['PATH'] = `${folder}:${path}`
    return () => readFileSync(join(folder, 'arguments'), 'utf8').trim().split('\n')
  }

  test('a context over ssh uses the system’s ssh program, whose processes end when Slipway stops', async () => {
    const invocations = fakeSsh(dialStdioCommand())
    const services = await connectAndFollow(engine, { host: 'ssh://me@far.example:2222' })
    const state = services.states.findLast(({ status }) => status === 'connected')
    expect(state).toMatchObject({ context: { endpoint: 'ssh://me@far.example:2222', local: false } })
    expect(new Set(invocations())).toEqual(
      new Set([
        '-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10 -o ServerAliveCountMax=3 -T -p 2222' +
          ' -- me@far.example docker system dial-stdio',
      ]),
    )
    expect(countSshProcesses()).toBeGreaterThan(0)
    // Six connections for requests, and one for events.
    expect(countSshProcesses()).toBeLessThanOrEqual(7)
    await services.stop()
    await eventually(() => countSshProcesses() === 0)
  })
  const dialStdioCommand = () => `DOCKER_HOST=unix://${engine.socket} exec ${engine.programs}/docker system dial-stdio`
  const countSshProcesses = () =>
    execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes('dial-stdio')).length

  test('over ssh, requests work while many terminals are open, and each terminal reports its end', async () => {
    fakeSsh(dialStdioCommand())
    const runner = await openRunner(engine, 'ssh://me@far.example')
    try {
      const opened: string[] = []
      for (const number of [1, 2, 3, 4]) {
        const { container, terminal } = await runner.start('box:1', { command: `sh -c "read x; exit ${number}"` })
        opened.push(terminal!, await runner.open(container, 'shell'), await runner.open(container, 'logs'))
      }
      expect((await runner.suggest('box:1')).options.command).toBe('/bin/bash')
      const states = () => valueOf(runner.calls['terminals.list'](undefined)).map(({ state }) => state)
      expect(states()).toEqual(opened.map(() => ({ status: 'open' })))
      for (const attached of opened.filter((_, index) => index % 3 === 0)) runner.type(attached, '\r')
      await eventually(() => states().every(({ status }) => status === 'ended'))
      const codes = states().map((state) => state.status === 'ended' && state.reason === 'exit' && state.exitCode)
      expect(codes.filter((_, index) => index % 3 !== 1)).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
    } finally {
      await runner.stop()
    }
    await eventually(() => countSshProcesses() === 0)
  }, 60_000)

  test('an error of ssh is reported: an unknown host key, or no ssh program', async () => {
    fakeSsh('echo "Host key verification failed." >&2; exit 255')
    expect(await failureOf({ host: 'ssh://me@far.example' })).toMatchObject({
      code: 'engine-unreachable',
      endpoint: 'ssh://me@far.example',
      detail: 'Host key verification failed.',
    })
    await served?.stop()
    process.env['PATH'] = '/nonexistent'
    expect(await failureOf({ host: 'ssh://me@far.example' })).toMatchObject({ code: 'engine-unreachable' })
  })

  /** Acts as ssh and as the other computer, whose shell runs the command, and whose `docker` uses another engine. */
  const otherComputer = () => `
    while [ "$1" != -- ]; do shift; done; shift 2
    export PATH=${engine.programs}:/usr/bin:/bin DOCKER_HOST=unix:///nowhere/docker.sock
    exec sh -c "$*"`

  test('a path in the address is the socket that is reached on the other computer, also with a space', async () => {
    const invocations = fakeSsh(otherComputer())
    await connectAndFollow(engine, { host: `ssh://me@far.example${engine.socket}` })
    for (const line of invocations())
      expect(line).toMatch(` -- me@far.example docker --host=unix://${engine.socket} system dial-stdio`)
    await served?.stop()
    const folder = mkdtempSync(join(tmpdir(), 'with space-'))
    symlinkSync(engine.socket, join(folder, 'docker.sock'))
    await connectAndFollow(engine, { host: `ssh://me@far.example${encodeURI(folder)}/docker.sock` })
  })

  test('an address that could inject options or commands is refused, and ssh is not started', async () => {
    const invocations = fakeSsh('exit 255')
    for (const host of ['ssh://-oProxyCommand=true/', 'ssh://far/run/$(id).sock', 'ssh://a;id@far'])
      expect(await failureOf({ host })).toEqual({
        code: 'address-unusable',
        context: 'remote',
        address: host,
        fault: 'ssh-characters',
      })
    expect(invocations).toThrow('ENOENT')
  })
})

describe('TCP', () => {
  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine({ version: '26.1', store: 'classic', hosts: ['tcp://127.0.0.1:2375'] })
    await loadImages(engine.docker, manyImages(5))
  })
  afterAll(() => engine?.stop())

  test.each([
    ['tcp://', 'tcp://localhost:2375'],
    ['127.0.0.1', 'tcp://127.0.0.1'],
    [' 127.0.0.1:2375 ', 'tcp://127.0.0.1:2375'],
    ['http://localhost:2375/', 'http://localhost:2375/'],
  ])('the address %o is connected to over TCP', async (host, endpoint) => {
    const services = await connectAndFollow(engine, { host })
    expect(services.states.at(-1)).toMatchObject({ status: 'connected', context: { endpoint } })
  })

  test('a path without a protocol is a Unix socket', async () => {
    const services = await connectAndFollow(engine, { host: engine.socket })
    expect(services.states.at(-1)).toMatchObject({ context: { endpoint: `unix://${engine.socket}` } })
  })
})

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-tls-'))
  const pem = (name: string) => readFileSync(join(folder, `${name}.pem`), 'utf8')
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
  let engine: Engine
  const host = 'tcp://127.0.0.1:23760'

  beforeAll(async () => {
    mkdirSync(folder, { recursive: true })
    for (const authority of ['ca', 'other-ca'])
      openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '1', '-subj', `/CN=${authority}`,
        '-keyout', `${authority}-key.pem`, '-out', `${authority}.pem`) // prettier-ignore
    sign('server', 'ca', 'subjectAltName=IP:127.0.0.1')
    sign('cert', 'ca', 'extendedKeyUsage=clientAuth')
    sign('untrusted', 'other-ca', 'extendedKeyUsage=clientAuth')
    engine = await startEngine({
      version: '26.1',
      store: 'classic',
      hosts: [host],
      config: {
        tlsverify: true,
        tlscacert: join(folder, 'ca.pem'),
        tlscert: join(folder, 'server.pem'),
        tlskey: join(folder, 'server-key.pem'),
      },
    })
    await loadImages(engine.docker, manyImages(5))
  })
  afterAll(() => engine?.stop())

  function sign(name: string, authority: string, extension: string) {
    writeFileSync(join(folder, `${name}.ext`), extension)
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-subj', `/CN=${name}`, '-keyout', `${name}-key.pem`, '-out', `${name}.csr`) // prettier-ignore
    openssl('x509', '-req', '-days', '1', '-in', `${name}.csr`, '-CA', `${authority}.pem`, '-CAkey', `${authority}-key.pem`,
      '-CAcreateserial', '-extfile', `${name}.ext`, '-out', `${name}.pem`) // prettier-ignore
  }
  const clientFiles = (name: string) => ({ 'cert.pem': pem(name), 'key.pem': pem(`${name}-key`) })

  test('a context over TCP uses its TLS certificates', async () => {
    await connectAndFollow(engine, { host, pems: { 'ca.pem': pem('ca'), ...clientFiles('cert') } })
  })

  test('long-lived streams use TCP keepalive, so that a dead connection is noticed', async () => {
    await connectAndFollow(engine, { host, pems: { 'ca.pem': pem('ca'), ...clientFiles('cert') } })
    // Established connections (01) to port 23760 (5CD0) with a keepalive timer (02). Source: Linux,
    // Documentation/networking/proc_net_tcp.rst.
    const countKeepaliveConnections = () =>
      readFileSync('/proc/self/net/tcp', 'utf8').match(/: \S+ 0100007F:5CD0 01 \S+ 02:/g)?.length ?? 0
    await eventually(() => countKeepaliveConnections() >= 2)
  })

  test('if the engine refuses the client’s certificate, or the client has none, the error is reported', async () => {
    for (const pems of [{}, clientFiles('untrusted')]) {
      expect(await failureOf({ host, pems: { 'ca.pem': pem('ca'), ...pems } })).toMatchObject({
        code: 'engine-unreachable',
        detail: expect.stringMatching(/certificate|unknown ca/),
      })
      await served?.stop()
    }
  })

  test('an engine whose certificate another authority signed is not trusted', async () => {
    expect(await failureOf({ host, pems: { 'ca.pem': pem('other-ca'), ...clientFiles('cert') } })).toMatchObject({
      code: 'engine-unreachable',
      detail: expect.stringContaining('certificate'),
    })
  })

  test('without TLS, the engine’s own error message is shown', async () => {
    expect(await failureOf({ host })).toMatchObject({
      code: 'engine-refused',
      detail: expect.stringContaining('HTTPS server'),
    })
  })
})
