import { startEngine, type EngineOptions } from '../../tools/world/engine.ts'
import { openRemovalApp, measureDiskUsage } from '../engine/removal/removal-app.ts'
import { seededRandom, loadImageForest } from '../engine/removal/image-forest.ts'
import { allEngines } from '../engine/matrix.ts'
import type { Benchmark, BenchmarkResult } from './benchmark.ts'

const maxSets = 200
const classicImages = 300
/** Fewer images, because the more images the containerd store has, the longer it takes to load another one. */
const containerdImages = 100

export const freed: Benchmark = {
  name: 'freed',
  description: `up to ${maxSets} removals of random images, from ${classicImages} images (${containerdImages} in the containerd store): bytes that the plans predict, against the bytes freed`,
  async run(environment) {
    const results: BenchmarkResult[] = []
    for (const engineOptions of allEngines) results.push(await measure(engineOptions, environment.log))
    return results
  },
}

async function measure(engineOptions: EngineOptions, log: (message: string) => void): Promise<BenchmarkResult> {
  const random = seededRandom(11)
  const engine = await startEngine(engineOptions)
  try {
    const imageCount = engineOptions.store === 'classic' ? classicImages : containerdImages
    await loadImageForest(engine.docker, imageCount, random)
    const app = await openRemovalApp(engine)
    try {
      let [exact, withinRange, outsideRange] = [0, 0, 0]
      for (let set = 0; set < maxSets; set++) {
        const rows = app.rows()
        if (rows.length === 0) break
        const selectedRows = rows.filter(() => random(Math.ceil(rows.length / 2)) === 0)
        const storedPlan = await app.plan(selectedRows.length > 0 ? selectedRows : [rows[random(rows.length)]!])
        const blobs = app.referencedBlobs()
        const before = await measureDiskUsage(engine, blobs)
        await app.executePlan(storedPlan)
        const freedBytes = before - (await measureDiskUsage(engine, blobs))
        const { min, max } = storedPlan.plan.frees
        if (freedBytes < min || freedBytes > max) {
          outsideRange++
          log(`wrong: ${freedBytes} bytes freed, ${min} to ${max} predicted`)
        } else if (min === max) exact++
        else withinRange++
        await app.catchUp()
      }
      const name = `${engine.version.replace(/\.\d+$/, '')} ${engine.store}`
      log(`${name}: ${exact + withinRange + outsideRange} sets removed`)
      return {
        name: `freed (${name})`,
        value: outsideRange,
        reference: null,
        goal: 'equal to the prediction, or within its range',
        pass: outsideRange === 0 && exact + withinRange > 0,
        summary: `${exact} sets equal to the byte, ${withinRange} within the range, ${outsideRange} wrong`,
      }
    } finally {
      await app.stop()
    }
  } finally {
    await engine.stop()
  }
}
