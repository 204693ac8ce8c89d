import { spawn } from 'node:child_process'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillWithDemo } from '../../../tools/world/demo.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { matrix, missingEngines } from '../matrix.ts'
import { eventually, readEngineLists, watchEngine } from '../engine-window.ts'

for (const name of missingEngines) test.skip(`${name}: this engine is not installed`, () => {})

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let watched: ReturnType<typeof watchEngine>

  beforeAll(async () => {
    engine = await startEngine(engineOptions)
    await fillWithDemo(engine.docker)
    watched = watchEngine(engine.socket)
    await eventually(() => watched.engine.live.snapshot().complete)
  })
  afterAll(async () => {
    await watched?.stop()
    await engine?.stop()
  })

  /** Waits until the app's list equals the engine's. */
  const catchUp = () =>
    eventually(async () => isDeepStrictEqual(watched.liveLists(), await readEngineLists(engine))).catch(async () =>
      expect(watched.liveLists()).toEqual(await readEngineLists(engine)),
    )

  test('the first list contains what docker images and docker ps list', async () => {
    expect(watched.liveLists()).toEqual(await readEngineLists(engine))
  })

  test('the engine’s product, version, platform, store and data folder are reported', () => {
    expect(watched.states.find(({ status }) => status === 'connected')).toMatchObject({
      facts: {
        product: 'Docker',
        version: engine.version.replace(/\+.*/, ''),
        platform: 'linux/amd64',
        store: engineOptions.store,
        rootDir: `${engine.root}/data`,
      },
    })
  })

  test('a tag that another client adds is published as one change of one image', async () => {
    const before = watched.changes.length
    await engine.docker.getImage('redis:7').tag({ repo: 'seen', tag: 'once' })
    await eventually(() => watched.changes.length > before)
    expect(watched.changes.slice(before)).toHaveLength(1)
    expect(watched.changes.at(-1)).toMatchObject({
      images: [{ references: expect.arrayContaining(['seen:once']) }],
      imagesGone: [],
    })
    await catchUp()
  })

  test('a tag that moves to another image is removed from the first one', async () => {
    await engine.docker.getImage('alpine:3.20').tag({ repo: 'moving', tag: '1' })
    await engine.docker.getImage('busybox:latest').tag({ repo: 'moving', tag: '1' })
    await catchUp()
    await engine.docker.getImage('moving:1').remove()
    await catchUp()
  })

  test('the list follows images that other clients commit, remove or prune', async () => {
    const container = await engine.docker.createContainer({
      Image: 'busybox:latest',
      Cmd: ['true'],
      HostConfig: { NetworkMode: 'none' },
    })
    await container.commit({ repo: 'committed', tag: '1' })
    await container.commit({})
    await catchUp()
    await container.remove()
    await engine.docker.getImage('committed:1').remove()
    await engine.docker.pruneImages({ filters: { dangling: { true: true } } })
    // The app resyncs when the window gets the focus. 26.1's containerd store sends no events when it prunes.
    watched.engine.resync()
    await catchUp()
  })

  test('the list follows a container’s state and name from creation to removal', async () => {
    const container = await engine.docker.createContainer({
      name: 'life',
      Image: 'busybox:latest',
      Cmd: ['sleep', '60'],
      HostConfig: { NetworkMode: 'none' },
    })
    const state = () => watched.liveLists().containers.find(({ id }) => id === container.id)?.state
    await eventually(() => state() === 'created')
    await container.start()
    await eventually(() => state() === 'running')
    await container.pause()
    await eventually(() => state() === 'paused')
    await container.unpause()
    await container.rename({ name: 'renamed' })
    await eventually(() => watched.liveLists().containers.some(({ name }) => name === 'renamed'))
    await container.kill()
    await eventually(() => state() === 'exited')
    await container.remove()
    await eventually(() => state() === undefined)
  })

  test('after the engine crashes, the list stays, and is updated once the engine runs again', async () => {
    await engine.kill()
    await eventually(() => watched.states.at(-1)?.status === 'away')
    expect(watched.liveLists().images.length).toBeGreaterThan(10)
    await engine.restart()
    await engine.docker.getImage('redis:7').tag({ repo: 'while', tag: 'away' })
    await eventually(() => watched.states.at(-1)?.status === 'connected')
    await catchUp()
  })
})

test('a socket without permission, even of a dead engine, and a missing socket are different failures', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    const asNobody = (socket: string) =>
      new Promise<string>((resolve) => {
        const child = spawn('setpriv', [
          '--reuid',
          '65534',
          '--regid',
          '65534',
          '--clear-groups',
          process.execPath,
          'tests/engine/connect/discover.ts',
          socket,
        ])
        let output = ''
        child.stdout.on('data', (data) => (output += data))
        child.stderr.on('data', (data) => (output += data))
        child.on('close', () => resolve(output.trim()))
      })
    expect(await asNobody(engine.socket)).toBe('engine-permission')
    expect(await asNobody(`${engine.socket}.not`)).toBe('engine-not-found')
    await engine.kill()
    expect(await asNobody(engine.socket)).toBe('engine-permission')
  } finally {
    await engine.stop()
  }
})
