/** Repeats work whose connection to the engine was lost. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Failure } from '../../preload/contract/index.ts'
import type { Lease } from './sessions.ts'

const lostConnectionCodes: readonly Failure['code'][] = ['engine-stopped', 'engine-not-found', 'engine-unreachable']
const maxAttempts = 3
/** The event stream, whose end ends the session, may end a moment after the request. */
const sessionEndTimeoutMs = 1_000

/**
 * Runs `attempt`. If the connection is lost, waits for the same engine and runs `attempt` again, so `attempt` must be
 * repeatable. Gives up if the engine does not return in time, or when `signal` aborts.
 * @returns the result of the last attempt
 */
export async function withReconnect<T>(
  lease: Lease,
  signal: AbortSignal,
  attempt: () => Promise<T>,
  failureOf: (result: T) => Failure | undefined,
): Promise<T> {
  for (let attempts = 1; ; attempts++) {
    const result = await attempt()
    const failure = failureOf(result)
    if (!failure || !lostConnectionCodes.includes(failure.code) || attempts === maxAttempts) return result
    const sessionEnded = AbortSignal.any([lease.session.signal, signal])
    await delay(sessionEndTimeoutMs, undefined, { signal: sessionEnded, ref: false }).catch(() => undefined)
    if (signal.aborted || !(await lease.awaitReconnect(signal))) return result
  }
}
