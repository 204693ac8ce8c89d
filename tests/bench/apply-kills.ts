import { startEngine } from '../../tools/world/engine.ts'
import { installHelperInWorld } from '../../tools/world/polkit.ts'
import { crashTools, scenarios } from '../engine/daemon-config/killed-helper.ts'
import { rootScope } from '../engine/daemon-config/helper-tools.ts'
import type { Benchmark } from './benchmark.ts'
import { quantile } from './benchmark.ts'

const killCount = 1_000
const { createBackup, prepare, killAfter, findFault } = crashTools(rootScope)

export const applyKills: Benchmark = {
  name: 'apply-kills',
  description: `kill -9 of the root helper at ${killCount} random times during changes of mirrors: how many kills leave a fault`,
  async run(environment) {
    const uninstall = installHelperInWorld()
    const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
    try {
      await createBackup(engine)
      const durations: number[] = []
      for (const scenario of scenarios) durations.push(await measureDuration(scenario))
      const faults: string[] = []
      let interruptedCount = 0
      for (let kill = 0; kill < killCount; kill++) {
        const index = kill % scenarios.length
        const scenario = scenarios[index]!
        await prepare(engine, scenario)
        const finished = await killAfter(Math.random() * durations[index]!, scenario)
        if (finished === undefined) interruptedCount++
        const fault = await findFault(engine, scenario, scenario.end === 'keep')
        if (fault) faults.push(`${scenario.title}: ${fault}`)
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
      async function measureDuration(scenario: (typeof scenarios)[number]): Promise<number> {
        const samples: number[] = []
        for (let run = 0; run < 5; run++) {
          await prepare(engine, scenario)
          const start = performance.now()
          await killAfter(60_000, scenario)
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
