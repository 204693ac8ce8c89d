/** The engine's search of Docker Hub. Source: Docker Engine API, ImageSearch. */
import type * as v from 'valibot'
import { ask } from './request.ts'
import type { EngineSession } from './session.ts'

/** Searches Docker Hub from the engine, through the engine's proxy. @returns the reply, parsed by `schema` */
export const searchImages = <Schema extends v.GenericSchema>(
  session: EngineSession,
  schema: Schema,
  { term, limit, timeoutMs, signal }: { term: string; limit: number; timeoutMs: number; signal?: AbortSignal },
) => ask(session, schema, { path: '/images/search', query: { term, limit }, timeoutMs, signal })
