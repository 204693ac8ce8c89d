/** Compares the engine that Slipway shows with the one that `docker` uses in the user's terminal. */
import { realpathSync } from 'node:fs'
import { isDeepStrictEqual } from 'node:util'
import type { EngineContext } from '../../../preload/contract/index.ts'
import { findCandidates, toEngineContext, type Candidate, type HostEnvironment } from './candidates.ts'
import type { ContextResult } from './docker-files.ts'

interface Engines {
  readonly environment: HostEnvironment
  readonly terminal: HostEnvironment
  /** The context that the user chose in Slipway. */
  readonly chosen: string | undefined
  /** The engine that Slipway shows; undefined if none is connected. */
  readonly shown: Candidate | undefined
}

/**
 * @returns the engine that `docker` uses in the terminal, or why it finds none; undefined if Slipway shows that engine, or
 * looks for it first and, with the terminal's environment, still finds the context that the user chose
 */
export function otherEngine({
  environment,
  terminal,
  chosen,
  shown,
}: Engines): ContextResult<EngineContext> | undefined {
  if (isDeepStrictEqual(terminal.env, environment.env)) return undefined
  const named = firstCandidate(terminal)
  const sought = firstCandidate(environment)
  if (!named.ok) return isDeepStrictEqual(named, sought) ? undefined : named
  const isNamed = (candidate: Candidate) => isDeepStrictEqual(addressOf(candidate), addressOf(named.value))
  const choiceIn = (place: HostEnvironment) => {
    const found = firstCandidate(place, chosen)
    return found.ok ? addressOf(found.value) : undefined
  }
  const keepsChoice = chosen === undefined || isDeepStrictEqual(choiceIn(environment), choiceIn(terminal))
  if ((sought.ok && isNamed(sought.value) && keepsChoice) || (shown && isNamed(shown))) return undefined
  return { ok: true, value: toEngineContext(named.value) }
}

/** @returns whether a context that the user chose is gone, or has another name now, as `system` has without DOCKER_HOST */
export function isLost(chosen: string | undefined, environment: HostEnvironment): boolean {
  if (chosen === undefined) return false
  const found = firstCandidate(environment, chosen)
  return found.ok ? found.value.name !== chosen : found.error.code === 'context-unknown'
}

/** Only the first one counts: the others are Slipway's own guesses, which `docker` does not try. */
function firstCandidate(environment: HostEnvironment, chosen?: string): ContextResult<Candidate> {
  const found = findCandidates(environment, chosen)
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
