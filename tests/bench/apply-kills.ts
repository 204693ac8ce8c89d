import { startEngine } from '../../tools/world/engine.ts'
import { installInWorld } from '../../tools/world/polkit.ts'
import { cutting, stories } from '../engine/daemon-config/cut-helper.ts'
import { rootSide } from '../engine/daemon-config/helper-side.ts'
import type { Benchmark } from './benchmark.ts'
import { quantile } from './benchmark.ts'

const killCount = 1_000
const { backUp, begin, cutAfter, faultAfterCut } = cutting(rootSide)

export const applyKills: Benchmark = {
  name: 'apply-kills',
  description: `kill -9 of the root helper at ${killCount} random times during changes of mirrors: faults afterwards`,
  async run(environment) {
    const uninstall = installInWorld()
    const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
    try {
      await backUp(engine)
      const durations: number[] = []
      for (const story of stories) durations.push(await measureDuration(story))
      const faults: string[] = []
      let interruptedCount = 0
      for (let kill = 0; kill < killCount; kill++) {
        const index = kill % stories.length
        const story = stories[index]!
        await begin(engine, story)
        const finished = await cutAfter(Math.random() * durations[index]!, story)
        if (finished === undefined) interruptedCount++
        const fault = await faultAfterCut(engine, story, story.end === 'keep')
        if (fault) faults.push(`${story.title}: ${fault}`)
        if (fault || kill % 100 === 99) environment.log(fault ?? `${kill + 1} kills, ${faults.length} faults`)
      }
      return [
        {
          name: 'apply-kills',
          value: faults.length,
          reference: null,
          goal: 'after each kill, the file is intact and Docker runs',
          pass: faults.length === 0 && interruptedCount > killCount / 2,
          summary: `${interruptedCount} of ${killCount} kills interrupted a change, ${faults.length} left a fault`,
        },
      ]

      /** The median duration in ms of five changes that are not killed. */
      async function measureDuration(story: (typeof stories)[number]): Promise<number> {
        const samples: number[] = []
        for (let run = 0; run < 5; run++) {
          await begin(engine, story)
          const start = performance.now()
          await cutAfter(60_000, story)
          samples.push(performance.now() - start)
        }
        return quantile(samples, 0.5)
      }
    } finally {
      await engine.stop()
      uninstall()
    }
  },
}
