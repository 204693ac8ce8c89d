/** What an engine said about itself stays true after it has stopped. */
import type { EngineContext, EngineState } from '../../preload/contract/index.ts'

type Away = Extract<EngineState, { status: 'away' }>

/**
 * Corrects the kind of an engine that does not answer, if its address alone does not tell the kind.
 * @param last the context of the engine that was connected last, with the kind that the engine reported
 */
export function withKnownKind(state: Away, last: EngineContext | undefined): Away {
  const { context, failure } = state
  if (!context || last?.endpoint !== context.endpoint) return state
  if (context.kind.type !== 'system' && context.kind.type !== 'unknown') return state
  const { kind, local } = last
  return {
    ...state,
    context: { ...context, kind, local },
    failure: 'endpoint' in failure ? { ...failure, kind } : failure,
  }
}

/** The part of a context that failures name. */
export const engineOf = ({ endpoint, kind }: EngineContext) => ({ endpoint, kind })
