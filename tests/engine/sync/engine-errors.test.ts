import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { fillWithDemo } from '../../../tools/world/demo.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { matrix } from '../matrix.ts'
import { eventually, watchEngine } from '../engine-window.ts'
import { AlteringProxy, changeRow } from './altering-proxy.ts'

const imageList = /^\/images\/json\?all=/
const containerList = /^\/containers\/json/

describe.each(matrix)('an engine that fails in part: $title', (engineOptions) => {
  let engine: Engine
  let proxy: AlteringProxy
  let watched: ReturnType<typeof watchEngine>
  let nginxId: string
  let imageCount: number

  beforeAll(async () => {
    engine = await startEngine(engineOptions)
    await fillWithDemo(engine.docker)
    nginxId = (await engine.docker.getImage('nginx:1.27').inspect()).Id
    imageCount = (await engine.docker.listImages({ all: true })).length
    proxy = await AlteringProxy.start(engine.socket)
  })
  beforeEach(() => {
    proxy.reset()
    proxy.requests = []
  })
  afterEach(async () => watched?.stop())
  afterAll(async () => {
    proxy?.close()
    await engine?.stop()
  })

  const open = () => (watched = watchEngine(proxy.socket))
  const live = () => watched.engine.live
  const image = (id = nginxId) => live().images().get(id)
  const status = () => watched.states.at(-1)
  const waitUntilComplete = () => eventually(() => live().snapshot().complete)
  const tag = (tagName: string) => engine.docker.getImage(nginxId).tag({ repo: 'broken', tag: tagName })
  const countAwayStates = () => watched.states.filter((state) => state.status === 'away').length

  /** Waits for one second, then expects at most 20 requests in the next ten seconds. */
  async function expectFewRequests() {
    await delay(1000)
    proxy.requests = []
    await delay(10_000)
    expect(proxy.requests.length > 20 ? proxy.requests : 'at most 20').toBe('at most 20')
  }

  test('while the list of containers fails, all images are listed; containers follow once it works', async () => {
    proxy.alter(containerList, { refusal: 'snapshot does not exist' })
    open()
    await waitUntilComplete()
    expect(live().images().size).toBe(imageCount)
    expect(live().snapshot().containersFailure).toBe('snapshot does not exist')
    await expectFewRequests()
    expect(countAwayStates()).toBe(0)
    proxy.reset()
    await eventually(() => live().snapshot().containersFailure === undefined, 20_000)
    expect(live().snapshot().containers.length).toBeGreaterThan(0)
    expect(watched.window.containersFailure).toBeUndefined()
  })

  test('an image that cannot be inspected keeps its last row, with Docker’s error', async () => {
    open()
    await waitUntilComplete()
    const before = image()
    proxy.alter(new RegExp(`^/images/(${nginxId}|nginx:1.27|broken:inspect)/json`), { refusal: 'blob not found' })
    await tag('inspect')
    await eventually(() => image()?.unreadable === 'blob not found')
    expect(image()).toEqual({ ...before, unreadable: 'blob not found' })
    expect([...live().images().values()].filter(({ unreadable }) => unreadable)).toHaveLength(1)

    await expectFewRequests()
    // Changes of other images still arrive, and a new full list does not clear the error.
    await engine.docker.getImage('redis:7').tag({ repo: 'broken', tag: 'other' })
    await eventually(() => JSON.stringify(live().snapshot().images).includes('broken:other'))
    expect(countAwayStates()).toBe(0)
    expect(image()?.unreadable).toBe('blob not found')
    proxy.reset()
    await eventually(() => image()?.unreadable === undefined, 20_000)
    expect(image()?.references).toContain('broken:inspect')
    await engine.docker.getImage('broken:other').remove()
    await engine.docker.getImage('broken:inspect').remove()
  })

  test('list rows with invalid fields are shown with their valid fields, and a row without an id is omitted', async () => {
    const setInvalidFields = (change: Readonly<Record<string, unknown>>) => {
      proxy.reset()
      proxy.alter(imageList, { change: changeRow(nginxId, change) })
    }
    setInvalidFields({ Size: null, Labels: { a: null }, Created: null })
    open()
    await waitUntilComplete()
    expect(live().images().size).toBe(imageCount)
    expect(image()).toMatchObject({
      created: 0,
      size: 0,
      sizeUnknown: true,
      references: expect.arrayContaining(['nginx:1.27']),
    })
    expect(image()?.unreadable).toBeUndefined()
    expect(live().findByLabel(['a=']).flat()).toContain(nginxId)
    await watched.stop()

    setInvalidFields({ RepoTags: 7 })
    open()
    await waitUntilComplete()
    expect(live().images().size).toBe(imageCount)
    expect(image()).toMatchObject({ references: [], unreadable: '"RepoTags": 7' })
    await watched.stop()

    setInvalidFields({ Id: null })
    open()
    await waitUntilComplete()
    expect(live().images().size).toBe(imageCount - 1)
    expect(countAwayStates()).toBe(0)
  })

  test('a container without a valid image id is omitted and reported, and everything else is listed', async () => {
    const [first] = await engine.docker.listContainers({ all: true })
    const containerCount = (await engine.docker.listContainers({ all: true })).length
    proxy.alter(containerList, { change: changeRow(first!.Id, { ImageID: null }) })
    open()
    await waitUntilComplete()
    expect(live().snapshot().containersFailure).toBe('"ImageID": null')
    expect(live().snapshot().containers).toHaveLength(containerCount - 1)
    expect(live().images().size).toBe(imageCount)
  })

  test('while the first list of images fails, the engine is reported as away; then all images are listed', async () => {
    proxy.alter(imageList, { refusal: 'layer does not exist' })
    open()
    await eventually(() => status()?.status === 'away')
    expect(status()).toMatchObject({ failure: { code: 'engine-refused', detail: 'layer does not exist' } })
    // Together with the wait above, the list fails for about five seconds.
    await delay(3500)
    expect(countAwayStates()).toBe(1)
    proxy.reset()
    await waitUntilComplete()
    expect(status()?.status).toBe('connected')
    expect(live().images().size).toBe(imageCount)
  })

  test('while a later list of images fails, the last rows stay, and the app sends at most two requests a second', async () => {
    open()
    await waitUntilComplete()
    proxy.alter(imageList, { refusal: 'layer does not exist' })
    // The events of a load name no tags, so the app requests the full list after it.
    const archive = await engine.docker.getImage('redis:7').get()
    for await (const _ of await engine.docker.loadImage(archive)) continue
    await eventually(() => status()?.status === 'away')
    expect(live().snapshot().images.length).toBeGreaterThan(10)
    expect(live().snapshot().complete).toBe(true)
    await expectFewRequests()
    proxy.reset()
    // A resync that the user asks for does not wait for the back-off.
    watched.engine.resync()
    await eventually(() => status()?.status === 'connected', 1500)
  })

  test('a socket that is removed and created again is noticed at once, despite the back-off', async () => {
    open()
    await waitUntilComplete()
    proxy.close()
    await eventually(() => status()?.status === 'away')
    // By now the back-off is many seconds long.
    await delay(9000)
    await proxy.open()
    await eventually(() => status()?.status === 'connected', 2500)
    await waitUntilComplete()
  })

  test('an engine whose first response is an error gets at most two requests a second', async () => {
    proxy.alter(/^\/info/, { refusal: 'no such driver' })
    open()
    await eventually(() => status()?.status === 'away')
    await expectFewRequests()
  })
})
