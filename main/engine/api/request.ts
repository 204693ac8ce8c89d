/** Sends requests to an engine. Every request has a timeout, and ends with its session. */
import { addAbortListener } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { Duplex, Readable } from 'node:stream'
import type Docker from 'dockerode'
import * as v from 'valibot'
import { EngineError, engineFailure, statusOf } from './errors.ts'
import type { EngineSession } from './session.ts'

export type Query = Readonly<Record<string, unknown>>

/** The part of a session that requests need, available before the engine is identified. */
export type Transport = Pick<EngineSession, 'docker' | 'context' | 'signal'>

export interface Request {
  readonly method?: 'GET' | 'HEAD' | 'POST' | 'DELETE'
  /** Without the API version. Sent as it is: names in it are not encoded. */
  readonly path: string
  readonly query?: Query
  readonly body?: unknown
  /** Streamed as the body. */
  readonly file?: Readable
  readonly headers?: Readonly<Record<string, string>>
  /** Within this time, a streamed reply must have started, and a parsed reply must be complete. */
  readonly timeoutMs: number
  /** Aborts the request; the signal's reason is thrown. */
  readonly signal?: AbortSignal | undefined
}

/** The default timeout. */
export const defaultTimeoutMs = 10_000

/**
 * @returns the reply, parsed by the schema. Throws an EngineError if the request fails, and a ValiError if the reply does
 * not match the schema.
 */
export async function ask<Schema extends v.GenericSchema>(
  session: Transport,
  schema: Schema,
  request: Omit<Request, 'timeoutMs'> & { readonly timeoutMs?: number },
): Promise<v.InferOutput<Schema>> {
  const body = await send(session, { timeoutMs: defaultTimeoutMs, ...request })
  return v.parse(schema, body)
}

/** Like `ask`. @returns undefined if the engine replies 404 */
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

/**
 * @returns the parsed JSON of the reply; undefined if the reply is empty; its text if it is not JSON. Throws an EngineError
 * if the request fails.
 */
export async function send(session: Transport, request: Request): Promise<unknown> {
  const reply = await dial(session, request, {})
  if (!Buffer.isBuffer(reply)) return reply
  // docker-modem does not parse `null` or an empty reply.
  const text = reply.toString().trim()
  return text === 'null' ? null : text === '' ? undefined : text
}

/** Resolves with the reply's stream as soon as the engine starts the reply. Throws an EngineError if the request fails. */
export async function stream(session: Transport, request: Request): Promise<IncomingMessage> {
  return (await dial(session, request, { isStream: true })) as IncomingMessage
}

/**
 * Sends a request, and upgrades its connection to a bidirectional stream, which is destroyed when the session ends. Throws
 * an EngineError if the request fails.
 */
export async function hijack(session: Transport, request: Request, openStdin = true): Promise<Duplex> {
  // docker-modem sends a request with open stdin only if it has a body; an empty body is sent as `{}`.
  const mode = { hijack: true, isStream: true, openStdin, allowEmpty: openStdin }
  const socket = (await dial(session, request, mode)) as Duplex
  // An 'error' event without a listener would end the process. The 'close' event that follows is handled.
  socket.on('error', () => {})
  const abortListener = addAbortListener(session.signal, () => socket.destroy())
  socket.once('close', () => abortListener[Symbol.dispose]())
  return socket
}

interface DialMode {
  readonly isStream?: boolean
  readonly hijack?: boolean
  readonly openStdin?: boolean
  readonly allowEmpty?: boolean
}

/** The statuses that docker-modem accepts as success. 101: a hijacked connection. */
const statusCodes: Readonly<Record<number, true>> = Object.fromEntries(
  [101, 200, 201, 202, 204, 206].map((status) => [status, true]),
)

async function dial(session: Transport, request: Request, mode: DialMode): Promise<unknown> {
  const { method = 'GET', path, query = {}, body, file, headers, timeoutMs, signal } = request
  const { endpoint, kind } = session.context
  const timeoutController = new AbortController()
  const timer = setTimeout(() => timeoutController.abort(), timeoutMs)
  const aborted = AbortSignal.any([session.signal, timeoutController.signal, ...(signal ? [signal] : [])])
  const { promise, resolve, reject } = Promise.withResolvers<unknown>()
  // docker-modem does not call back if a request is aborted while its reply arrives.
  const abortListener = addAbortListener(aborted, () => reject(aborted.reason))
  const options = { _query: query, _body: body ?? {} }
  const requestOptions = { ...mode, path: `${path}?`, method, options, statusCodes, abortSignal: aborted }
  try {
    // The type declarations omit options that docker-modem supports: `_query`, `file` as a stream, `hijack`.
    const dialOptions = {
      ...requestOptions,
      ...(headers && { headers: { ...headers } }),
      ...(file && { file }),
    } as Parameters<Docker['modem']['dial']>[0]
    session.docker.modem.dial(dialOptions, (error: unknown, reply: unknown) => (error ? reject(error) : resolve(reply)))
    return await promise
  } catch (error) {
    throw errorToThrow(error)
  } finally {
    clearTimeout(timer)
    abortListener[Symbol.dispose]()
  }

  function errorToThrow(error: unknown): unknown {
    if (signal?.aborted) return signal.reason
    if (session.signal.aborted) return new EngineError({ code: 'engine-stopped', endpoint, kind })
    if (timeoutController.signal.aborted)
      return new EngineError({ code: 'engine-timeout', ...{ endpoint, kind }, seconds: Math.round(timeoutMs / 1000) })
    return new EngineError(engineFailure(error, { endpoint, kind }), statusOf(error))
  }
}
