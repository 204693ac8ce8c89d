/** Compares the engine that Slipway shows with the one that `docker` uses in the user's terminal. */
import { realpathSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { EngineContext } from '../../../preload/contract/index.ts'
import { findCandidates, toEngineContext, type Candidate, type HostEnvironment } from './candidates.ts'
import type { ContextResult } from './docker-files.ts'

interface Engines {
  readonly environment: HostEnvironment
  readonly terminal: HostEnvironment
  /** The engine that Slipway shows; undefined if none is connected. */
  readonly shown: Candidate | undefined
}

/**
 * @returns the engine that `docker` uses in the terminal, or why it finds none; undefined if Slipway shows that engine, or
 * looks for it first
 */
export function otherEngine({ environment, terminal, shown }: Engines): ContextResult<EngineContext> | undefined {
  if (isDeepStrictEqual(terminal.env, environment.env)) return undefined
  const named = firstCandidate(terminal)
  const sought = firstCandidate(environment)
  if (!named.ok) return isDeepStrictEqual(named, sought) ? undefined : named
  const isNamed = (candidate: Candidate) => isDeepStrictEqual(addressOf(candidate), addressOf(named.value))
  if ((sought.ok && isNamed(sought.value)) || (shown && isNamed(shown))) return undefined
  return { ok: true, value: toEngineContext(named.value) }
}

/** Only the first one counts: the others are Slipway's own guesses, which `docker` does not try. */
function firstCandidate(environment: HostEnvironment): ContextResult<Candidate> {
  const found = findCandidates(environment)
  return found.ok ? { ok: true, value: found.value[0]! } : found
}

/** Two paths may lead to one socket: `/run/docker.sock` and `/var/run/docker.sock`. */
function addressOf({ endpoint, certificates }: Candidate) {
  if (!endpoint.startsWith('unix://')) return { endpoint, certificates }
  const path = endpoint.slice('unix://'.length)
  try {
    return { endpoint: `unix://${realpathSync(path)}`, certificates }
  } catch {
    return { endpoint, certificates }
  }
}
