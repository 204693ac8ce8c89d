/** The engine that the user's shell files name is offered, or shown if there is no other. */
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { appEnvironment } from '../../../main/environment/index.ts'
import { openStore } from '../../../main/store/index.ts'
import { terminalEngine } from '../../../main/workflows/index.ts'
import type { TerminalEngine } from '../../../preload/contract/index.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { eventually, serve } from '../engine-window.ts'
import { homeWith } from '../home.ts'

let red: Engine
let blue: Engine
let stop: (() => Promise<unknown>) | undefined

beforeAll(async () => {
  ;[red, blue] = await Promise.all([
    startEngine({ version: '20.10', store: 'classic' }),
    startEngine({ version: '26.1', store: 'containerd' }),
  ])
})
afterEach(async () => {
  await stop?.()
  stop = undefined
})
afterAll(async () => {
  await Promise.all([red, blue].map((engine) => engine?.stop()))
})

/** A home directory whose current context is `red`, unless another host is given for it. */
function newHome(bashrc: string, redHost = `unix://${red.socket}`) {
  const { home } = homeWith({ red: { host: redHost }, gone: { host: 'unix:///nonexistent/gone.sock' } })
  const folder = mkdtempSync(join(tmpdir(), 'slipway-store-'))
  onTestFinished(() => {
    rmSync(home, { recursive: true })
    rmSync(folder, { recursive: true })
  })
  const write = (text: string) => writeFileSync(join(home, '.bashrc'), text)
  write(bashrc)
  return { home, folder, write }
}

/** Starts the app's services as main does, without reading the shell. */
function start({ home, folder }: ReturnType<typeof newHome>, launcher: NodeJS.ProcessEnv = {}) {
  const controller = new AbortController()
  const store = openStore(folder)
  const environment = appEnvironment({
    launcher: { HOME: home, SHELL: '/bin/bash', PATH: '/usr/bin:/bin', ...launcher },
    home,
    store: store.environment,
  })
  const published: TerminalEngine[] = []
  const served = serve(environment)
  const terminal = terminalEngine({
    environment,
    engine: served.engine,
    publish: (name, payload) => name === 'environment.changed' && published.push(payload as TerminalEngine),
  })
  served.engine.on('state', terminal.engineChanged)
  stop = async () => {
    controller.abort()
    await served.stop()
    await store.end()
  }
  return {
    engine: served.engine,
    calls: { ...served.calls, ...terminal.handlers },
    readShell: () => terminal.run(controller.signal),
    last: () => published.at(-1),
    isAt: (endpoint: string, status = 'connected') => {
      const state = served.engine.state()
      return state.status === status && state.context?.endpoint === endpoint
    },
  }
}

const dockerHost = ({ socket }: Engine) => `export DOCKER_HOST=unix://${socket}\n`
const endpointOf = ({ socket }: Engine) => `unix://${socket}`

test('another engine is offered while one is shown; once the user takes it, the next start shows it at once', async () => {
  const home = newHome(dockerHost(blue))
  const first = start(home)
  await eventually(() => first.isAt(endpointOf(red)))
  await first.readShell()
  expect(first.isAt(endpointOf(red))).toBe(true)
  expect(first.last()).toMatchObject({ offer: { name: 'default', endpoint: endpointOf(blue), local: true } })

  first.calls['environment.useTerminalEngine']()
  await eventually(() => first.isAt(endpointOf(blue)))
  const source = { variable: 'DOCKER_HOST', shell: '/bin/bash' }
  await eventually(() => first.last()?.source !== undefined)
  expect(first.last()).toEqual({ source })
  await stop?.()

  const second = start(home)
  await eventually(() => second.isAt(endpointOf(blue)))
  expect(second.last()).toEqual({ source })
  await second.readShell()
  expect(second.last()).toEqual({ source })
})

test('if the shell is read before the first engine has answered, the outcome is the same', async () => {
  const app = start(newHome(dockerHost(blue)))
  await app.readShell()
  await eventually(() => app.last() !== undefined)
  await eventually(() => app.isAt(endpointOf(red)))
  expect(app.last()?.offer?.endpoint).toBe(endpointOf(blue))
})

test('an offer that the user does not take is made again at the next start', async () => {
  const home = newHome(dockerHost(blue))
  for (const services of [0, 1].map(() => () => start(home))) {
    const app = services()
    await eventually(() => app.isAt(endpointOf(red)))
    await app.readShell()
    expect(app.last()?.offer?.endpoint).toBe(endpointOf(blue))
    await stop?.()
  }
})

test('the terminal’s engine is shown if no other is', async () => {
  const app = start(newHome(dockerHost(blue), 'unix:///nonexistent/docker.sock'))
  await eventually(() => app.isAt('unix:///nonexistent/docker.sock', 'away'))
  await app.readShell()
  await eventually(() => app.isAt(endpointOf(blue)))
  expect(app.last()).toEqual({ source: { variable: 'DOCKER_HOST', shell: '/bin/bash' } })
})

test('a terminal’s engine that does not answer is only offered, if another one answers', async () => {
  const app = start(newHome('export DOCKER_HOST=tcp://127.0.0.1:1\n'))
  await eventually(() => app.isAt(endpointOf(red)))
  await app.readShell()
  expect(app.last()?.offer?.endpoint).toBe('tcp://127.0.0.1:1')
  expect(app.isAt(endpointOf(red))).toBe(true)
})

test('if docker finds no engine in the terminal, an engine that answers stays, and nothing is offered', async () => {
  const app = start(newHome('export DOCKER_CONTEXT=no-such-context\n'))
  await eventually(() => app.isAt(endpointOf(red)))
  await app.readShell()
  expect(app.isAt(endpointOf(red))).toBe(true)
  expect(app.last()?.offer).toBeUndefined()
})

