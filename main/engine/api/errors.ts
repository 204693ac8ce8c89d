/** Converts exceptions to engine failures. */
import type { EngineContext, EngineFailure } from '../../../preload/contract/index.ts'

/** Thrown by the functions of engine/api when a request fails. */
export class EngineError extends Error {
  readonly failure: EngineFailure
  /** The HTTP status of the reply; undefined if the connection failed or the engine did not answer in time. */
  readonly status: number | undefined

  constructor(failure: EngineFailure, status?: number) {
    super('detail' in failure && failure.detail ? failure.detail : failure.code)
    this.name = 'EngineError'
    this.failure = failure
    this.status = status
  }
}

interface ErrorLike {
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly message?: unknown
  readonly json?: unknown
}

const asErrorLike = (error: unknown): ErrorLike =>
  typeof error === 'object' && error !== null ? error : { message: error }

/** @returns the HTTP status of the failed request; undefined if the engine did not reply */
export const statusOf = (error: unknown): number | undefined => {
  if (error instanceof EngineError) return error.status
  const { statusCode } = asErrorLike(error)
  return typeof statusCode === 'number' ? statusCode : undefined
}

/** Both are needed for the words of a failure: the kind decides how the engine is started. */
type EngineAddress = Pick<EngineContext, 'endpoint' | 'kind'>

/** Converts an exception of dockerode, Node or the functions in engine/api to a failure. */
export function engineFailure(error: unknown, { endpoint, kind }: EngineAddress): EngineFailure {
  if (error instanceof EngineError) return error.failure
  const { code, json, message } = asErrorLike(error)
  const engine = { endpoint, kind }
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { code: 'engine-not-found', ...engine }
    case 'EACCES':
    case 'EPERM':
      return { code: 'engine-permission', ...engine }
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'EPIPE':
    case 'ERR_STREAM_PREMATURE_CLOSE':
      return { code: 'engine-stopped', ...engine }
  }
  const reported = typeof json === 'object' && json !== null && 'message' in json ? json.message : message
  // docker-modem puts the status before the engine's message.
  const detail = String(reported ?? '')
    .replace(/^\(HTTP code \d+\) [^-]* - /, '')
    .trim()
    .slice(0, 500)
  return statusOf(error) === undefined
    ? { code: 'engine-unreachable', ...engine, detail }
    : { code: 'engine-refused', detail }
}
