/** A session: one connection to one identified engine. Work that starts on a session never moves to another engine. */
import type Docker from 'dockerode'
import type { EngineContext, EngineFacts } from '../../../preload/contract/index.ts'

/**
 * Identifies an engine, even if another engine uses the same socket later. `id` is the ID in `/info`. Podman returns a
 * different ID each time, so for Podman `id` is the host name.
 */
export interface EngineIdentity {
  readonly endpoint: string
  readonly id: string
  readonly rootDir: string
}

export const isSameEngine = (a: EngineIdentity, b: EngineIdentity): boolean =>
  a.endpoint === b.endpoint && a.id === b.id && a.rootDir === b.rootDir

/** @returns a text that is unique to the engine, for use as a key */
export const engineKey = ({ endpoint, id, rootDir }: EngineIdentity): string => `${endpoint} ${id} ${rootDir}`

export interface Capabilities extends EngineFacts {
  /** `/system/df` can return only the part for images, without measuring every volume. */
  readonly filtersDiskUsage: boolean
  /** The engine's events report every change. */
  readonly reportsAllChanges: boolean
  /** Containers can mount images. The engine refuses to remove a mounted image by name, but not by id (tested on 28.5). */
  readonly mountsImages: boolean
}

export interface EngineSession {
  readonly identity: EngineIdentity
  readonly context: EngineContext
  /** Read when the session connected. */
  readonly capabilities: Capabilities
  /** Aborted when the connection ends; every request of the session ends with it. */
  readonly signal: AbortSignal
  /** The transport. Only engine/api and engine/connect use it. */
  readonly docker: Docker
}
