/** Which other engines are offered, with engines that run, hang and are gone; and a config.json that cannot be read. */
import { spawn } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { homeWith } from '../home.ts'
import { eventually, serve } from '../engine-window.ts'

let red: Engine
let blue: Engine
let served: ReturnType<typeof serve> | undefined
beforeAll(async () => {
  ;[red, blue] = await Promise.all([
    startEngine({ version: '20.10', store: 'classic' }),
    startEngine({ version: '26.1', store: 'containerd' }),
  ])
})
afterEach(async () => {
  await served?.stop()
  served = undefined
})
afterAll(async () => {
  await Promise.all([red, blue].map((engine) => engine?.stop()))
})

type Environment = Parameters<typeof serve>[0]

/** Starts Slipway and waits for a state. @returns the state and the names of the other engines that are offered */
async function offered(environment: Environment, status: 'connected' | 'away') {
  const services = (served = serve(environment))
  await eventually(() => services.states.at(-1)?.status === status)
  const others = await services.calls['engine.others'](undefined)
  return { state: services.states.at(-1)!, others: others.ok && others.value.map(({ name }) => name) }
}

/** A home with a runtime folder that has the sockets of engines: rootless Docker's, and Podman's. */
function homeWithSockets(sockets: { rootless?: string; podman?: string }, home = mkdtempSync(join(tmpdir(), 'home-'))) {
  const runtime = join(home, 'run')
  mkdirSync(join(runtime, 'podman'), { recursive: true })
  if (sockets.rootless) symlinkSync(sockets.rootless, join(runtime, 'docker.sock'))
  if (sockets.podman) symlinkSync(sockets.podman, join(runtime, 'podman/podman.sock'))
  return { env: { XDG_RUNTIME_DIR: runtime }, home }
}

test('if the current context is gone, the engines that answer are offered, and those that do not are not', async () => {
  const { home } = homeWith({
    'desktop-linux': { host: 'unix:///gone/.docker/desktop/docker.sock' },
    work: { host: `unix://${blue.socket}` },
    nowhere: { host: 'tcp://127.0.0.1:1' },
    unusable: { host: 'fd://' },
  })
  const environment = homeWithSockets({ rootless: red.socket, podman: '/nowhere/podman.sock' }, home)
  const dead = await offered(environment, 'away')
  expect(dead.state).toMatchObject({ failure: { code: 'engine-not-found' }, context: { name: 'desktop-linux' } })
  expect(dead.others).toEqual(['work', 'rootless'])

  writeFileSync(join(home, '.docker/config.json'), '{"currentContext":"desktop-windows"}')
  await eventually(() => JSON.stringify(served!.states.at(-1)).includes('context-unknown'))
  expect(served!.states.at(-1)).toMatchObject({ failure: { context: 'desktop-windows', source: 'config' } })
  expect(await served!.calls['engine.others'](undefined)).toMatchObject({
    value: [{ name: 'work' }, { name: 'rootless' }],
  })
  expect(served!.calls['engine.switch']('rootless')).toEqual({ ok: true, value: undefined })
  await eventually(() => served!.states.at(-1)?.status === 'connected')
  expect(served!.states.at(-1)).toMatchObject({ context: { name: 'rootless' } })
})

test('an engine that accepts connections but hangs is not offered', async () => {
  const environment = homeWith({
    missing: { host: 'unix:///nowhere/docker.sock' },
    blue: { host: `unix://${blue.socket}` },
    red: { host: `unix://${red.socket}` },
  })
  await blue.freeze()
  try {
    expect(await offered(environment, 'away')).toMatchObject({ others: ['red'] })
  } finally {
    blue.thaw()
  }
})

test('if DOCKER_HOST cannot be used, the failure says so, and other engines are offered', async () => {
  const { home } = homeWith({ work: { host: `unix://${blue.socket}` } })
  const { state, others } = await offered({ env: { DOCKER_HOST: 'fd://' }, home }, 'away')
  expect(state).toEqual({ status: 'away', failure: { code: 'address-unusable', address: 'fd://', fault: 'fd' } })
  expect(others).toEqual(['work'])
})

test('if several engines answer and nothing has chosen one, the first is connected and the others are offered once each', async () => {
  const { env, home } = homeWithSockets({ rootless: red.socket, podman: blue.socket })
  // Another name of the first one.
  const { home: homeWithContexts } = homeWith({ same: { host: `unix://${env.XDG_RUNTIME_DIR}/docker.sock` } })
  writeFileSync(join(homeWithContexts, '.docker/config.json'), '{}')
  const connected = await offered({ env, home: homeWithContexts }, 'connected')
  expect(connected.state).toMatchObject({ context: { name: 'rootless' } })
  expect(connected.others).toEqual(['podman'])
  await served!.stop()

  const chosen = await offered({ env: { ...env, DOCKER_HOST: `unix://${red.socket}` }, home }, 'connected')
  expect(chosen.others).toEqual([])
  await served!.stop()

  const services = (served = serve({ env, home }))
  await eventually(() => services.states.at(-1)?.status === 'connected')
  services.calls['engine.switch']('podman')
  await eventually(
    () => services.states.at(-1)?.context?.name === 'podman' && services.states.at(-1)?.status === 'connected',
  )
  expect(await services.calls['engine.others'](undefined)).toEqual({ ok: true, value: [] })
})

test('a config.json that cannot be read does not keep Slipway from the engine, and the state says what is wrong', async () => {
  const { env, home } = homeWithSockets({ rootless: red.socket })
  const file = join(home, '.docker/config.json')
  mkdirSync(join(home, '.docker'))
  writeFileSync(file, '{"auths": {"registry.example": ')
  const { state } = await offered({ env, home }, 'connected')
  expect(state).toMatchObject({ context: { name: 'rootless' }, configProblem: { file, code: 'unclosed', line: 1 } })
  writeFileSync(file, '{"auths": {}}')
  served!.engine.resync()
  expect(served!.states.at(-1)).toMatchObject({ status: 'connected' })
  expect(served!.states.at(-1)).not.toHaveProperty('configProblem')
})

test('a config.json of root, as “sudo docker login” leaves it, does not keep another user from the engine', async () => {
  const home = mkdtempSync(join(tmpdir(), 'home-'))
  mkdirSync(join(home, '.docker'))
  writeFileSync(join(home, '.docker/config.json'), '{"currentContext":"work"}', { mode: 0o600 })
  chmodSync(home, 0o755)
  chmodSync(red.socket, 0o666)
  expect(await discoverAsNobody(red.socket, home)).toBe('connected permission')
})

/** Runs discover.ts as another user. @returns what it prints */
function discoverAsNobody(socket: string, home: string): Promise<string> {
  const user = ['--reuid', '65534', '--regid', '65534', '--clear-groups']
  const child = spawn('setpriv', [...user, process.execPath, 'tests/engine/connect/discover.ts', socket, home])
  return new Promise((resolve) => {
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (data) => (output += data))
    child.on('close', () => resolve(output.trim()))
  })
}
