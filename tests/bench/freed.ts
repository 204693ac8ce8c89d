import { startEngine, type EngineOptions } from '../../tools/world/engine.ts'
import { openRemovalApp, measureDiskUsage } from '../engine/removal/removal-app.ts'
import { seededRandom, loadImageForest } from '../engine/removal/image-forest.ts'
import { allEngines } from '../engine/matrix.ts'
import type { Measure, Outcome } from './measure.ts'

const sets = 200
const images = 300
/** The containerd store takes ever longer for each image that is loaded. */
const imagesThere = 100

export const freed: Measure = {
  name: 'freed',
  what: `bytes promised by the plans of up to ${sets} random sets of ${images} images (${imagesThere} in the containerd store), against the engine's own account`,
  async run(stage) {
    const outcomes: Outcome[] = []
    for (const engineOptions of allEngines) outcomes.push(await measure(engineOptions, stage.say))
    return outcomes
  },
}

async function measure(engineOptions: EngineOptions, say: (words: string) => void): Promise<Outcome> {
  const random = seededRandom(11)
  const engine = await startEngine(engineOptions)
  try {
    await loadImageForest(engine.docker, engineOptions.store === 'classic' ? images : imagesThere, random)
    const app = await openRemovalApp(engine)
    try {
      let [exact, within, wrong] = [0, 0, 0]
      for (let set = 0; set < sets; set++) {
        const rows = app.rows()
        if (rows.length === 0) break
        const chosen = rows.filter(() => random(Math.ceil(rows.length / 2)) === 0)
        const storedPlan = await app.plan(chosen.length > 0 ? chosen : [rows[random(rows.length)]!])
        const named = app.referencedBlobs()
        const before = await measureDiskUsage(engine, named)
        await app.executePlan(storedPlan)
        const bytes = before - (await measureDiskUsage(engine, named))
        const { min, max } = storedPlan.plan.frees
        if (bytes < min || bytes > max) {
          wrong++
          say(`off: ${bytes} freed, ${min} to ${max} promised`)
        } else if (min === max) exact++
        else within++
        await app.catchUp()
      }
      const name = `${engine.version.replace(/\.\d+$/, '')} ${engine.store}`
      say(`${name}: ${exact + within + wrong} sets removed`)
      return {
        name: `freed (${name})`,
        value: wrong,
        reference: null,
        goal: 'equal, or within the range where one was shown',
        pass: wrong === 0 && exact + within > 0,
        says: `${exact} sets to the byte, ${within} within their range, ${wrong} off`,
      }
    } finally {
      await app.stop()
    }
  } finally {
    await engine.stop()
  }
}
