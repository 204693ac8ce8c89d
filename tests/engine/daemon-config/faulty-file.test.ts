/** Each line of the corpus of daemon.json, on real engines: does Docker start, and does it start after the repair. */
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { daemonFaults } from '../../../model/daemon-config/faults.ts'
import { planRepair } from '../../../model/daemon-config/repair.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { readDaemonCorpus } from '../../corpus/daemon-json.ts'
import { write } from './helper-tools.ts'

describe.each([
  { version: '20.10', major: 20 },
  { version: '26.1', major: 26 },
] as const)('Docker $version', ({ version, major }) => {
  let engine: Engine
  /** The flags with which the world starts dockerd. */
  let flags: readonly string[]
  beforeAll(async () => {
    engine = await startEngine({ version, store: 'classic', asInstalled: true })
    flags = readFileSync(`/proc/${engine.pid}/cmdline`, 'utf8').split('\0').slice(1, -1)
  })
  afterAll(async () => {
    await engine?.stop()
  })

  async function starts(text: string): Promise<boolean> {
    if (engine.running) await engine.shutDown()
    write(text)
    return engine.restart().then(
      () => true,
      () => false,
    )
  }

  test.each(readDaemonCorpus())('$title', { timeout: 120_000 }, async ({ text }) => {
    const { faults, change, remaining } = planRepair(text, { major, flags })
    expect(await starts(text)).toBe(faults.length === 0)
    if (!change) return
    expect(daemonFaults(change.after, { major, flags })).toEqual(remaining)
    expect(await starts(change.after)).toBe(remaining.length === 0)
  })
})
