/** After each reload of the engine's configuration, reads the registry mirrors that are in force. */
import { setTimeout as delay } from 'node:timers/promises'
import type { EngineSession } from '../api/session.ts'
import { readMirrors } from '../api/system.ts'

/** The engine may send the reload event milliseconds before the new mirrors are in force (26.1, 1 of 150 reloads). */
const secondReadDelayMs = 500

/** @returns a function to call after each reload of the engine. A failed read is ignored. */
export function mirrorsReader(
  session: EngineSession,
  onMirrors: (mirrors: readonly string[]) => void,
  signal: AbortSignal,
): () => void {
  let latest = 0
  async function readTwice() {
    const reloadNumber = ++latest
    try {
      for (const waitMs of [0, secondReadDelayMs]) {
        await delay(waitMs, undefined, { signal })
        const mirrors = await readMirrors(session)
        // A later reload supersedes this one.
        if (reloadNumber !== latest) return
        onMirrors(mirrors)
      }
    } catch {
      // If the engine has stopped, the end of its event stream reports that.
    }
  }
  return () => void readTwice()
}
