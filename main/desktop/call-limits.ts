/** How many calls a page may make. The limits are far above what the app's own page needs, and keep main responsive. */

/** Calls that a page may make at once, and how many it may make per second after that. */
const maxBurst = 2000
const callsPerSecond = 500
/** Unanswered calls of one name. */
const maxPending = 300

/** @param now the time in milliseconds, from a clock that never goes back */
export function callLimits(now: () => number) {
  let available = maxBurst
  let updatedAt = now()
  const pending = new Map<string, number>()

  /** @returns the function to call after the answer; undefined if the call is to be refused */
  return function admit(name: string): (() => void) | undefined {
    const time = now()
    available = Math.min(maxBurst, available + ((time - updatedAt) / 1000) * callsPerSecond)
    updatedAt = time
    const count = pending.get(name) ?? 0
    if (available < 1 || count >= maxPending) return undefined
    available--
    pending.set(name, count + 1)
    return () => void pending.set(name, (pending.get(name) ?? 1) - 1)
  }
}
