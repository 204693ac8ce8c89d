/** The mirrors in force, read again whenever the engine has taken up its configuration. */
import { setTimeout as delay } from 'node:timers/promises'
import type { EngineSession } from '../api/session.ts'
import { readMirrors } from '../api/system.ts'

/** An engine may tell of its reload some milliseconds before it has the new mirrors (26.1, one time in 150: tried). */
const settledAfterMs = 500

/** @returns what is to be called when the engine has reloaded */
export function mirrorsReader(
  session: EngineSession,
  read: (mirrors: readonly string[]) => void,
  signal: AbortSignal,
): () => void {
  let latest = 0
  async function reloaded() {
    const request = ++latest
    try {
      for (const waitMs of [0, settledAfterMs]) {
        await delay(waitMs, undefined, { signal })
        const mirrors = await readMirrors(session)
        // Only the last of several counts.
        if (request !== latest) return
        read(mirrors)
      }
    } catch {
      // An engine that went away meanwhile is told of by its events.
    }
  }
  return () => void reloaded()
}
