import fc from 'fast-check'
import { test } from 'vitest'
import { startEngine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { box, deed, perform } from './random-actions.ts'
import { matrix } from '../matrix.ts'
import { catchesUp, eventually, watchEngine } from '../engine-window.ts'

/** The same deeds each time; SLIPWAY_SEED=… tries others, SLIPWAY_ROUNDS=… more of them. */
const seed = Number(process.env['SLIPWAY_SEED'] ?? 20_261_124)
const rounds = fc.sample(fc.tuple(fc.boolean(), fc.array(deed, { minLength: 12, maxLength: 12 })), {
  seed,
  numRuns: Number(process.env['SLIPWAY_ROUNDS'] ?? 6),
})

test.each(matrix)('$title: whatever others do, the list ends as the engine’s own', async (engineOptions) => {
  const engine = await startEngine(engineOptions)
  const served = watchEngine(engine.socket)
  try {
    await loadImages(engine.docker, [box])
    await eventually(() => served.window.complete)
    for (const [together, deeds] of rounds) {
      if (together) await Promise.all(deeds.map((each) => perform(engine.docker, each)))
      else for (const each of deeds) await perform(engine.docker, each)
      // As when the user comes back to the window; an engine whose events are complete is not asked again.
      served.engine.resync()
      await catchesUp(served, engine, `seed ${seed}: ${JSON.stringify(deeds)}`)
    }
  } finally {
    await served.stop()
    await engine.stop()
  }
})
