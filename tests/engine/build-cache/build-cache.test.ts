import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { build, records } from './builds.ts'
import { openCacheCleaner } from './cache-cleaner.ts'
import { openFilterlessProxy } from './filterless-proxy.ts'

const sortedIds = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id).sort()

describe.each(matrix)('$title', (options) => {
  let engine: Engine
  let cleaner: Awaited<ReturnType<typeof openCacheCleaner>>

  beforeAll(async () => {
    engine = await startEngine(options)
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
  const listedIds = async () => (await records(engine)).map(({ ID }) => ID).sort()

  async function archiveSizeOf(name: string): Promise<number> {
    let bytes = 0
    for await (const chunk of await engine.docker.getImage(name).get()) bytes += (chunk as Buffer).length
    return bytes
  }
  /** Makes a plan once the records stop changing: 20.10 updates the last use of a record shortly after a build. */
  async function planWhenIdle() {
    let previous = ''
    await eventually(async () => {
      const current = JSON.stringify((await records(engine)).toSorted((a, b) => (a.ID < b.ID ? -1 : 1)))
      const isStable = current === previous
      previous = current
      return isStable
    })
    return await cleaner.plan()
  }
  const readDiskUsage = () => Number(execFileSync('du', ['--summarize', '--bytes', engine.root], { encoding: 'utf8' }).split('\t')[0]) // prettier-ignore
  /**
   * Waits until the promised space is free, because containerd deletes files late. BuildKit's databases may have grown
   * by some kilobytes.
   */
  async function expectFreed(before: number, promised: number) {
    await eventually(() => Math.abs(before - readDiskUsage() - promised) < promised * 0.01 + 150_000)
  }

  test('if no image needs the records, all are removed, and the promised space is freed', async () => {
    build(engine, 'one', [2_000_000, 3_000])
    build(engine, 'two', [1_000_000])
    await removeImages()
    await eventually(async () => (await records(engine)).every(({ Shared }) => !Shared))
    const storedPlan = await planWhenIdle()
    expect(storedPlan.plan.stays).toEqual([])
    expect(sortedIds(storedPlan.plan.deletes)).toEqual(await listedIds())
    expect(storedPlan.plan.frees).toBeGreaterThan(3_000_000)
    expect(storedPlan.plan.deletes.reduce((sum, { size }) => sum + size, 0)).toBe(storedPlan.plan.frees)
    const before = readDiskUsage()
    const job = await cleaner.execute(storedPlan)
    expect(job).toMatchObject({ state: 'done', subject: { kind: 'build-cache', promised: storedPlan.plan.frees } })
    expect(job.items.map(({ state }) => state)).toEqual(storedPlan.plan.deletes.map(() => 'done'))
    expect(await listedIds()).toEqual([])
    expect(job.subject).toMatchObject({ freed: storedPlan.plan.frees })
    await expectFreed(before, storedPlan.plan.frees)
  })

  test('records that an image needs are not removed, and the image can still be saved', async () => {
    build(engine, 'needed', [5_000_000, 4_000])
    const before = await engine.docker.getImage('needed').inspect()
    const archiveSize = await archiveSizeOf('needed')
    const storedPlan = await planWhenIdle()
    const shared = (await records(engine)).filter(({ Shared }) => Shared).map(({ ID }) => ID)
    expect(sortedIds(storedPlan.plan.deletes).filter((id) => shared.includes(id))).toEqual([])
    expect(sortedIds(storedPlan.plan.stays)).toEqual(expect.arrayContaining(shared))
    const usedBefore = readDiskUsage()
    expect(await cleaner.execute(storedPlan)).toMatchObject({
      state: 'done',
      subject: { freed: storedPlan.plan.frees },
    })
    await expectFreed(usedBefore, storedPlan.plan.frees)
    expect(await listedIds()).toEqual(sortedIds(storedPlan.plan.stays))
    expect((await engine.docker.getImage('needed').inspect()).RootFS).toEqual(before.RootFS)
    expect(await archiveSizeOf('needed')).toBe(archiveSize)
  })

  test('after the job is cancelled, the remaining records are not removed and are reported as skipped', async () => {
    build(engine, 'one', [20_000, 30_000, 40_000, 50_000])
    await removeImages()
    const storedPlan = await planWhenIdle()
    const id = await cleaner.start(storedPlan)
    cleaner.cancel(id)
    const job = await cleaner.waitForEnd(id)
    expect(job.state).toBe('cancelled')
    const doneCount = job.items.filter(({ state }) => state === 'done').length
    expect(doneCount).toBeLessThan(storedPlan.plan.deletes.length)
    expect(await listedIds()).toHaveLength(storedPlan.plan.deletes.length - doneCount)
    expect(job.items.filter(({ state }) => state === 'skipped')).toHaveLength(
      storedPlan.plan.deletes.length - doneCount,
    )
  })

  test('a plan is refused after a later build, after an earlier refusal, or if it is not the newest', async () => {
    build(engine, 'one', [20_000])
    await removeImages()
    const storedPlan = await planWhenIdle()
    build(engine, 'two', [30_000])
    await removeImages()
    const before = await listedIds()
    expect(await cleaner.apply(storedPlan)).toEqual({ ok: false, error: { code: 'plan-outdated' } })
    expect(await cleaner.apply(storedPlan)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    expect(await listedIds()).toEqual(before)
    const [older, newer] = [await cleaner.plan(), await cleaner.plan()]
    expect(await cleaner.apply(older)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    expect(await cleaner.execute(newer)).toMatchObject({ state: 'done' })
    expect(await listedIds()).toEqual([])
  })

  test('the job stops if the engine removes more than the one record that was requested', async () => {
    build(engine, 'one', [20_000])
    build(engine, 'two', [30_000])
    await removeImages()
    const proxy = await openFilterlessProxy(engine.socket)
    const cleanerOverProxy = await openCacheCleaner(proxy.socket)
    try {
      const storedPlan = await cleanerOverProxy.plan()
      const job = await cleanerOverProxy.execute(storedPlan)
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'cache-more-removed' } })
      expect(job.items.slice(1).every(({ state }) => state === 'skipped')).toBe(true)
    } finally {
      await cleanerOverProxy.stop()
      proxy.stop()
    }
  })
})
