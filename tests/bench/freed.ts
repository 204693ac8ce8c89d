import type { WishRow } from '../../model/removal.ts'
import { startEngine } from '../../tools/world/engine.ts'
import { openCleaner, taken } from '../engine/cleaner.ts'
import { chance, growForest } from '../engine/forest.ts'
import type { Measure, Outcome } from './measure.ts'
import { versions } from './stage.ts'

const sets = 200
const images = 300

export const freed: Measure = {
  name: 'freed',
  what: `bytes promised by the plans of ${sets} random sets of ${images} images, against the engine's own account`,
  async run(stage) {
    const outcomes: Outcome[] = []
    for (const version of versions) outcomes.push(await measure(version, stage.say))
    return outcomes
  },
}

async function measure(version: (typeof versions)[number], say: (words: string) => void): Promise<Outcome> {
  const random = chance(11)
  const engine = await startEngine({ version, store: 'classic' })
  try {
    await growForest(engine.docker, images, random)
    const cleaner = await openCleaner(engine)
    try {
      let [exact, within, wrong] = [0, 0, 0]
      for (let set = 0; set < sets; set++) {
        const wish = (): WishRow[] =>
          cleaner.engine.live
            .snapshot()
            .images.flatMap(({ id, references }): WishRow[] =>
              references.length > 0 ? references.map((reference) => ({ image: id, reference })) : [{ image: id }],
            )
        const rows = wish()
        if (rows.length === 0) break
        const chosen = rows.filter(() => random(Math.ceil(rows.length / 2)) === 0)
        const kept = await cleaner.plan(chosen.length > 0 ? chosen : [rows[random(rows.length)]!])
        const before = await taken(engine)
        await cleaner.carryOut(kept)
        const bytes = before - (await taken(engine))
        const { min, max } = kept.plan.frees
        if (bytes < min || bytes > max) wrong++
        else if (min === max) exact++
        else within++
        await cleaner.catchUp()
      }
      say(`${engine.version}: ${exact + within + wrong} sets removed`)
      return {
        name: `freed (${engine.version.replace(/\.\d+$/, '')})`,
        value: wrong,
        reference: null,
        goal: 'equal, or within the range where one was shown',
        pass: wrong === 0 && exact > 0,
        says: `${exact} sets to the byte, ${within} within their range, ${wrong} off`,
      }
    } finally {
      await cleaner.stop()
    }
  } finally {
    await engine.stop()
  }
}
