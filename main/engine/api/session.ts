/** One engine, identified, reached by one connection. Whatever begins on a session ends on it (DESIGN.md §4). */
import type Docker from 'dockerode'
import type { EngineContext, EngineFacts } from '../../../preload/contract/index.ts'

/**
 * Tells one engine from another, also behind the same socket. Podman makes up a new `/info` ID at each call, so its
 * `id` is the name of its host.
 */
export interface EngineIdentity {
  readonly endpoint: string
  readonly id: string
  readonly rootDir: string
}

export const isSameEngine = (a: EngineIdentity, b: EngineIdentity): boolean =>
  a.endpoint === b.endpoint && a.id === b.id && a.rootDir === b.rootDir

/** One text for one engine, to remember things by. */
export const keyOf = ({ endpoint, id, rootDir }: EngineIdentity): string => `${endpoint} ${id} ${rootDir}`

export interface Capabilities extends EngineFacts {
  /** `/system/df` can be asked for images alone, without measuring every volume. */
  readonly imageDiskUse: boolean
  /**
   * Its events tell of every change. 20.10 and 26.1 build without a tag in silence, and 26.1's containerd store
   * prunes and imports so (tried).
   */
  readonly tellsAll: boolean
  /** It mounts images into containers, and refuses to remove a mounted one by its name, but not by its id (28.5, tried). */
  readonly mountsImages: boolean
}

export interface EngineSession {
  readonly identity: EngineIdentity
  readonly context: EngineContext
  /** As of the moment of connecting. */
  readonly capabilities: Capabilities
  /** Aborted when the connection ends; every request of the session ends with it. */
  readonly signal: AbortSignal
  /** The transport: read by engine/api and engine/connect alone. */
  readonly docker: Docker
}
