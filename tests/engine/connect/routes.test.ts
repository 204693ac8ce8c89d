import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeAll, afterAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { homeWith, type ContextOptions } from '../home.ts'
import { openRunner, value } from '../run/runner.ts'
import { eventually, freshList, serve } from '../engine-window.ts'

let served: ReturnType<typeof serve> | undefined
afterEach(() => served?.stop())

/** Goes over a context, follows a change there, and gives the way it took. */
async function followed(engine: Engine, context: ContextOptions) {
  const way = (served = serve(homeWith({ way: context })))
  await eventually(() => way.window.complete)
  const [image] = way.window.shown.images
  await engine.docker.getImage(image!.id).tag({ repo: 'seen', tag: 'over-there' })
  await eventually(() => JSON.stringify(way.window.shown).includes('seen:over-there'))
  expect(way.window.shown).toEqual(await freshList(engine))
  return way
}

async function failure(context: ContextOptions) {
  const way = (served = serve(homeWith({ way: context })))
  await eventually(() => way.states.at(-1)?.status === 'away')
  const state = way.states.at(-1)
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

  /** Stands for the system's ssh: notes what it was asked, and is on the other machine at once. */
  function ssh(script: string) {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-ssh-'))
    writeFileSync(join(folder, 'ssh'), `#!/bin/sh\necho "$@" >>${folder}/asked\n${script}\n`)
    chmodSync(join(folder, 'ssh'), 0o755)
    process.env['PATH'] = `${folder}:${path}`
    return () => readFileSync(join(folder, 'asked'), 'utf8').trim().split('\n')
  }

  test('a context over ssh goes through the system’s own ssh, and its programs end with the app', async () => {
    const asked = ssh(there())
    const way = await followed(engine, { host: 'ssh://me@far.example:2222' })
    const state = way.states.findLast(({ status }) => status === 'connected')
    expect(state).toMatchObject({ context: { endpoint: 'ssh://me@far.example:2222', local: false } })
    expect(new Set(asked())).toEqual(
      new Set([
        '-o BatchMode=yes -o ConnectTimeout=10 -o ServerAliveInterval=10 -o ServerAliveCountMax=3 -p 2222' +
          ' -- me@far.example docker system dial-stdio',
      ]),
    )
    expect(running()).toBeGreaterThan(0)
    // Six for questions, one for the events.
    expect(running()).toBeLessThanOrEqual(7)
    await way.stop()
    await eventually(() => running() === 0)
  })
  const there = () => `DOCKER_HOST=unix://${engine.socket} exec ${engine.programs}/docker system dial-stdio`
  const running = () =>
    execFileSync('ps', ['-A', '-o', 'args='], { encoding: 'utf8' })
      .split('\n')
      .filter((line) => line.includes('dial-stdio')).length

  test('over ssh many terminals keep no question waiting, and each tells its end', async () => {
    ssh(there())
    const runner = await openRunner(engine, 'ssh://me@far.example')
    try {
      const opened: string[] = []
      for (const number of [1, 2, 3, 4]) {
        const { container, terminal } = await runner.started('box:1', { command: `sh -c "read x; exit ${number}"` })
        opened.push(terminal!, await runner.open(container, 'shell'), await runner.open(container, 'logs'))
      }
      expect((await runner.suggested('box:1')).wish.command).toBe('/bin/bash')
      const states = () => value(runner.calls['terminals.list'](undefined)).map(({ state }) => state)
      expect(states()).toEqual(opened.map(() => ({ is: 'open' })))
      for (const own of opened.filter((_, at) => at % 3 === 0)) runner.type(own, '\r')
      await eventually(() => states().every(({ is }) => is === 'ended'))
      const codes = states().map((state) => state.is === 'ended' && state.reason === 'exit' && state.exitCode)
      expect(codes.filter((_, at) => at % 3 !== 1)).toEqual([1, 1, 2, 2, 3, 3, 4, 4])
    } finally {
      await runner.stop()
    }
    await eventually(() => running() === 0)
  }, 60_000)

  test('an error of ssh is passed on: an unknown host, or no ssh installed', async () => {
    ssh('echo "Host key verification failed." >&2; exit 255')
    expect(await failure({ host: 'ssh://me@far.example' })).toMatchObject({
      code: 'engine-unreachable',
      endpoint: 'ssh://me@far.example',
      detail: 'Host key verification failed.',
    })
    await served?.stop()
    process.env['PATH'] = '/nonexistent'
    expect(await failure({ host: 'ssh://me@far.example' })).toMatchObject({ code: 'engine-unreachable' })
  })

  test('a host cannot smuggle options into ssh', async () => {
    const asked = ssh('exit 255')
    await failure({ host: 'ssh://-oProxyCommand=true/' })
    for (const line of asked()) expect(line).toMatch(/^-o BatchMode=yes (-o \w+=\d+ ){3}-- /)
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
    sign('stranger', 'other-ca', 'extendedKeyUsage=clientAuth')
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
  const client = (name: string) => ({ 'cert.pem': pem(name), 'key.pem': pem(`${name}-key`) })

  test('a context over TCP brings its certificates', async () => {
    await followed(engine, { host, pems: { 'ca.pem': pem('ca'), ...client('cert') } })
  })

  test('the streams that stay open are probed, so that a connection that is dead is noticed', async () => {
    await followed(engine, { host, pems: { 'ca.pem': pem('ca'), ...client('cert') } })
    // By their keepalive timer (02). Source: Linux, Documentation/networking/proc_net_tcp.rst.
    const probed = () =>
      readFileSync('/proc/self/net/tcp', 'utf8').match(/: \S+ 0100007F:5CD0 01 \S+ 02:/g)?.length ?? 0
    await eventually(() => probed() >= 2)
  })

  test('without a certificate, or with a stranger’s, the engine refuses', async () => {
    for (const pems of [{}, client('stranger')]) {
      expect(await failure({ host, pems: { 'ca.pem': pem('ca'), ...pems } })).toMatchObject({
        code: 'engine-unreachable',
        detail: expect.stringMatching(/certificate|unknown ca/),
      })
      await served?.stop()
    }
  })

  test('an engine with a certificate of another authority is not trusted', async () => {
    expect(await failure({ host, pems: { 'ca.pem': pem('other-ca'), ...client('cert') } })).toMatchObject({
      code: 'engine-unreachable',
      detail: expect.stringContaining('certificate'),
    })
  })

  test('without TLS the engine says what it wants', async () => {
    expect(await failure({ host })).toMatchObject({
      code: 'engine-refused',
      detail: expect.stringContaining('HTTPS server'),
    })
  })
})
