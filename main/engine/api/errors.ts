/** What went wrong between Slipway and an engine, as a code. */
import type { EngineFailure } from '../../../preload/contract/index.ts'

interface Thrown {
  readonly code?: unknown
  readonly statusCode?: unknown
  readonly message?: unknown
  readonly json?: unknown
}

const thrown = (error: unknown): Thrown => (typeof error === 'object' && error !== null ? error : { message: error })

export const statusOf = (error: unknown): number | undefined => {
  const { statusCode } = thrown(error)
  return typeof statusCode === 'number' ? statusCode : undefined
}

/** The failure that an exception of dockerode, Node or the engine stands for. */
export function engineFailure(error: unknown, endpoint: string): EngineFailure {
  const { code, json, message } = thrown(error)
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return { code: 'engine-not-found', endpoint }
    case 'EACCES':
    case 'EPERM':
      return { code: 'engine-permission', endpoint }
    case 'ECONNREFUSED':
    case 'ECONNRESET':
    case 'EPIPE':
      return { code: 'engine-stopped', endpoint }
  }
  const said = typeof json === 'object' && json !== null && 'message' in json ? json.message : message
  const detail = String(said ?? '').slice(0, 500)
  return statusOf(error) === undefined
    ? { code: 'engine-unreachable', endpoint, detail }
    : { code: 'engine-refused', detail }
}