test('once the shell no longer names a remembered engine, docker’s own one is offered, or shown if it is the only one', async () => {
  const home = newHome(dockerHost(blue))
  const first = start(home)
  await eventually(() => first.isAt(endpointOf(red)))
  await first.readShell()
  first.calls['environment.useTerminalEngine']()
  await stop?.()

  home.write('true\n')
  const second = start(home)
  await eventually(() => second.isAt(endpointOf(blue)))
  await second.readShell()
  expect(second.last()?.offer).toMatchObject({ name: 'red', endpoint: endpointOf(red) })
  expect(second.isAt(endpointOf(blue))).toBe(true)
  second.calls['environment.useTerminalEngine']()
  await eventually(() => second.isAt(endpointOf(red)))
  expect(second.last()).toEqual({})
})

test('a context that the user chose is kept, even if it does not answer', async () => {
  const app = start(newHome(dockerHost(blue)))
  app.calls['engine.switch']('gone')
  await eventually(() => app.isAt('unix:///nonexistent/gone.sock', 'away'))
  await app.readShell()
  expect(app.isAt('unix:///nonexistent/gone.sock', 'away')).toBe(true)
  expect(app.last()?.offer?.endpoint).toBe(endpointOf(blue))
})

test('the terminal’s configuration without the context that the user chose is only offered, and ends the choice', async () => {
  const { home: other } = homeWith({ red: { host: endpointOf(red) } })
  const app = start(newHome(`export DOCKER_CONFIG=${other}/.docker\n`))
  app.calls['engine.switch']('gone')
  await eventually(() => app.isAt('unix:///nonexistent/gone.sock', 'away'))
  await app.readShell()
  expect(app.isAt('unix:///nonexistent/gone.sock', 'away')).toBe(true)
  expect(app.last()?.offer?.endpoint).toBe(endpointOf(red))
  app.calls['environment.useTerminalEngine']()
  await eventually(() => app.isAt(endpointOf(red)))
  expect(app.engine.chosenContext()).toBeUndefined()
})

test('a choice that the terminal’s configuration lacks ends at once if the terminal uses the same engine', async () => {
  const { home: other } = homeWith({ crimson: { host: endpointOf(red) } })
  const app = start(newHome(`export DOCKER_CONFIG=${other}/.docker\n`))
  app.calls['engine.switch']('red')
  await eventually(() => app.isAt(endpointOf(red)))
  await app.readShell()
  await eventually(() => app.isAt(endpointOf(red)) && app.engine.state().context?.name === 'crimson')
  expect(app.engine.chosenContext()).toBeUndefined()
})

test('copied commands name the shown engine until the shell shows that the terminal uses it', async () => {
  const named = start(newHome('true\n'))
  await eventually(() => named.isAt(endpointOf(red)))
  expect(named.engine.flags()).toEqual(['-H', endpointOf(red)])
  await named.readShell()
  expect(named.engine.flags()).toEqual([])
  await stop?.()

  const unreadableHome = newHome('exit\n')
  writeFileSync(join(unreadableHome.home, '.profile'), 'exit\n')
  const unreadable = start(unreadableHome)
  await eventually(() => unreadable.isAt(endpointOf(red)))
  await unreadable.readShell()
  expect(unreadable.engine.flags()).toEqual(['-H', endpointOf(red)])
  await stop?.()

  const overridden = start(newHome(dockerHost(blue)), { DOCKER_CONTEXT: 'red' })
  await eventually(() => overridden.isAt(endpointOf(red)))
  await overridden.readShell()
  expect(overridden.engine.flags()).toEqual(['--context', 'red'])
})

test('the same engine is not offered: by another path, another context, or an engine that the launcher names', async () => {
  const link = join(mkdtempSync(join(tmpdir(), 'slipway-link-')), 'docker.sock')
  symlinkSync(red.socket, link)
  for (const [bashrc, launcher] of [
    [`export DOCKER_HOST=unix://${link}\n`, {}],
    ['export DOCKER_CONTEXT=red\n', {}],
    [dockerHost(blue), { DOCKER_HOST: endpointOf(red) }],
    [dockerHost(blue), { DOCKER_CONTEXT: 'red' }],
  ] as const) {
    const app = start(newHome(bashrc), launcher)
    await eventually(() => app.isAt(endpointOf(red)))
    await app.readShell()
    expect(app.last()?.offer).toBeUndefined()
    expect(app.isAt(endpointOf(red))).toBe(true)
    await stop?.()
  }
})

test('ssh is started with the PATH and the agent of the login shell', async () => {
  const programs = mkdtempSync(join(tmpdir(), 'slipway-ssh-'))
  const dial = `DOCKER_HOST=${endpointOf(blue)} exec ${blue.programs}/docker system dial-stdio`
  writeFileSync(join(programs, 'ssh'), `#!/bin/sh\necho "$SSH_AUTH_SOCK" >>${programs}/agent\n${dial}\n`)
  chmodSync(join(programs, 'ssh'), 0o755)
  const home = newHome(`export PATH="${programs}:$PATH" SSH_AUTH_SOCK=/run/my-agent\n`, 'ssh://me@far.example')
  const app = start(home, { PATH: '/nonexistent' })
  await eventually(() => app.isAt('ssh://me@far.example', 'away'))
  expect(existsSync(join(programs, 'agent'))).toBe(false)
  await app.readShell()
  await eventually(() => app.isAt('ssh://me@far.example'))
  expect(readFileSync(join(programs, 'agent'), 'utf8')).toMatch(/^(\/run\/my-agent\n)+$/)
})
