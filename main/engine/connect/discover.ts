/** Finds an engine that answers. */
import type { EngineContext, EngineFailure } from '../../../preload/contract/index.ts'
import { connect, type Connection } from './connection.ts'
import { findCandidates, toEngineContext, type HostEnvironment } from './candidates.ts'

interface DiscoveryFailure {
  readonly failure: EngineFailure
  readonly context?: EngineContext
}
type DiscoveryResult =
  { readonly ok: true; readonly value: Connection } | { readonly ok: false; readonly error: DiscoveryFailure }

interface DiscoveryOptions {
  /** The context that the user chose. */
  readonly chosen?: string | undefined
  /** Aborts the search. */
  readonly signal?: AbortSignal
}

/** @returns a connection to the first candidate that answers. If none answers, the most informative failure. */
export async function discoverEngine(
  environment: HostEnvironment,
  { chosen, signal = new AbortController().signal }: DiscoveryOptions = {},
): Promise<DiscoveryResult> {
  const candidates = findCandidates(environment, chosen)
  if (!candidates.ok) return { ok: false, error: { failure: candidates.error } }
  let mostInformative: DiscoveryFailure | undefined
  for (const candidate of candidates.value) {
    const connection = await connect(candidate, signal, environment.env)
    if (connection.ok) return connection
    if (!mostInformative || saysMore(connection.error, mostInformative.failure))
      mostInformative = { failure: connection.error, context: toEngineContext(candidate) }
  }
  return { ok: false, error: mostInformative! }
}

/**
 * A socket that refuses connections says more than a missing one. Only the system's Podman, which keeps every user out,
 * says less than a Docker that is installed but has not been started.
 */
function saysMore(failure: EngineFailure, earlier: EngineFailure): boolean {
  if (earlier.code !== 'engine-not-found' || failure.code === 'engine-not-found') return false
  const isInstalled = earlier.kind?.type === 'system' && earlier.kind.installed
  return !(isInstalled && failure.code === 'engine-permission' && failure.kind?.type === 'podman')
}
