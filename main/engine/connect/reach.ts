/** Finding an engine that answers. */
import type { EngineContext, EngineFailure } from '../../../preload/contract/index.ts'
import { connect, type Connection } from './connection.ts'
import { findCandidates, summary, type Surroundings } from './contexts.ts'

interface Missed {
  readonly failure: EngineFailure
  readonly context?: EngineContext
}
type Reached = { readonly ok: true; readonly value: Connection } | { readonly ok: false; readonly error: Missed }

interface Wish {
  /** The context that the user chose. */
  readonly chosen?: string | undefined
  /** Ends the search, and the connection that came of it. */
  readonly signal?: AbortSignal
}

/** The first engine that answers; where none does, why the best of them does not. */
export async function reach(
  surroundings: Surroundings,
  { chosen, signal = new AbortController().signal }: Wish = {},
): Promise<Reached> {
  const candidates = findCandidates(surroundings, chosen)
  if (!candidates.ok) return { ok: false, error: { failure: candidates.error } }
  let missed: Missed | undefined
  for (const candidate of candidates.value) {
    const connection = await connect(candidate, signal)
    if (connection.ok) return connection
    // A socket that is there and refuses tells more than one that is missing.
    if (!missed || (missed.failure.code === 'engine-not-found' && connection.error.code !== 'engine-not-found'))
      missed = { failure: connection.error, context: summary(candidate) }
  }
  return { ok: false, error: missed! }
}
