import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, statfsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { registryClient } from '../../../main/registry/index.ts'
import type { Job } from '../../../preload/contract/index.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { fillRegistry } from '../../../tools/world/fill.ts'
import { worldFolder } from '../../../tools/world/paths.ts'
import { ann, startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { client } from '../../unit/local-server.ts'
import { matrix } from '../matrix.ts'
import { failureOf, layersOf, randomImage, openPuller, type Puller } from './puller.ts'

const MB = 1_000_000

describe.each(matrix)('$title, on a disk of 100 MB', (options) => {
  let disk: string
  let engine: Engine
  let registry: Registry
  let privateRegistry: Registry
  let app: Puller
  const open = async ({ hasLogin = false } = {}) => {
    const credentials = async () => (hasLogin ? ({ kind: 'password', ...ann } as const) : undefined)
    const { contents } = registryClient({ http: client(), credentials })
    const diskSpaceNeeds = { contents, diffIdsOf: (id: string) => diffIds.get(id) }
    return await openPuller(engine, undefined, diskSpaceNeeds)
  }
  /** The layers of each local image, as `main/layers` would have read them. */
  const diffIds = new Map<string, readonly string[]>()

  beforeAll(async () => {
    disk = mkdtempSync(join(worldFolder(), 'small-disk-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', disk])
    registry = await startRegistry()
    privateRegistry = await startRegistry({ private: true })
    await fillRegistry(registry, [
      randomImage('team/small:1', [2 * MB]),
      randomImage('team/large:1', [120 * MB]),
      randomImage('team/both:1', [2 * MB], 'amd64'),
      randomImage('team/both:1', [120 * MB], 'arm64'),
    ])
    await fillRegistry(
      registry,
      ['one', 'two'].map((name) => randomImage(`team/${name}:1`, [(options.store === 'containerd' ? 16 : 24) * MB])),
    )
    await fillRegistry(privateRegistry, [randomImage('team/large:1', [120 * MB])])
    engine = await startEngine({ ...options, root: join(disk, 'engine') })
  })
  afterAll(async () => {
    await engine?.stop()
    await registry?.stop()
    await privateRegistry?.stop()
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  })
  beforeEach(async () => {
    diffIds.clear()
    app = await open()
  })
  afterEach(async () => {
    await app?.stop()
    for (const { Id } of await engine.docker.listImages()) await engine.docker.getImage(Id).remove({ force: true })
  })
  const fullName = (name: string) => `${registry.host}/team/${name}:1`
  const spaceOf = (job: Job) => {
    const failure = failureOf(job)
    return failure?.code === 'pull-no-space' ? failure : { needed: NaN, free: NaN }
  }
  /** @returns a function that returns whether the registry has received a request for a blob since this call */
  function watchForBlobRequests() {
    const before = registry.log().length
    return () => registry.log().slice(before).includes('/blobs/')
  }

  test('a pull that does not fit on the disk is refused before anything is downloaded', async () => {
    const hasRequestedBlobs = watchForBlobRequests()
    const job = await app.pull(fullName('large'))
    expect(job).toMatchObject({ state: 'failed', items: [{ state: 'failed' }] })
    expect(failureOf(job)).toMatchObject({ code: 'pull-no-space', reference: fullName('large') })
    const { needed, free } = spaceOf(job)
    expect(needed / (120 * MB * (engine.store === 'containerd' ? 3.5 : 2.5))).toBeCloseTo(1, 2)
    expect(free).toBeGreaterThan(30 * MB)
    expect(free).toBeLessThanOrEqual(100 * 1024 * 1024)
    expect(hasRequestedBlobs()).toBe(false)
  })

  test('a pull that fits is not refused, and only the pulled platform of an image index is counted', async () => {
    expect(await app.pull(fullName('small'))).toMatchObject({ state: 'done', subject: { result: { isNew: true } } })
    expect(await app.pull(fullName('both'))).toMatchObject({ state: 'done' })
    for (const { Id } of await engine.docker.listImages()) diffIds.set(Id, [])
    expect(failureOf(await app.pull(fullName('both'), 'linux/arm64'))).toMatchObject({ code: 'pull-no-space' })
  })

  test('of two pulls that do not fit at the same time, the second waits for the first', async () => {
    const [first, second] = [await app.start(fullName('one')), await app.start(fullName('two'))]
    expect(await app.waitForEnd(first)).toMatchObject({ state: 'done' })
    expect(await app.waitForEnd(second)).toMatchObject({ state: 'done' })
    const firstEnds = app.published.findIndex(({ id, state }) => id === first && state === 'done')
    const secondDownloads = app.published.findIndex((job) => job.id === second && layersOf(job).length > 0)
    expect(secondDownloads).toBeGreaterThan(firstEnds)
  })

  test('a pull that waits for another one can be cancelled', async () => {
    const [first, second] = [await app.start(fullName('one')), await app.start(fullName('two'))]
    app.cancel(second)
    expect(await app.waitForEnd(second)).toMatchObject({ state: 'cancelled', items: [{ state: 'skipped' }] })
    expect(await app.waitForEnd(first)).toMatchObject({ state: 'done' })
  })

  test('layers that already exist are not counted', async () => {
    await app.pull(fullName('small'))
    const { Id, RootFS } = await engine.docker.getImage(fullName('small')).inspect()
    // Leaves less free space than an image of 2 MB needs.
    const { bavail, bsize } = statfsSync(disk)
    const filler = join(disk, 'filler')
    execFileSync('fallocate', ['--length', String(bavail * bsize - 4 * MB), filler])
    try {
      diffIds.set(Id, [])
      expect(failureOf(await app.pull(fullName('small')))).toMatchObject({ code: 'pull-no-space' })
      diffIds.set(Id, RootFS.Layers ?? [])
      expect(await app.pull(fullName('small'))).toMatchObject({ state: 'done', subject: { result: { isNew: false } } })
      // If Slipway has not read the layers of every local image, no pull is refused.
      diffIds.clear()
      expect(await app.pull(fullName('small'))).toMatchObject({ state: 'done' })
    } finally {
      rmSync(filler)
    }
  })

  test('the disk space for an image in a private registry is checked only with a login', async () => {
    const reference = `${privateRegistry.host}/team/large:1`
    expect(failureOf(await app.pull(reference))?.code).toBe('registry-login')
    await app.stop()
    app = await open({ hasLogin: true })
    expect(failureOf(await app.pull(reference))).toMatchObject({ code: 'pull-no-space' })
  })

  test('if the user pulls anyway, the engine downloads the image and reports that its disk is full', async () => {
    const hasRequestedBlobs = watchForBlobRequests()
    const job = await app.pullAnyway(fullName('large'))
    expect(failureOf(job)).toEqual({ code: 'pull-disk-full' })
    expect(hasRequestedBlobs()).toBe(true)
  })
})
