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
import { failureOf, layersOf, noisy, openPuller, type PullerWorld } from './puller.ts'

const MB = 1_000_000

describe.each(matrix)('$title, on a disk of 100 MB', (wish) => {
  let disk: string
  let engine: Engine
  let registry: Registry
  let locked: Registry
  let app: PullerWorld
  const open = async (stored = false) => {
    const credentials = async () => (stored ? ({ kind: 'password', ...ann } as const) : undefined)
    const { contents } = registryClient({ http: client(), credentials })
    const room = { contents, diffIdsOf: (id: string) => layers.get(id) }
    return await openPuller(engine, undefined, room)
  }
  /** As main has read them. */
  const layers = new Map<string, readonly string[]>()

  beforeAll(async () => {
    disk = mkdtempSync(join(worldFolder(), 'small-disk-'))
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=100m', 'tmpfs', disk])
    registry = await startRegistry()
    locked = await startRegistry({ private: true })
    await fillRegistry(registry, [
      noisy('team/small:1', [2 * MB]),
      noisy('team/large:1', [120 * MB]),
      noisy('team/both:1', [2 * MB], 'amd64'),
      noisy('team/both:1', [120 * MB], 'arm64'),
    ])
    await fillRegistry(
      registry,
      ['one', 'two'].map((name) => noisy(`team/${name}:1`, [(wish.store === 'containerd' ? 16 : 24) * MB])),
    )
    await fillRegistry(locked, [noisy('team/large:1', [120 * MB])])
    engine = await startEngine({ ...wish, root: join(disk, 'engine') })
  })
  afterAll(async () => {
    await engine?.stop()
    await registry?.stop()
    await locked?.stop()
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  })
  beforeEach(async () => {
    layers.clear()
    app = await open()
  })
  afterEach(async () => {
    await app?.stop()
    for (const { Id } of await engine.docker.listImages()) await engine.docker.getImage(Id).remove({ force: true })
  })
  const at = (name: string) => `${registry.host}/team/${name}:1`
  const roomOf = (job: Job) => {
    const failure = failureOf(job)
    return failure?.code === 'pull-no-room' ? failure : { needed: NaN, free: NaN }
  }
  /** Whether the registry was asked for layers since. */
  function blobs() {
    const before = registry.log().length
    return () => registry.log().slice(before).includes('/blobs/')
  }

  test('a pull that cannot fit is refused before anything is fetched', async () => {
    const fetched = blobs()
    const job = await app.pull(at('large'))
    expect(job).toMatchObject({ state: 'failed', items: [{ state: 'failed' }] })
    expect(failureOf(job)).toMatchObject({ code: 'pull-no-room', reference: at('large') })
    const { needed, free } = roomOf(job)
    expect(needed / (120 * MB * (engine.store === 'containerd' ? 3.5 : 2.5))).toBeCloseTo(1, 2)
    expect(free).toBeGreaterThan(30 * MB)
    expect(free).toBeLessThanOrEqual(100 * 1024 * 1024)
    expect(fetched()).toBe(false)
  })

  test('a pull that fits is not refused; of an index only the pulled platform counts', async () => {
    expect(await app.pull(at('small'))).toMatchObject({ state: 'done', subject: { result: { isNew: true } } })
    expect(await app.pull(at('both'))).toMatchObject({ state: 'done' })
    for (const { Id } of await engine.docker.listImages()) layers.set(Id, [])
    expect(failureOf(await app.pull(at('both'), 'linux/arm64'))).toMatchObject({ code: 'pull-no-room' })
  })

  test('of two pulls that do not fit at the same time, the second waits for the first', async () => {
    const [first, second] = [await app.start(at('one')), await app.start(at('two'))]
    expect(await app.end(first)).toMatchObject({ state: 'done' })
    expect(await app.end(second)).toMatchObject({ state: 'done' })
    const firstEnds = app.told.findIndex(({ id, state }) => id === first && state === 'done')
    const secondDownloads = app.told.findIndex((job) => job.id === second && layersOf(job).length > 0)
    expect(secondDownloads).toBeGreaterThan(firstEnds)
  })

  test('a pull that waits for another one can be cancelled', async () => {
    const [first, second] = [await app.start(at('one')), await app.start(at('two'))]
    app.cancel(second)
    expect(await app.end(second)).toMatchObject({ state: 'cancelled', items: [{ state: 'skipped' }] })
    expect(await app.end(first)).toMatchObject({ state: 'done' })
  })

  test('layers that already exist are not counted', async () => {
    await app.pull(at('small'))
    const { Id, RootFS } = await engine.docker.getImage(at('small')).inspect()
    // Leaves less than an image of 2 MB needs.
    const { bavail, bsize } = statfsSync(disk)
    const filler = join(disk, 'filler')
    execFileSync('fallocate', ['--length', String(bavail * bsize - 4 * MB), filler])
    try {
      layers.set(Id, [])
      expect(failureOf(await app.pull(at('small')))).toMatchObject({ code: 'pull-no-room' })
      layers.set(Id, RootFS.Layers ?? [])
      expect(await app.pull(at('small'))).toMatchObject({ state: 'done', subject: { result: { isNew: false } } })
      // As long as it is not known what an image here consists of, nothing is refused.
      layers.clear()
      expect(await app.pull(at('small'))).toMatchObject({ state: 'done' })
    } finally {
      rmSync(filler)
    }
  })

  test('a private registry is asked with the stored login alone; without one nothing is refused', async () => {
    const reference = `${locked.host}/team/large:1`
    expect(failureOf(await app.pull(reference))?.code).toBe('registry-login')
    await app.stop()
    app = await open(true)
    expect(failureOf(await app.pull(reference))).toMatchObject({ code: 'pull-no-room' })
  })

  test('pulled anyway, the engine fetches it, and says that its disk is full', async () => {
    const fetched = blobs()
    const job = await app.pullAnyway(at('large'))
    expect(failureOf(job)).toEqual({ code: 'pull-disk-full' })
    expect(fetched()).toBe(true)
  })
})
