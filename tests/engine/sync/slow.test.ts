import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { storedLists } from '../../../main/store/lists.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { holdingProxy, wholeList } from './holding-proxy.ts'
import { homeWith } from '../home.ts'
import { eventually, freshList, serve, watchEngine } from '../engine-window.ts'

describe.each([
  { title: '20.10 classic', version: '20.10', store: 'classic' },
  { title: '26.1 containerd', version: '26.1', store: 'containerd' },
] as const)('an engine whose list takes long: $title', (wish) => {
  let engine: Engine
  let way: Awaited<ReturnType<typeof holdingProxy>>
  let folder: string
  let served: ReturnType<typeof serve>

  beforeAll(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, manyImages(50, { layers: 5 }))
    way = await holdingProxy(engine.socket, wholeList)
  })
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'slipway-lists-'))
    way.hold()
  })
  afterEach(async () => {
    engine.thaw()
    way.letGo()
    await served?.stop()
  })
  afterAll(async () => {
    way?.close()
    await engine?.stop()
  })

  const tag = (name: string, repo: string) => engine.docker.getImage(name).tag({ repo, tag: '1' })
  const shows = (reference: string) => JSON.stringify([...served.window.images.values()]).includes(`"${reference}"`)
  const known = () => served.window.shown.images
  const whole = async () => {
    await eventually(() => served.window.complete)
    expect(served.window.shown).toEqual(await freshList(engine))
    expect(served.window.unconfirmed.size).toBe(0)
  }

  /** Lets the list go after more than a second, and gives what was shown until then. */
  async function turnsOutSlow() {
    await eventually(() => way.waiting > 0)
    await delay(1100)
    const before = known()
    way.letGo()
    await whole()
    return before
  }

  /** The app once, with its list read after more than a second, as it was left then. */
  async function lastTime() {
    const memory = storedLists(folder)
    served = watchEngine(way.socket, memory)
    await turnsOutSlow()
    await served.stop()
    await memory.end()
    way.hold()
    return known()
  }
  const open = () => (served = watchEngine(way.socket, storedLists(folder)))

  test('the first time, events are shown without waiting for the list', async () => {
    open()
    await eventually(() => way.waiting > 0)
    await tag('team-1/api-admin:1.1', 'early')
    await eventually(() => shows('early:1'))
    expect(known()).toHaveLength(1)
    expect(served.window.complete).toBe(false)
    expect(served.window.unconfirmed.size).toBe(0)
    way.letGo()
    await whole()
    expect(known().length).toBe(50)
  })

  test('the next time, what it had is shown at once, and confirmed before the list is there', async () => {
    const remembered = await lastTime()
    await tag('team-1/api-admin:1.1', 'while-closed')
    for (const gone of ['team-1/edge-admin:1.1', 'team-1/edge-admin:latest'])
      await engine.docker.getImage(gone).remove()
    const tells: number[] = []
    open().window.onChange = () => tells.push(served.window.unconfirmed.size)

    await eventually(() => served.window.images.size > 0)
    expect(known()).toEqual(remembered)
    expect(served.window.unconfirmed.size).toBe(remembered.length)
    expect(served.window.complete).toBe(false)

    await eventually(() => served.window.unconfirmed.size === 0)
    expect(served.window.shown.images).toEqual((await freshList(engine)).images)
    expect(served.window.complete).toBe(false)
    // In batches, not one by one.
    expect(tells.length).toBeLessThan(8)
    way.letGo()
    await whole()
  })

  test('events of other images are shown, and the list that was older than they does not take them back', async () => {
    await lastTime()
    open()
    await eventually(() => served.window.images.size > 0)
    const container = await engine.docker.createContainer({ Image: 'team-1/chat-admin:1.1', HostConfig: { NetworkMode: 'none' } }) // prettier-ignore
    await tag('team-1/chat-admin:1.1', 'first')
    await tag('team-1/batch-admin:1.1', 'moves')
    await tag('team-1/chat-admin:1.1', 'moves')
    await eventually(() => shows('first:1') && shows('moves:1') && served.window.containers.size > 0)
    await engine.docker.getImage('first:1').remove()
    await eventually(() => !shows('first:1'))
    way.letGo()
    await whole()
    await container.remove()
    await eventually(() => served.window.containers.size === 0)
  })

  test('an engine that hangs right after it was reached shows what it had, and all is well when it wakes', async () => {
    const remembered = await lastTime()
    open()
    await eventually(() => served.window.images.size > 0)
    await engine.freeze()
    await delay(1500)
    expect(known()).toEqual(remembered)
    expect(served.window.complete).toBe(false)
    engine.thaw()
    await tag('team-1/chat-admin:1.1', 'woken')
    await eventually(() => shows('woken:1'))
    way.letGo()
    await whole()
  })

  test('going over and back shows at once what was there, and events meanwhile are not lost', async () => {
    const environment = homeWith({ slow: { host: `unix://${way.socket}` }, gone: { host: 'unix:///nonexistent' } })
    served = serve(environment, storedLists(folder))
    await turnsOutSlow()
    const before = known()
    way.hold()
    served.calls['engine.switch']('gone')
    expect(known()).toEqual([])
    await eventually(() => served.states.at(-1)?.status === 'away')
    await tag('team-1/chat-admin:1.1', 'elsewhere')
    served.calls['engine.switch']('slow')
    await eventually(() => served.window.images.size > 0)
    expect(known()).toEqual(before)
    await eventually(() => shows('elsewhere:1'))
    way.letGo()
    await whole()
  })

  test('a file that cannot be parsed is ignored and replaced', async () => {
    await lastTime()
    const [name] = readdirSync(folder)
    writeFileSync(join(folder, name!), '{ "images": [{ "id": 7 }] }')
    const memory = storedLists(folder)
    served = watchEngine(way.socket, memory)
    expect(await turnsOutSlow()).toEqual([])
    await served.stop()
    await memory.end()
    expect(readFileSync(join(folder, name!), 'utf8')).toContain('team-1/chat-admin:1.1')
  })

  test('an engine that lists at once is not remembered any more', async () => {
    await lastTime()
    expect(readdirSync(folder)).toHaveLength(1)
    way.letGo()
    open()
    await whole()
    await eventually(() => readdirSync(folder).length === 0)
  })
})
