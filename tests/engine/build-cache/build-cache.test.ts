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

  async function archiveBytes(name: string): Promise<number> {
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
   * Allows for BuildKit's own databases, which grow by some kilobytes, and waits, since containerd deletes files late.
   */
  async function expectFreed(before: number, promised: number) {
    await eventually(() => Math.abs(before - readDiskUsage() - promised) < promised * 0.01 + 150_000)
  }

  test('all unused records are removed one by one, and the promised space is freed', async () => {
    build(engine, 'one', [2_000_000, 3_000])
    build(engine, 'two', [1_000_000])
    await removeImages()
    await eventually(async () => (await records(engine)).every(({ Shared }) => !Shared))
    const stored = await planWhenIdle()
    expect(stored.plan.stays).toEqual([])
    expect(sortedIds(stored.plan.deletes)).toEqual(await listedIds())
    expect(stored.plan.frees).toBeGreaterThan(3_000_000)
    expect(stored.plan.deletes.reduce((sum, { size }) => sum + size, 0)).toBe(stored.plan.frees)
    const before = readDiskUsage()
    const job = await cleaner.execute(stored)
    expect(job).toMatchObject({ state: 'done', subject: { kind: 'build-cache', promised: stored.plan.frees } })
    expect(job.items.map(({ state }) => state)).toEqual(stored.plan.deletes.map(() => 'done'))
    expect(await listedIds()).toEqual([])
    expect(job.subject).toMatchObject({ freed: stored.plan.frees })
    await expectFreed(before, stored.plan.frees)
  })

  test('records that an image needs are not removed: the image can be saved as before', async () => {
    build(engine, 'needed', [5_000_000, 4_000])
    const before = await engine.docker.getImage('needed').inspect()
    const archived = await archiveBytes('needed')
    const stored = await planWhenIdle()
    const shared = (await records(engine)).filter(({ Shared }) => Shared).map(({ ID }) => ID)
    expect(sortedIds(stored.plan.deletes).filter((id) => shared.includes(id))).toEqual([])
    expect(sortedIds(stored.plan.stays)).toEqual(expect.arrayContaining(shared))
    const usedBefore = readDiskUsage()
    expect(await cleaner.execute(stored)).toMatchObject({ state: 'done', subject: { freed: stored.plan.frees } })
    await expectFreed(usedBefore, stored.plan.frees)
    expect(await listedIds()).toEqual(sortedIds(stored.plan.stays))
    expect((await engine.docker.getImage('needed').inspect()).RootFS).toEqual(before.RootFS)
    expect(await archiveBytes('needed')).toBe(archived)
  })

  test('after a cancel between two records, the remaining records are not removed and are reported as skipped', async () => {
    build(engine, 'one', [20_000, 30_000, 40_000, 50_000])
    await removeImages()
    const stored = await planWhenIdle()
    const id = await cleaner.start(stored)
    cleaner.cancel(id)
    const job = await cleaner.waitForEnd(id)
    expect(job.state).toBe('cancelled')
    const doneCount = job.items.filter(({ state }) => state === 'done').length
    expect(doneCount).toBeLessThan(stored.plan.deletes.length)
    expect(await listedIds()).toHaveLength(stored.plan.deletes.length - doneCount)
    expect(job.items.filter(({ state }) => state === 'skipped')).toHaveLength(stored.plan.deletes.length - doneCount)
  })

  test('a plan that a later build made outdated removes nothing, and a plan cannot be applied twice', async () => {
    build(engine, 'one', [20_000])
    await removeImages()
    const stored = await planWhenIdle()
    build(engine, 'two', [30_000])
    await removeImages()
    const before = await listedIds()
    expect(await cleaner.apply(stored)).toEqual({ ok: false, error: { code: 'plan-outdated' } })
    expect(await cleaner.apply(stored)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
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
      const stored = await cleanerOverProxy.plan()
      const job = await cleanerOverProxy.execute(stored)
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'cache-more-removed' } })
      expect(job.items.slice(1).every(({ state }) => state === 'skipped')).toBe(true)
    } finally {
      await cleanerOverProxy.stop()
      proxy.stop()
    }
  })
})
