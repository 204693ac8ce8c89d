/** How long to wait before something that failed is tried again. */
import { statSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { findCandidates, type Surroundings } from './contexts.ts'

const firstMs = 500
const longestMs = 30_000
const checkEveryMs = 500

/** Waiting times that double: 0.5 s, 1 s, 2 s … 30 s. */
export class Backoff {
  /** Failures in a row. */
  failures = 0
  readonly #longestMs

  constructor(maxMs = longestMs) {
    this.#longestMs = maxMs
  }

  /** Counts a failure and returns how many milliseconds to wait after it. */
  next(): number {
    return Math.min(this.#longestMs, firstMs * 2 ** this.failures++)
  }
  reset() {
    this.failures = 0
  }
}

/** The engines that may be tried, each with the state of its socket: reading them asks no engine. */
export function engineTraces(surroundings: Surroundings, chosen: string | undefined): unknown {
  const found = findCandidates(surroundings, chosen)
  return found.ok ? found.value.map((candidate) => ({ ...candidate, socket: socketTrace(candidate.endpoint) })) : found
}

/** Another text whenever the socket of an endpoint is another one; undefined if there is none. */
export function socketTrace(endpoint: string): string | undefined {
  if (!endpoint.startsWith('unix://')) return undefined
  const file = statSync(endpoint.slice('unix://'.length), { throwIfNoEntry: false, bigint: true })
  return file && `${file.ino} ${file.ctimeNs}`
}

interface Wait {
  readonly backoff: Backoff
  /** What `engineTraces` returns now. */
  readonly traces: () => unknown
  /** What it returned before the engine was tried. */
  readonly before: unknown
  readonly signal: AbortSignal
}

/** Resolves after the back-off; at once, with the back-off reset, when a socket or Docker's configuration changes. */
export async function untilRetry({ backoff, traces, before, signal }: Wait): Promise<void> {
  for (let restMs = backoff.next(); restMs > 0 && !signal.aborted; restMs -= checkEveryMs) {
    if (!isDeepStrictEqual(traces(), before)) return backoff.reset()
    await delay(Math.min(restMs, checkEveryMs), undefined, { signal }).catch(() => undefined)
  }
}
