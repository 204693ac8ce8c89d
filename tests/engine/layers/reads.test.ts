/** What is read of images, when it is read again, and what is left when they are gone. */
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { indexArchive, loadArchive } from '../../../tools/world/oci.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { openRemovalApp, measureDiskUsage, type RemovalApp } from '../removal/removal-app.ts'
import { breakingProxy } from './breaking.ts'

const spec = (name: string, more: Partial<ImageSpec> = {}): ImageSpec => ({
  references: [name],
  created: new Date(1_700_000_000_000),
  config: { Cmd: ['/none'], Labels: { name } },
  steps: [
    { instruction: 'COPY part-1 /', bytes: 30_000, noise: true },
    { instruction: 'ENV A=b' },
    { instruction: 'WORKDIR /app', bytes: 0 },
    { instruction: `COPY ${name} /`, bytes: 60_000, noise: true },
  ],
  ...more,
})
/** Questions about one image. */
const aboutOne = (requests: readonly string[]) =>
  requests.filter((path) => /^GET \/images\/.+\/(json|history)$/.test(path))
const isHistory = (path: string) => /\/images\/.+\/history/.test(path)

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let proxy: Awaited<ReturnType<typeof breakingProxy>>
  const opened: RemovalApp[] = []

  beforeAll(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, [spec('first:1')])
    proxy = await breakingProxy(engine.socket)
  })
  afterAll(async () => {
    for (const cleaner of opened) await stop(cleaner)
    proxy?.close()
    await engine?.stop()
    for (const { folder } of opened) rmSync(folder, { recursive: true, force: true })
  })

  /** The app, over the proxy; with a folder it is its next start. */
  async function start(folder?: string): Promise<RemovalApp> {
    const cleaner = await openRemovalApp({ ...engine, socket: proxy.socket }, folder)
    opened.push(cleaner)
    return cleaner
  }
  async function stop(cleaner: RemovalApp) {
    await cleaner.layers.end()
    await cleaner.stop()
  }
  const stackOf = async (cleaner: RemovalApp, name: string) =>
    cleaner.layers.handlers['layers.stack'](cleaner.findImage(name).id)
  const verbs = async (cleaner: RemovalApp, name: string) => {
    const answer = await stackOf(cleaner, name)
    return answer.ok ? answer.value.layers.map(({ instruction }) => instruction?.verb) : answer.error
  }

  test('an answer that fails for a while is asked for again, and what it left out is not remembered', async () => {
    proxy.break(isHistory)
    const cleaner = await start()
    expect(await verbs(cleaner, 'first:1')).toEqual([undefined, undefined, undefined])
    await cleaner.layers.end()
    proxy.mend()
    await eventually(async () => ((await verbs(cleaner, 'first:1')) as unknown[])[0] === 'COPY')
    await stop(cleaner)
    const next = await start(cleaner.folder)
    expect(await verbs(next, 'first:1')).toEqual(['COPY', 'WORKDIR', 'COPY'])
    await stop(next)
  })

  test.runIf(wish.store === 'containerd')(
    'a content store that cannot be reached for a while is asked later',
    async () => {
      proxy.break((path) => path.includes('/grpc'))
      const cleaner = await start()
      const { id } = cleaner.findImage('first:1')
      expect(cleaner.layers.read(id)).toMatchObject({ partial: true, cacheable: false })
      proxy.mend()
      await eventually(() => cleaner.layers.read(id)?.cacheable === true)
      expect(cleaner.layers.blobsOf(id).length).toBeGreaterThan(3)
      await stop(cleaner)
    },
  )

  test('an image that the engine fails to tell of is read once it can be, and nothing stays open meanwhile', async () => {
    const cleaner = await start()
    await eventually(() => proxy.sessions === 0)
    const { images } = cleaner.engine.live.snapshot()
    proxy.break((path) => /\/images\/sha256:.+\/(json|history)/.test(path))
    const second = await start()
    const failing = cleaner.findImage('first:1').id
    for (let time = 0; time < 3; time++)
      expect(await second.layers.handlers['layers.stack'](failing)).toEqual({
        ok: false,
        error: { code: 'engine-refused', detail: 'as a test wants it' },
      })
    await eventually(() => proxy.sessions === 0)
    expect(second.layers.sharing.complete).toBe(images.length === 0)
    proxy.mend()
    await eventually(() => second.layers.sharing.complete)
    await stop(second)
    await stop(cleaner)
  })

  test('the next start asks nothing about known images', async () => {
    const cleaner = await start()
    await stop(cleaner)
    proxy.take()
    const next = await start(cleaner.folder)
    expect(aboutOne(proxy.take())).toEqual([])
    expect(await verbs(next, 'first:1')).toEqual(['COPY', 'WORKDIR', 'COPY'])
    await stop(next)
  })

  test('images that came and went leave nothing, in memory nor in the file', async () => {
    const cleaner = await start()
    const size = async () => {
      await cleaner.layers.end()
      return readFileSync(join(cleaner.folder, 'layers.json')).length
    }
    const whole = async () => {
      const answer = await cleaner.layers.handlers['layers.snapshot'](undefined)
      return answer.ok ? answer.value : undefined
    }
    const before = { file: await size(), whole: await whole() }
    const passing = [
      ...manyImages(wish.store === 'classic' ? 60 : 12, { layers: 60, now: new Date(1_700_000_000_000) }),
    ]
    for (let round = 0; round < 2; round++) {
      await loadImages(engine.docker, passing)
      await cleaner.catchUp()
      const there = [...cleaner.engine.live.images().keys()]
      expect(there.length).toBe(passing.length + 1)
      expect(await size()).toBeGreaterThan(before.file)
      for (const reference of passing.flatMap(({ references }) => references))
        await engine.docker.getImage(reference).remove()
      await cleaner.catchUp()
      expect(there.filter((id) => cleaner.layers.read(id))).toHaveLength(1)
      expect(await size()).toBe(before.file)
      const after = await whole()
      expect(after?.images).toEqual(before.whole?.images)
      expect(after!.sizes.length).toBeLessThanOrEqual(2 * before.whole!.sizes.length)
    }
    await stop(cleaner)
  })

  test.runIf(wish.store === 'containerd')(
    'an index with attestations has its instructions and exact sizes, and is not read again at the next start',
    async () => {
      const own = [spec('built:1', { architecture: 'amd64' }), spec('built:1', { architecture: 'arm64' })]
      const { id, archive } = indexArchive(own, (_, platform) => platform === 1)
      await loadArchive(engine.docker, archive)
      const cleaner = await start()
      const answer = await stackOf(cleaner, 'built:1')
      if (!answer.ok) throw new Error(answer.error.code)
      expect(answer.value.layers.map(({ instruction }) => instruction?.verb)).toEqual(['COPY', 'WORKDIR', 'COPY'])
      for (const { size, likely } of answer.value.layers) expect(size).toEqual({ min: likely, max: likely })
      expect(answer.value.settings.map(({ verb }) => verb)).toEqual(['ENV'])
      expect(cleaner.layers.read(id)?.cacheable).toBe(true)
      await stop(cleaner)

      proxy.take()
      const next = await start(cleaner.folder)
      expect(aboutOne(proxy.take())).toEqual([])
      expect(await verbs(next, 'built:1')).toEqual(['COPY', 'WORKDIR', 'COPY'])
      await stop(next)

      // An attestation arrives while the app is closed: 26.1 lists the same size.
      const more = indexArchive(own, (kind, platform) => platform === 1 && kind === 'image')
      expect(more.id).toBe(id)
      await loadArchive(engine.docker, more.archive)
      const known = cleaner.layers.read(id)!.content!.size
      proxy.take()
      const third = await start(cleaner.folder)
      expect(aboutOne(proxy.take())).toHaveLength(2)
      expect(third.layers.read(id)!.content!.size).toBeGreaterThan(known)

      const kept = await third.plan([{ image: id }])
      // What earlier tests left in the content store may be collected at the same time: it does not count.
      const content = third.referencedBlobs()
      const before = await measureDiskUsage(engine, content)
      await third.executePlan(kept)
      const { min, max } = kept.plan.frees
      expect(min).toBe(max)
      await eventually(async () => before - (await measureDiskUsage(engine, content)) >= min)
      expect(before - (await measureDiskUsage(engine, content))).toBe(min)
      await stop(third)
    },
  )
})
