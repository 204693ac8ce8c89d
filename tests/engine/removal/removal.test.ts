import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Choice } from '../../../model/removal/plan.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { predictRemaining, openRemovalApp, listImages, measureDiskUsage, type RemovalApp } from './removal-app.ts'
import { seededRandom, loadImageForest } from './image-forest.ts'
import { matrix, missingEngines } from '../matrix.ts'

for (const name of missingEngines) test.skip(`${name}: this engine is not installed`, () => {})

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let app: RemovalApp
  const random = seededRandom(7)

  beforeAll(async () => {
    engine = await startEngine(engineOptions)
    // Fewer images in the containerd store, because it lists them slowly.
    await loadImageForest(engine.docker, engineOptions.store === 'classic' ? 60 : 16, random)
    app = await openRemovalApp(engine)
  })
  afterAll(async () => {
    await app?.stop()
    await engine?.stop()
    if (app) rmSync(app.folder, { recursive: true })
  })

  test('removing random images leaves the images that the plan says, and frees an amount in the plan’s range', async () => {
    for (let round = 0; round < (engineOptions.store === 'classic' ? 5 : 2); round++) {
      const selectedRows = app.rows().filter(() => random(5) === 0)
      const choices = Object.fromEntries(
        [...app.engine.live.containers().keys()].map((id): [string, Choice] => [
          id,
          random(3) === 0 ? 'remove' : 'keep',
        ]),
      )
      const storedPlan = await app.plan(selectedRows, choices)
      const blobs = app.referencedBlobs()
      const [imagesBefore, bytesBefore] = [await listImages(engine), await measureDiskUsage(engine, blobs)]
      const job = await app.executePlan(storedPlan)
      expect(job.items.filter(({ state }) => state !== 'done')).toEqual([])
      expect(await listImages(engine)).toEqual(predictRemaining(imagesBefore, storedPlan.plan))

      const { min, max } = storedPlan.plan.frees
      const freed = bytesBefore - (await measureDiskUsage(engine, blobs))
      // In the containerd store, a removed container also frees its snapshot. `docker system df` counts it as a layer.
      const snapshotBytes = engineOptions.store === 'containerd' ? storedPlan.plan.containers.length * 100_000 : 0
      expect(freed).toBeGreaterThanOrEqual(min)
      expect(freed).toBeLessThanOrEqual(max + snapshotBytes)
      // The app may report less than was freed: on 26.1's containerd store, it does not know every blob.
      const { freed: reported } = job.subject as { freed?: number }
      expect(reported).toBeGreaterThanOrEqual(min)
      expect(reported).toBeLessThanOrEqual(freed)
      await app.catchUp()
    }
  })

  test('all images can be removed at once, like docker rmi $(docker images -q)', async () => {
    const choices = Object.fromEntries(
      [...app.engine.live.containers().keys()].map((id): [string, Choice] => [id, 'remove']),
    )
    const storedPlan = await app.plan(app.rows(), choices)
    expect(storedPlan.plan.blocked.every(({ choice }) => choice === 'remove')).toBe(true)
    const job = await app.executePlan(storedPlan)
    expect(job.state).toBe('done')
    expect(await listImages(engine)).toEqual({ ids: new Set(), names: new Set() })
    expect(await measureDiskUsage(engine)).toBe(0)
  })
})
