import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { build, records } from './builds.ts'
import { openCacheCleaner } from './cache-cleaner.ts'
import { withoutPruneFilters } from './filterless-proxy.ts'

const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id).sort()

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let cleaner: Awaited<ReturnType<typeof openCacheCleaner>>

  beforeAll(async () => {
    engine = await startEngine(wish)
  })
  afterAll(async () => engine?.stop())
  beforeEach(async () => {
    cleaner = await openCacheCleaner(engine.socket)
  })
  afterEach(async () => {
    await cleaner?.stop()
    await removeImages()
    await engine.docker.pruneBuilder()
  })

  async function removeImages() {
    for (const { Id } of await engine.docker.listImages()) await engine.docker.getImage(Id).remove({ force: true })
  }
  const listed = async () => (await records(engine)).map(({ ID }) => ID).sort()

  async function savedBytes(name: string): Promise<number> {
    let bytes = 0
    for await (const chunk of await engine.docker.getImage(name).get()) bytes += (chunk as Buffer).length
    return bytes
  }
  /** A plan once BuildKit is at rest: 20.10 notes the use of a record a moment after a build. */
  async function quietPlan() {
    let last = ''
    await eventually(async () => {
      const now = JSON.stringify((await records(engine)).toSorted((a, b) => (a.ID < b.ID ? -1 : 1)))
      const quiet = now === last
      last = now
      return quiet
    })
    return await cleaner.plan()
  }
  const onDisk = () => Number(execFileSync('du', ['--summarize', '--bytes', engine.root], { encoding: 'utf8' }).split('\t')[0]) // prettier-ignore
  /** BuildKit's own databases grow by some kilobytes meanwhile; containerd clears files away a moment later. */
  async function expectFreed(before: number, promised: number) {
    await eventually(() => Math.abs(before - onDisk() - promised) < promised * 0.01 + 150_000)
  }

  test('all unused records are removed one by one, and as much is freed as was promised', async () => {
    build(engine, 'one', [2_000_000, 3_000])
    build(engine, 'two', [1_000_000])
    await removeImages()
    await eventually(async () => (await records(engine)).every(({ Shared }) => !Shared))
    const kept = await quietPlan()
    expect(kept.plan.stays).toEqual([])
    expect(ids(kept.plan.deletes)).toEqual(await listed())
    expect(kept.plan.frees).toBeGreaterThan(3_000_000)
    expect(kept.plan.deletes.reduce((sum, { size }) => sum + size, 0)).toBe(kept.plan.frees)
    const before = onDisk()
    const job = await cleaner.executed(kept)
    expect(job).toMatchObject({ state: 'done', subject: { kind: 'build-cache', promised: kept.plan.frees } })
    expect(job.items.map(({ state }) => state)).toEqual(kept.plan.deletes.map(() => 'done'))
    expect(await listed()).toEqual([])
    expect(job.subject).toMatchObject({ freed: kept.plan.frees })
    await expectFreed(before, kept.plan.frees)
  })

  test('what an image needs stays whole: it is saved with as many bytes as before', async () => {
    build(engine, 'kept', [5_000_000, 4_000])
    const before = await engine.docker.getImage('kept').inspect()
    const saved = await savedBytes('kept')
    const kept = await quietPlan()
    const shared = (await records(engine)).filter(({ Shared }) => Shared).map(({ ID }) => ID)
    expect(ids(kept.plan.deletes).filter((id) => shared.includes(id))).toEqual([])
    expect(ids(kept.plan.stays)).toEqual(expect.arrayContaining(shared))
    const taken = onDisk()
    expect(await cleaner.executed(kept)).toMatchObject({ state: 'done', subject: { freed: kept.plan.frees } })
    await expectFreed(taken, kept.plan.frees)
    expect(await listed()).toEqual(ids(kept.plan.stays))
    expect((await engine.docker.getImage('kept').inspect()).RootFS).toEqual(before.RootFS)
    expect(await savedBytes('kept')).toBe(saved)
  })

  test('after a cancel between two records, the others stay and are reported as `skipped`', async () => {
    build(engine, 'one', [20_000, 30_000, 40_000, 50_000])
    await removeImages()
    const kept = await quietPlan()
    const id = await cleaner.start(kept)
    cleaner.cancel(id)
    const job = await cleaner.end(id)
    expect(job.state).toBe('cancelled')
    const done = job.items.filter(({ state }) => state === 'done').length
    expect(done).toBeLessThan(kept.plan.deletes.length)
    expect(await listed()).toHaveLength(kept.plan.deletes.length - done)
    expect(job.items.filter(({ state }) => state === 'skipped')).toHaveLength(kept.plan.deletes.length - done)
  })

  test('a build between the plan and the click: nothing is removed, and the plan cannot be applied twice', async () => {
    build(engine, 'one', [20_000])
    await removeImages()
    const kept = await quietPlan()
    build(engine, 'two', [30_000])
    await removeImages()
    const before = await listed()
    expect(await cleaner.apply(kept)).toEqual({ ok: false, error: { code: 'plan-moved' } })
    expect(await cleaner.apply(kept)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    expect(await listed()).toEqual(before)
    const [older, newer] = [await cleaner.plan(), await cleaner.plan()]
    expect(await cleaner.apply(older)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    expect(await cleaner.executed(newer)).toMatchObject({ state: 'done' })
    expect(await listed()).toEqual([])
  })

  test('an engine that removes more than one record at a time is asked no more', async () => {
    build(engine, 'one', [20_000])
    build(engine, 'two', [30_000])
    await removeImages()
    const careless = await withoutPruneFilters(engine.socket)
    const its = await openCacheCleaner(careless.socket)
    try {
      const kept = await its.plan()
      const job = await its.executed(kept)
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'cache-more-removed' } })
      expect(job.items.slice(1).every(({ state }) => state === 'skipped')).toBe(true)
    } finally {
      await its.stop()
      careless.stop()
    }
  })
})
