/** When Slipway reads the layers of an image, when it reads them again, and what it keeps of images that are gone. */
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
import { injectedMessage, openFailingProxy, type FailingProxy } from './failing-proxy.ts'

const spec = (name: string, overrides: Partial<ImageSpec> = {}): ImageSpec => ({
  references: [name],
  created: new Date(1_700_000_000_000),
  config: { Cmd: ['/none'], Labels: { name } },
  steps: [
    { instruction: 'COPY part-1 /', bytes: 30_000, noise: true },
    { instruction: 'ENV A=b' },
    { instruction: 'WORKDIR /app', bytes: 0 },
    { instruction: `COPY ${name} /`, bytes: 60_000, noise: true },
  ],
  ...overrides,
})
/** The requests that inspect a single image. */
const imageRequests = (requests: readonly string[]) =>
  requests.filter((path) => /^GET \/images\/.+\/(json|history)$/.test(path))
const isHistory = (path: string) => /\/images\/.+\/history/.test(path)

describe.each(matrix)('$title', (options) => {
  let engine: Engine
  let proxy: FailingProxy
  const opened: RemovalApp[] = []

  beforeAll(async () => {
    engine = await startEngine(options)
    await loadImages(engine.docker, [spec('first:1')])
    proxy = await openFailingProxy(engine.socket)
  })
  afterAll(async () => {
    for (const app of opened) await stop(app)
    proxy?.close()
    await engine?.stop()
    for (const { folder } of opened) rmSync(folder, { recursive: true, force: true })
  })

  /** Starts the app over the proxy. @param folder the app's folder of an earlier start, to start the app again */
  async function start(folder?: string): Promise<RemovalApp> {
    const app = await openRemovalApp({ ...engine, socket: proxy.socket }, folder)
    opened.push(app)
    return app
  }
  async function stop(app: RemovalApp) {
    await app.layers.end()
    await app.stop()
  }
  const stackOf = async (app: RemovalApp, name: string) => app.layers.handlers['layers.stack'](app.findImage(name).id)
  /** The verb of each layer's instruction, such as `COPY`. */
  const verbsOf = async (app: RemovalApp, name: string) => {
    const stack = await stackOf(app, name)
    return stack.ok ? stack.value.layers.map(({ instruction }) => instruction?.verb) : stack.error
  }

  test('if the history of an image fails for a while, it is read again, and the incomplete result is not stored', async () => {
    proxy.failOn(isHistory)
    const app = await start()
    expect(await verbsOf(app, 'first:1')).toEqual([undefined, undefined, undefined])
    await app.layers.end()
    proxy.stopFailing()
    await eventually(async () => ((await verbsOf(app, 'first:1')) as unknown[])[0] === 'COPY')
    await stop(app)
    const next = await start(app.folder)
    expect(await verbsOf(next, 'first:1')).toEqual(['COPY', 'WORKDIR', 'COPY'])
    await stop(next)
  })

  test.runIf(options.store === 'containerd')(
    'a content store that cannot be reached for a while is read once it can be reached',
    async () => {
      proxy.failOn((path) => path.includes('/grpc'))
      const app = await start()
      const { id } = app.findImage('first:1')
      expect(app.layers.read(id)).toMatchObject({ partial: true, cacheable: false })
      proxy.stopFailing()
      await eventually(() => app.layers.read(id)?.cacheable === true)
      expect(app.layers.blobsOf(id).length).toBeGreaterThan(3)
      await stop(app)
    },
  )

  test('an image that the engine cannot inspect is read once the engine can inspect it, and no connection stays open until then', async () => {
    const app = await start()
    await eventually(() => proxy.contentConnections === 0)
    const { images } = app.engine.live.snapshot()
    proxy.failOn((path) => /\/images\/sha256:.+\/(json|history)/.test(path))
    const second = await start()
    const failingId = app.findImage('first:1').id
    for (let time = 0; time < 3; time++)
      expect(await second.layers.handlers['layers.stack'](failingId)).toEqual({
        ok: false,
        error: { code: 'engine-refused', detail: injectedMessage },
      })
    await eventually(() => proxy.contentConnections === 0)
    expect(second.layers.sharing.complete).toBe(images.length === 0)
    proxy.stopFailing()
    await eventually(() => second.layers.sharing.complete)
    await stop(second)
    await stop(app)
  })

  test('the next start sends no requests about images that were read before', async () => {
    const app = await start()
    await stop(app)
    proxy.takeRequests()
    const next = await start(app.folder)
    expect(imageRequests(proxy.takeRequests())).toEqual([])
    expect(await verbsOf(next, 'first:1')).toEqual(['COPY', 'WORKDIR', 'COPY'])
    await stop(next)
  })

  test('images that were added and removed leave nothing behind in layers.json, and little in memory', async () => {
    const app = await start()
    const fileSize = async () => {
      await app.layers.end()
      return readFileSync(join(app.folder, 'layers.json')).length
    }
    const readSnapshot = async () => {
      const snapshot = await app.layers.handlers['layers.snapshot'](undefined)
      return snapshot.ok ? snapshot.value : undefined
    }
    const before = { fileSize: await fileSize(), snapshot: await readSnapshot() }
    const temporaryImages = [
      ...manyImages(options.store === 'classic' ? 60 : 12, { layers: 60, now: new Date(1_700_000_000_000) }),
    ]
    for (let round = 0; round < 2; round++) {
      await loadImages(engine.docker, temporaryImages)
      await app.catchUp()
      const ids = [...app.engine.live.images().keys()]
      expect(ids.length).toBe(temporaryImages.length + 1)
      expect(await fileSize()).toBeGreaterThan(before.fileSize)
      for (const reference of temporaryImages.flatMap(({ references }) => references))
        await engine.docker.getImage(reference).remove()
      await app.catchUp()
      expect(ids.filter((id) => app.layers.read(id))).toHaveLength(1)
      expect(await fileSize()).toBe(before.fileSize)
      const after = await readSnapshot()
      expect(after?.images).toEqual(before.snapshot?.images)
      expect(after!.sizes.length).toBeLessThanOrEqual(2 * before.snapshot!.sizes.length)
    }
    await stop(app)
  })

  test.runIf(options.store === 'containerd')(
    'an image index with attestations shows instructions and exact sizes, and is read again only after an attestation was added',
    async () => {
      const platforms = [spec('built:1', { architecture: 'amd64' }), spec('built:1', { architecture: 'arm64' })]
      const { id, archive } = indexArchive(platforms, (_, platform) => platform === 1)
      await loadArchive(engine.docker, archive)
      const app = await start()
      const stack = await stackOf(app, 'built:1')
      if (!stack.ok) throw new Error(stack.error.code)
      expect(stack.value.layers.map(({ instruction }) => instruction?.verb)).toEqual(['COPY', 'WORKDIR', 'COPY'])
      for (const { size, likely } of stack.value.layers) expect(size).toEqual({ min: likely, max: likely })
      expect(stack.value.settings.map(({ verb }) => verb)).toEqual(['ENV'])
      expect(app.layers.read(id)?.cacheable).toBe(true)
      await stop(app)

      proxy.takeRequests()
      const next = await start(app.folder)
      expect(imageRequests(proxy.takeRequests())).toEqual([])
      expect(await verbsOf(next, 'built:1')).toEqual(['COPY', 'WORKDIR', 'COPY'])
      await stop(next)

      // An attestation is added while the app is closed. 26.1 still lists the image with the same size.
      const withMore = indexArchive(platforms, (kind, platform) => platform === 1 && kind === 'image')
      expect(withMore.id).toBe(id)
      await loadArchive(engine.docker, withMore.archive)
      const sizeBefore = app.layers.read(id)!.content!.size
      proxy.takeRequests()
      const third = await start(app.folder)
      expect(imageRequests(proxy.takeRequests())).toHaveLength(2)
      expect(third.layers.read(id)!.content!.size).toBeGreaterThan(sizeBefore)

      const stored = await third.plan([{ image: id }])
      // Counts only the blobs of listed images: the engine may delete blobs of earlier tests at the same time.
      const content = third.referencedBlobs()
      const before = await measureDiskUsage(engine, content)
      await third.executePlan(stored)
      const { min, max } = stored.plan.frees
      expect(min).toBe(max)
      await eventually(async () => before - (await measureDiskUsage(engine, content)) >= min)
      expect(before - (await measureDiskUsage(engine, content))).toBe(min)
      await stop(third)
    },
  )
})
