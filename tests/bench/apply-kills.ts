import { startEngine } from '../../tools/world/engine.ts'
import { installInWorld } from '../../tools/world/polkit.ts'
import { cutting, stories } from '../engine/daemon-config/cut-helper.ts'
import { rootSide } from '../engine/daemon-config/helper-side.ts'
import type { Measure } from './measure.ts'
import { quantile } from './measure.ts'

const kills = 1_000
const { backUp, begin, cutAfter, faultAfterCut } = cutting(rootSide)

export const applyKills: Measure = {
  name: 'apply-kills',
  what: `kill -9 of the root helper at ${kills} random instants of a change of mirrors: what is wrong afterwards`,
  async run(stage) {
    const uninstall = installInWorld()
    const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
    try {
      await backUp(engine)
      const whole: number[] = []
      for (const story of stories) whole.push(await lengthOf(story))
      const faults: string[] = []
      let cut = 0
      for (let kill = 0; kill < kills; kill++) {
        const at = kill % stories.length
        const story = stories[at]!
        await begin(engine, story)
        if ((await cutAfter(Math.random() * whole[at]!, story)) === undefined) cut++
        const fault = await faultAfterCut(engine, story, story.end === 'keep')
        if (fault) faults.push(`${story.title}: ${fault}`)
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

      /** How long a story takes when nobody ends it: the median of five. */
      async function lengthOf(story: (typeof stories)[number]): Promise<number> {
        const times: number[] = []
        for (let time = 0; time < 5; time++) {
          await begin(engine, story)
          const from = performance.now()
          await cutAfter(60_000, story)
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
