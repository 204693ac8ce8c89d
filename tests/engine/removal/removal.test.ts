import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Choice } from '../../../model/removal/plan.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { foreseen, openCleaner, present, taken, type Cleaner } from './cleaner.ts'
import { chance, growForest } from './forest.ts'
import { matrix, missing } from '../matrix.ts'

for (const name of missing) test.skip(`${name}: this engine cannot be had on this machine`, () => {})

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let cleaner: Cleaner
  const random = chance(7)

  beforeAll(async () => {
    engine = await startEngine(wish)
    // The containerd store's lists take so long that a smaller forest must do.
    await growForest(engine.docker, wish.store === 'classic' ? 60 : 16, random)
    cleaner = await openCleaner(engine)
  })
  afterAll(async () => {
    await cleaner?.stop()
    await engine?.stop()
    if (cleaner) rmSync(cleaner.folder, { recursive: true })
  })

  test('every set of images leaves what its plan foresaw, and frees what it promised', async () => {
    for (let round = 0; round < (wish.store === 'classic' ? 5 : 2); round++) {
      const wished = cleaner.rows().filter(() => random(5) === 0)
      const choices = Object.fromEntries(
        [...cleaner.engine.live.containers().keys()].map((id): [string, Choice] => [
          id,
          random(3) === 0 ? 'remove' : 'keep',
        ]),
      )
      const kept = await cleaner.plan(wished, choices)
      const content = cleaner.content()
      const [before, bytes] = [await present(engine), await taken(engine, content)]
      const job = await cleaner.carryOut(kept)
      expect(job.items.filter(({ state }) => state !== 'done')).toEqual([])
      expect(await present(engine)).toEqual(foreseen(before, kept.plan))

      const { min, max } = kept.plan.frees
      const freed = bytes - (await taken(engine, content))
      // In the containerd store a container has a snapshot of its own, which the account counts as a layer.
      const containers = wish.store === 'containerd' ? kept.plan.containers.length * 100_000 : 0
      expect(freed).toBeGreaterThanOrEqual(min)
      expect(freed).toBeLessThanOrEqual(max + containers)
      // What the app itself measures is the same; on 26.1's containerd store it knows of fewer blobs than lie there.
      const { freed: told } = job.subject as { freed?: number }
      expect(told).toBeGreaterThanOrEqual(min)
      expect(told).toBeLessThanOrEqual(freed)
      await cleaner.catchUp()
    }
  })

  test('everything can be removed at once: docker rmi $(docker images -q)', async () => {
    const choices = Object.fromEntries(
      [...cleaner.engine.live.containers().keys()].map((id): [string, Choice] => [id, 'remove']),
    )
    const kept = await cleaner.plan(cleaner.rows(), choices)
    expect(kept.plan.blocked.every(({ choice }) => choice === 'remove')).toBe(true)
    const job = await cleaner.carryOut(kept)
    expect(job.state).toBe('done')
    expect(await present(engine)).toEqual({ ids: new Set(), names: new Set() })
    expect(await taken(engine)).toBe(0)
  })
})
