import { startEngine } from '../../tools/world/engine.ts'
import { installInWorld } from '../../tools/world/polkit.ts'
import { crashTools, scenarios } from '../engine/daemon-config/killed-helper.ts'
import { rootSide } from '../engine/daemon-config/helper-tools.ts'
import type { Measure } from './measure.ts'
import { quantile } from './measure.ts'

const kills = 1_000
const { createBackup, prepare, killAfter, findFault } = crashTools(rootSide)

export const applyKills: Measure = {
  name: 'apply-kills',
  what: `kill -9 of the root helper at ${kills} random instants of a change of mirrors: what is wrong afterwards`,
  async run(stage) {
    const uninstall = installInWorld()
    const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
    try {
      await createBackup(engine)
      const durations: number[] = []
      for (const scenario of scenarios) durations.push(await lengthOf(scenario))
      const faults: string[] = []
      let cut = 0
      for (let kill = 0; kill < kills; kill++) {
        const at = kill % scenarios.length
        const scenario = scenarios[at]!
        await prepare(engine, scenario)
        if ((await killAfter(Math.random() * durations[at]!, scenario)) === undefined) cut++
        const fault = await findFault(engine, scenario, scenario.end === 'keep')
        if (fault) faults.push(`${scenario.title}: ${fault}`)
        if (fault || kill % 100 === 99) stage.say(fault ?? `${kill + 1} killed, ${faults.length} wrong`)
      }
      return [
        {
          name: 'apply-kills',
          value: faults.length,
          reference: null,
          goal: 'file whole, Docker up, each time',
          pass: faults.length === 0 && cut > kills / 2,
          says: `${cut} of ${kills} ended in the middle, ${faults.length} left something wrong`,
        },
      ]

      /** How long a scenario takes when the helper is not killed: the median of five runs. */
      async function lengthOf(scenario: (typeof scenarios)[number]): Promise<number> {
        const times: number[] = []
        for (let time = 0; time < 5; time++) {
          await prepare(engine, scenario)
          const from = performance.now()
          await killAfter(60_000, scenario)
          times.push(performance.now() - from)
        }
        return quantile(times, 0.5)
      }
    } finally {
      await engine.stop()
      uninstall()
    }
  },
}
