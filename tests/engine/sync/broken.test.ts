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
  let nginx: string
  let total: number

  beforeAll(async () => {
    engine = await startEngine(engineOptions)
    await fillWithDemo(engine.docker)
    nginx = (await engine.docker.getImage('nginx:1.27').inspect()).Id
    total = (await engine.docker.listImages({ all: true })).length
    proxy = await AlteringProxy.before(engine.socket)
  })
  beforeEach(() => {
    proxy.heal()
    proxy.requests = []
  })
  afterEach(async () => watched?.stop())
  afterAll(async () => {
    proxy?.close()
    await engine?.stop()
  })

  const open = () => (watched = watchEngine(proxy.socket))
  const live = () => watched.engine.live
  const image = (id = nginx) => live().images().get(id)
  const status = () => watched.states.at(-1)
  const complete = () => eventually(() => live().snapshot().complete)
  const tag = (tagName: string) => engine.docker.getImage(nginx).tag({ repo: 'broken', tag: tagName })
  const away = () => watched.states.filter((state) => state.status === 'away').length

  /** No more than 20 requests go by in ten seconds, once the first second of the connection is over. */
  async function asksLittle() {
    await delay(1000)
    proxy.requests = []
    await delay(10_000)
    expect(proxy.requests.length > 20 ? proxy.requests : 'at most 20').toBe('at most 20')
  }

  test('a list of containers that fails for good leaves all images in sight, and heals by itself', async () => {
    proxy.alter(containerList, { refusal: 'snapshot does not exist' })
    open()
    await complete()
    expect(live().images().size).toBe(total)
    expect(live().snapshot().containersFailure).toBe('snapshot does not exist')
    await asksLittle()
    expect(away()).toBe(0)
    proxy.heal()
    await eventually(() => live().snapshot().containersFailure === undefined, 20_000)
    expect(live().snapshot().containers.length).toBeGreaterThan(0)
    expect(watched.window.containersFailure).toBeUndefined()
  })

  test('one image whose inspect fails for good keeps its last row, with what Docker says of it', async () => {
    open()
    await complete()
    const before = image()
    proxy.alter(new RegExp(`^/images/(${nginx}|nginx:1.27|broken:inspect)/json`), { refusal: 'blob not found' })
    await tag('inspect')
    await eventually(() => image()?.unreadable === 'blob not found')
    expect(image()).toEqual({ ...before, unreadable: 'blob not found' })
    expect([...live().images().values()].filter(({ unreadable }) => unreadable)).toHaveLength(1)

    await asksLittle()
    // Others are followed all the while, and a whole list does not take the mark away.
    await engine.docker.getImage('redis:7').tag({ repo: 'broken', tag: 'other' })
    await eventually(() => JSON.stringify(live().snapshot().images).includes('broken:other'))
    expect(away()).toBe(0)
    expect(image()?.unreadable).toBe('blob not found')
    proxy.heal()
    await eventually(() => image()?.unreadable === undefined, 20_000)
    expect(image()?.references).toContain('broken:inspect')
    await engine.docker.getImage('broken:other').remove()
    await engine.docker.getImage('broken:inspect').remove()
  })

  test('an image whose history fails does not affect the list', async () => {
    proxy.alter(new RegExp(`^/images/${nginx}/history`), { refusal: 'layer does not exist' })
    open()
    await complete()
    expect(live().images().size).toBe(total)
    expect(image()?.unreadable).toBeUndefined()
    await asksLittle()
  })

  test('odd rows of the list are shown with what is known of them', async () => {
    const odd = (change: Readonly<Record<string, unknown>>) => {
      proxy.heal()
      proxy.alter(imageList, { change: changeRow(nginx, change) })
    }
    odd({ Size: null, Labels: { a: null }, Created: null })
    open()
    await complete()
    expect(live().images().size).toBe(total)
    expect(image()).toMatchObject({
      created: 0,
      size: 0,
      sizeUnknown: true,
      references: expect.arrayContaining(['nginx:1.27']),
    })
    expect(image()?.unreadable).toBeUndefined()
    expect(live().labelled(['a=']).flat()).toContain(nginx)
    await watched.stop()

    odd({ RepoTags: 7 })
    open()
    await complete()
    expect(live().images().size).toBe(total)
    expect(image()).toMatchObject({ references: [], unreadable: '"RepoTags": 7' })
    await watched.stop()

    odd({ Id: null })
    open()
    await complete()
    expect(live().images().size).toBe(total - 1)
    expect(away()).toBe(0)
  })

  test('a container whose image cannot be read makes the use unknown, and hides nothing else', async () => {
    const [first] = await engine.docker.listContainers({ all: true })
    const all = (await engine.docker.listContainers({ all: true })).length
    proxy.alter(containerList, { change: changeRow(first!.Id, { ImageID: null }) })
    open()
    await complete()
    expect(live().snapshot().containersFailure).toBe('"ImageID": null')
    expect(live().snapshot().containers).toHaveLength(all - 1)
    expect(live().images().size).toBe(total)
  })

  test('a list of images that fails for five seconds: first nothing is claimed, then all is there', async () => {
    proxy.alter(imageList, { refusal: 'layer does not exist' })
    open()
    await eventually(() => status()?.status === 'away')
    expect(status()).toMatchObject({ failure: { code: 'engine-refused', detail: 'layer does not exist' } })
    // In all, it fails for five seconds.
    await delay(3500)
    expect(away()).toBe(1)
    proxy.heal()
    await complete()
    expect(status()?.status).toBe('connected')
    expect(live().images().size).toBe(total)
  })

  test('a list of images that fails later leaves the last rows, and asks no more than twice a second', async () => {
    open()
    await complete()
    proxy.alter(imageList, { refusal: 'layer does not exist' })
    // A load names no tags, so the whole list is asked for once loads have ended.
    const archive = await engine.docker.getImage('redis:7').get()
    for await (const _ of await engine.docker.loadImage(archive)) continue
    await eventually(() => status()?.status === 'away')
    expect(live().snapshot().images.length).toBeGreaterThan(10)
    expect(live().snapshot().complete).toBe(true)
    await asksLittle()
    proxy.heal()
    // The user asks: at once, not when the back-off has passed.
    watched.engine.resync()
    await eventually(() => status()?.status === 'connected', 1500)
  })

  test('a socket that goes and comes back is seen at once, and the waiting asks for little', async () => {
    open()
    await complete()
    proxy.close()
    await eventually(() => status()?.status === 'away')
    // By now a back-off alone would wait for many seconds.
    await delay(9000)
    await proxy.open()
    await eventually(() => status()?.status === 'connected', 2500)
    await complete()
  })

  test('an engine that fails at its first question is asked no more than twice a second', async () => {
    proxy.alter(/^\/info/, { refusal: 'no such driver' })
    open()
    await eventually(() => status()?.status === 'away')
    await asksLittle()
  })
})
