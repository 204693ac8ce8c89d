/** What an engine said about itself stays true after it has stopped. */
import { isDeepStrictEqual } from 'node:util'
import type { EngineKind } from '../../model/engine/kind.ts'
import type { EngineContext, EngineState } from '../../preload/contract/index.ts'

type Away = Extract<EngineState, { status: 'away' }>

/**
 * Corrects the kind of an engine that does not answer, if its address alone does not tell the kind.
 * @param last the result of `correctionOf` for the engine that was connected last
 */
export function withKnownKind(state: Away, last: EngineContext | undefined): Away {
  const { context, failure } = state
  if (!context || last?.endpoint !== context.endpoint) return state
  if (context.kind.type !== 'system' && context.kind.type !== 'unknown') return state
  const { local } = last
  const kind = withNewFacts(last.kind, context.kind)
  return {
    ...state,
    context: { ...context, kind, local },
    failure: 'endpoint' in failure ? { ...failure, kind } : failure,
  }
}

/**
 * @param found the context as its address shows it
 * @param connected the same context with what the connected engine said
 * @returns `connected` if the engine is of another kind than its address shows
 */
export const correctionOf = (found: EngineContext, connected: EngineContext): EngineContext | undefined =>
  isDeepStrictEqual(found.kind, connected.kind) ? undefined : connected

/** The user may have installed Docker or joined the group since the engine was connected. */
function withNewFacts(known: EngineKind, found: EngineKind): EngineKind {
  if (found.type !== 'system') return known
  // The engine ran, so it is installed, even in a folder where dockerd is not looked for.
  if (known.type === 'system') return { ...found, installed: true }
  return known.type === 'snap' ? { type: 'snap', ...(found.group && { group: found.group }) } : known
}

/** The part of a context that failures name. */
export const engineOf = ({ endpoint, kind }: EngineContext) => ({ endpoint, kind })
