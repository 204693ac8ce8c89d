/** One request to an engine: it ends with an answer, with its timeout, or with its session. */
import { addAbortListener } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type Docker from 'dockerode'
import * as v from 'valibot'
import { EngineError, engineFailure, statusOf } from './errors.ts'
import type { EngineSession } from './session.ts'

export type Query = Readonly<Record<string, unknown>>

/** Enough of a session to ask before the engine is known. */
export type Transport = Pick<EngineSession, 'docker' | 'context' | 'signal'>

export interface Request {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** Without the version; names are encoded by the caller. */
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  /** Sent as the body, as it comes. */
  readonly file?: Readable
  readonly headers?: Readonly<Record<string, string>>
  /** How long the engine may take to begin its answer; a whole reply is read within the same time. */
  readonly timeoutMs: number
  /** Gives the request up; its reason is thrown. */
  readonly signal?: AbortSignal | undefined
}

/** What most questions are answered within; the engine is local or near. */
export const usualTimeoutMs = 10_000

/** The body of the reply, parsed by `schema`. */
export async function ask<Schema extends v.GenericSchema>(
  session: Transport,
  schema: Schema,
  request: Omit<Request, 'timeoutMs'> & { readonly timeoutMs?: number },
): Promise<v.InferOutput<Schema>> {
  const body = await send(session, { timeoutMs: usualTimeoutMs, ...request })
  return v.parse(schema, body)
}

/** @returns undefined if the engine answers 404 */
export async function find<Schema extends v.GenericSchema>(
  session: Transport,
  schema: Schema,
  request: Omit<Request, 'timeoutMs'> & { readonly timeoutMs?: number },
): Promise<v.InferOutput<Schema> | undefined> {
  try {
    return await ask(session, schema, request)
  } catch (error) {
    if (statusOf(error) === 404) return undefined
    throw error
  }
}

/** The parsed JSON of the reply; undefined if the reply is empty. */
export async function send(session: Transport, request: Request): Promise<unknown> {
  const answer = await dial(session, request, {})
  if (!Buffer.isBuffer(answer)) return answer
  // docker-modem parses neither `null` nor an empty reply.
  const text = answer.toString().trim()
  return text === 'null' ? null : text === '' ? undefined : text
}

/** The reply as it comes, once the engine has begun it. */
export async function stream(session: Transport, request: Request): Promise<IncomingMessage> {
  return (await dial(session, request, { isStream: true })) as IncomingMessage
}

/** A connection to the engine that both sides write to. */
export async function hijack(session: Transport, request: Request, openStdin = true): Promise<Duplex> {
  // A request that stays open is sent only once it has a body: `{}`, as for any other empty one.
  const manner = { hijack: true, isStream: true, openStdin, allowEmpty: openStdin }
  const socket = (await dial(session, request, manner)) as Duplex
  // Nobody listens yet: an error here must not end the process, and the close that follows says enough.
  socket.on('error', () => {})
  const listening = addAbortListener(session.signal, () => socket.destroy())
  socket.once('close', () => listening[Symbol.dispose]())
  return socket
}

interface Manner {
  readonly isStream?: boolean
  readonly hijack?: boolean
  readonly openStdin?: boolean
  readonly allowEmpty?: boolean
}

/** Every status below 400 is an answer; 101 is that of a hijacked connection. */
const statusCodes: Readonly<Record<number, true>> = Object.fromEntries(
  [101, 200, 201, 202, 204, 206].map((status) => [status, true]),
)

async function dial(session: Transport, request: Request, manner: Manner): Promise<unknown> {
  const { method = 'GET', path, query = {}, body, file, headers, timeoutMs, signal } = request
  const { endpoint } = session.context
  const timedOut = new AbortController()
  const timer = setTimeout(() => timedOut.abort(), timeoutMs)
  const over = AbortSignal.any([session.signal, timedOut.signal, ...(signal ? [signal] : [])])
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  // docker-modem says nothing of an answer that is broken off while it arrives.
  const listening = addAbortListener(over, () => reject(over.reason))
  const options = { _query: query, _body: body ?? {} }
  const question = { ...manner, path: `${path}?`, method, options, statusCodes, abortSignal: over }
  try {
    // Its declarations leave out what it takes all the same: `_query`, `file` as a stream, `hijack`.
    const dialled = { ...question, ...(headers && { headers: { ...headers } }), ...(file && { file }) } as Parameters<
      Docker['modem']['dial']
    >[0]
    session.docker.modem.dial(dialled, (error: unknown, answer: unknown) => (error ? reject(error) : resolve(answer)))
    return await promise
  } catch (error) {
    throw translated(error)
  } finally {
    clearTimeout(timer)
    listening[Symbol.dispose]()
  }

  function translated(error: unknown): unknown {
    if (signal?.aborted) return signal.reason
    if (session.signal.aborted) return new EngineError({ code: 'engine-stopped', endpoint })
    if (timedOut.signal.aborted)
      return new EngineError({ code: 'engine-timeout', endpoint, seconds: Math.round(timeoutMs / 1000) })
    return new EngineError(engineFailure(error, endpoint), statusOf(error))
  }
}
