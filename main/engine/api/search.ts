/** The engine's own search of Docker Hub. */
import type * as v from 'valibot'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'

/** The engine asks Docker Hub, through its own proxy. Timeout: as given. */
export const searchImages = <Schema extends v.GenericSchema>(
  session: EngineSession,
  schema: Schema,
  { term, limit, timeoutMs, signal }: { term: string; limit: number; timeoutMs: number; signal?: AbortSignal },
) => ask(session, schema, { path: '/images/search', query: { term, limit }, timeoutMs, signal })
