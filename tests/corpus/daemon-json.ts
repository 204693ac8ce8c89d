/** The corpus of daemon.json: texts, the flags of Docker's unit, and what Slipway makes of them. */
import { readCorpus } from './corpus.ts'

export interface DaemonCase {
  readonly title: string
  readonly text: string
  /** The flags that the unit has, besides. */
  readonly flags: readonly string[]
  /** Faults as `code line:column`, on an old and on a new engine. */
  readonly faults: Readonly<Record<20 | 23, string>>
  /** `nothing`, `none` (cannot be repaired), or `mend` or `commands` with the repaired text. */
  readonly repair: string
}

type Column = 'content' | 'dockerd does' | 'Slipway should' | 'source' | 'slipway'

export const readDaemonCorpus = (): readonly DaemonCase[] =>
  readCorpus<Column>('daemon-json').map(({ content, slipway }) => {
    const [, text = '', unit = ''] = /^(.*?)(?: \(unit has (.*)\))?$/s.exec(content)!
    const [, old = '', current = '', repair = ''] = /^20\.10 (.*) \| 23 (.*) \| (.*)$/s.exec(slipway)!
    const flags = unit === '' ? [] : unit.split(' ')
    return { title: JSON.stringify(content), text, flags, faults: { 20: old, 23: current }, repair }
  })
