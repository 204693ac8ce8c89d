import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { storedLists } from '../../../main/store/lists.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { openHoldingProxy, isFullListRequest } from './holding-proxy.ts'
import { homeWith } from '../home.ts'
import { eventually, readEngineLists, serve, watchEngine } from '../engine-window.ts'

describe.each([
  { title: '20.10 classic', version: '20.10', store: 'classic' },
  { title: '26.1 containerd', version: '26.1', store: 'containerd' },
] as const)('an engine that lists images slowly: $title', (engineOptions) => {
  let engine: Engine
  let proxy: Awaited<ReturnType<typeof openHoldingProxy>>
  let folder: string
  let served: ReturnType<typeof serve>

  beforeAll(async () => {
    engine = await startEngine(engineOptions)
    await loadImages(engine.docker, manyImages(50, { layers: 5 }))
    proxy = await openHoldingProxy(engine.socket, isFullListRequest)
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-lists-'))
    proxy.hold()
  })
  afterEach(async () => {
    engine.thaw()
    proxy.release()
    await served?.stop()
  })
  afterAll(async () => {
    proxy?.close()
    await engine?.stop()
  })

  const tag = (name: string, repo: string) => engine.docker.getImage(name).tag({ repo, tag: '1' })
  const shows = (reference: string) => JSON.stringify([...served.window.images.values()]).includes(`"${reference}"`)
  const shownImages = () => served.window.shown.images
  const expectComplete = async () => {
    await eventually(() => served.window.complete)
    expect(served.window.shown).toEqual(await readEngineLists(engine))
    expect(served.window.unconfirmed.size).toBe(0)
  }

  /** Holds the list back for more than a second. @returns the images that were shown before its release */
  async function delayList() {
    await eventually(() => proxy.heldCount > 0)
    await delay(1100)
    const shownBefore = shownImages()
    proxy.release()
    await expectComplete()
    return shownBefore
  }

  /** Runs the app once with a slow list, so that it stores the list. @returns the images of that list */
  async function runOnceWithSlowList() {
    const lists = storedLists(folder)
    served = watchEngine(proxy.socket, lists)
    await delayList()
    await served.stop()
    await lists.end()
    proxy.hold()
    return shownImages()
  }
  const open = () => (served = watchEngine(proxy.socket, storedLists(folder)))

  test('at the first start, images from events are shown before the list arrives', async () => {
    open()
    await eventually(() => proxy.heldCount > 0)
    await tag('team-1/api-admin:1.1', 'early')
    await eventually(() => shows('early:1'))
    expect(shownImages()).toHaveLength(1)
    expect(served.window.complete).toBe(false)
    expect(served.window.unconfirmed.size).toBe(0)
    proxy.release()
    await expectComplete()
    expect(shownImages().length).toBe(50)
  })

  test('at the next start, the stored list is shown at once, and its images are confirmed before the new list arrives', async () => {
    const storedImages = await runOnceWithSlowList()
    await tag('team-1/api-admin:1.1', 'while-closed')
    for (const reference of ['team-1/edge-admin:1.1', 'team-1/edge-admin:latest'])
      await engine.docker.getImage(reference).remove()
    /** The number of unconfirmed images after each change. */
    const unconfirmedCounts: number[] = []
    open().window.onChange = () => unconfirmedCounts.push(served.window.unconfirmed.size)

    await eventually(() => served.window.images.size > 0)
    expect(shownImages()).toEqual(storedImages)
    expect(served.window.unconfirmed.size).toBe(storedImages.length)
    expect(served.window.complete).toBe(false)

    await eventually(() => served.window.unconfirmed.size === 0)
    expect(served.window.shown.images).toEqual((await readEngineLists(engine)).images)
    expect(served.window.complete).toBe(false)
    // Images are confirmed in batches.
    expect(unconfirmedCounts.length).toBeLessThan(8)
    proxy.release()
    await expectComplete()
  })

  test('an outdated list does not undo changes that events have reported', async () => {
    await runOnceWithSlowList()
    open()
    await eventually(() => served.window.images.size > 0)
    const container = await engine.docker.createContainer({ Image: 'team-1/chat-admin:1.1', HostConfig: { NetworkMode: 'none' } }) // prettier-ignore
    await tag('team-1/chat-admin:1.1', 'first')
    await tag('team-1/batch-admin:1.1', 'moves')
    await tag('team-1/chat-admin:1.1', 'moves')
    await eventually(() => shows('first:1') && shows('moves:1') && served.window.containers.size > 0)
    await engine.docker.getImage('first:1').remove()
    await eventually(() => !shows('first:1'))
    proxy.release()
    await expectComplete()
    await container.remove()
    await eventually(() => served.window.containers.size === 0)
  })

  test('if the engine hangs right after the connection, the stored list stays until the engine answers again', async () => {
    const storedImages = await runOnceWithSlowList()
    open()
    await eventually(() => served.window.images.size > 0)
    await engine.freeze()
    await delay(1500)
    expect(shownImages()).toEqual(storedImages)
    expect(served.window.complete).toBe(false)
    engine.thaw()
    await tag('team-1/chat-admin:1.1', 'woken')
    await eventually(() => shows('woken:1'))
    proxy.release()
    await expectComplete()
  })

  test('switching to another context and back shows the earlier list at once, and changes made meanwhile arrive', async () => {
    const environment = homeWith({ slow: { host: `unix://${proxy.socket}` }, gone: { host: 'unix:///nonexistent' } })
    served = serve(environment, storedLists(folder))
    await delayList()
    const shownBefore = shownImages()
    proxy.hold()
    served.calls['engine.switch']('gone')
    expect(shownImages()).toEqual([])
    await eventually(() => served.states.at(-1)?.status === 'away')
    await tag('team-1/chat-admin:1.1', 'elsewhere')
    served.calls['engine.switch']('slow')
    await eventually(() => served.window.images.size > 0)
    expect(shownImages()).toEqual(shownBefore)
    await eventually(() => shows('elsewhere:1'))
    proxy.release()
    await expectComplete()
  })

  test('an invalid stored list is ignored and replaced', async () => {
    await runOnceWithSlowList()
    const [name] = readdirSync(folder)
    writeFileSync(join(folder, name!), '{ "images": [{ "id": 7 }] }')
    const lists = storedLists(folder)
    served = watchEngine(proxy.socket, lists)
    expect(await delayList()).toEqual([])
    await served.stop()
    await lists.end()
    expect(readFileSync(join(folder, name!), 'utf8')).toContain('team-1/chat-admin:1.1')
  })

  test('if an engine lists its images quickly, its stored list is deleted', async () => {
    await runOnceWithSlowList()
    expect(readdirSync(folder)).toHaveLength(1)
    proxy.release()
    open()
    await expectComplete()
    await eventually(() => readdirSync(folder).length === 0)
  })
})
