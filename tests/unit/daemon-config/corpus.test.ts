import { expect, test } from 'vitest'
import { daemonFaults } from '../../../model/daemon-config/faults.ts'
import { planRepair } from '../../../model/daemon-config/repair.ts'
import { hasSameContent } from '../../../model/daemon-config/same-content.ts'
import { readDaemonCorpus } from '../../corpus/daemon-json.ts'

const corpus = readDaemonCorpus()

test.each(corpus)(
  'a file from the wild has these faults and this repair: $title',
  ({ text, flags, faults, repair }) => {
    const list = (major: number) =>
      daemonFaults(text, { major, flags })
        .map(({ code, place }) => `${code} ${place!.line}:${place!.column}`)
        .join(', ') || 'starts'
    expect({ 20: list(20), 23: list(26) }).toEqual(faults)

    const plans = [20, 26].map((major) => planRepair(text, { major, flags }))
    const plan = plans.find((item) => item.faults.length > 0)
    const kind = plan?.change && (plan.isMend ? 'mend' : 'commands')
    expect(!plan ? 'nothing' : kind ? `${kind} ${plan.change!.after}` : 'none').toBe(repair)
    const after = plan?.isMend ? plan.change!.after : text
    expect(hasSameContent(text, after)).toBe(true)
  },
)
