import fc from 'fast-check'
import { test } from 'vitest'
import { startEngine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { actionArbitrary, box, perform } from './random-actions.ts'
import { matrix } from '../matrix.ts'
import { expectCaughtUp, eventually, watchEngine } from '../engine-window.ts'

/** The actions are the same in every run. SLIPWAY_SEED selects other actions, SLIPWAY_ROUNDS the number of rounds. */
const seed = Number(process.env['SLIPWAY_SEED'] ?? 20_261_124)
const rounds = fc.sample(fc.tuple(fc.boolean(), fc.array(actionArbitrary, { minLength: 12, maxLength: 12 })), {
  seed,
  numRuns: Number(process.env['SLIPWAY_ROUNDS'] ?? 6),
})

test.each(matrix)(
  '$title: after random actions of other clients, the list equals the engine’s',
  async (engineOptions) => {
    const engine = await startEngine(engineOptions)
    const served = watchEngine(engine.socket)
    try {
      await loadImages(engine.docker, [box])
      await eventually(() => served.window.complete)
      for (const [isConcurrent, actions] of rounds) {
        if (isConcurrent) await Promise.all(actions.map((action) => perform(engine.docker, action)))
        else for (const action of actions) await perform(engine.docker, action)
        // The app resyncs when the window gets the focus. It requests no list if the engine's events are complete.
        served.engine.resync()
        await expectCaughtUp(served, engine, `seed ${seed}: ${JSON.stringify(actions)}`)
      }
    } finally {
      await served.stop()
      await engine.stop()
    }
  },
)
