/** Delays after failed attempts, for example to connect to an engine. */
import { statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { configProblem, findCandidates, type HostEnvironment } from './candidates.ts'

const initialDelayMs = 500
const defaultMaxDelayMs = 30_000
const checkIntervalMs = 500

/** Delays that double: 0.5 s, 1 s, 2 s … 30 s. */
export class Backoff {
  /** Failures in a row. */
  failures = 0
  readonly #maxDelayMs

  constructor(maxDelayMs = defaultMaxDelayMs) {
    this.#maxDelayMs = maxDelayMs
  }

  /** Counts a failure. @returns the delay before the next attempt, in milliseconds */
  next(): number {
    return Math.min(this.#maxDelayMs, initialDelayMs * 2 ** this.failures++)
  }
  reset() {
    this.failures = 0
  }
}

/** @returns a value that changes when a candidate, its socket or Docker's settings change. Sends no request to an engine. */
export function engineFingerprint(environment: HostEnvironment, chosen: string | undefined): unknown {
  const found = findCandidates(environment, chosen)
  const engines = found.ok
    ? found.value.map((candidate) => ({ ...candidate, socket: socketFingerprint(candidate.endpoint) }))
    : found
  return { engines, configProblem: configProblem(environment) }
}

/**
 * @returns a text that changes when the socket file is replaced or changed, or becomes reachable; undefined if there is no
 * socket file
 */
export function socketFingerprint(endpoint: string): string | undefined {
  if (!endpoint.startsWith('unix://')) return undefined
  try {
    const file = statSync(endpoint.slice('unix://'.length), { throwIfNoEntry: false, bigint: true })
    return file && `${file.ino} ${file.ctimeNs}`
  } catch (error) {
    // The folder may be closed to this user, as the one of the system's Podman is.
    return (error as NodeJS.ErrnoException).code
  }
}

interface RetryOptions {
  readonly backoff: Backoff
  /** Returns a comparable value, such as `engineFingerprint`. */
  readonly fingerprint: () => unknown
  /** The value of `fingerprint` before the failed attempt. */
  readonly before: unknown
  readonly signal: AbortSignal
}

/**
 * Waits for the back-off, but only until `signal` aborts or `fingerprint` changes. A change (of a socket or of the Docker
 * configuration) also resets the back-off.
 */
export async function awaitRetry({ backoff, fingerprint, before, signal }: RetryOptions): Promise<void> {
  for (let remainingMs = backoff.next(); remainingMs > 0 && !signal.aborted; remainingMs -= checkIntervalMs) {
    if (!isDeepStrictEqual(fingerprint(), before)) return backoff.reset()
    await delay(Math.min(remainingMs, checkIntervalMs), undefined, { signal }).catch(() => undefined)
  }
}
