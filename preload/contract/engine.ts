/** The connected engine, or why none is connected. */
import * as v from 'valibot'
import type { ConfigFault } from '../../model/engine/docker-config.ts'
import type { EngineKind } from '../../model/engine/kind.ts'
import type { Bytes } from '../../model/image/image.ts'
import { call, event, type } from './define.ts'
import type { EngineFailure } from './errors.ts'

/** An engine's endpoint and its name: a context of the docker CLI, or one of the usual sockets. */
export interface EngineContext {
  readonly name: string
  /** `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…` */
  readonly endpoint: string
  /** Whether the engine has this computer's files and disk: it runs here, outside a virtual machine. */
  readonly local: boolean
  readonly kind: EngineKind
}

export interface EngineFacts {
  readonly product: 'Docker' | 'Podman'
  readonly version: string
  readonly api: string
  /** The engine's native platform, such as `linux/amd64`. */
  readonly platform: string
  /** The root directory, in the engine's file system. */
  readonly rootDir: string
  readonly store: 'classic' | 'containerd'
  /** The mirrors that the engine tries before Docker Hub. */
  readonly mirrors?: readonly string[]
  /** The proxy through which the engine pulls, without the password. */
  readonly proxy?: string
}

export interface DiskUse {
  /** Size of all images, each layer counted once; absent if the engine does not report it. */
  readonly images?: Bytes
  /** Free space on the disk of the engine's root directory; only known for a local engine. */
  readonly free?: Bytes
}

/** A context that the user can choose. */
export interface ContextChoice extends EngineContext {
  readonly current: boolean
}

export interface DiskPart {
  readonly count: number
  readonly bytes: Bytes
}

/** Disk usage as the engine reports it. Parts that the engine does not report are absent. */
export interface DiskUsage {
  readonly images?: DiskPart
  readonly containers?: DiskPart
  readonly volumes?: DiskPart
  readonly buildCache?: DiskPart
  /** The engine can remove single records of the build cache. */
  readonly canRemoveCacheRecords?: true
}

export interface ShownDiskUsage extends DiskUsage {
  readonly context: EngineContext
  /** The flags that select the engine in a `docker` command. */
  readonly flags: readonly string[]
}

/** Why Docker, and Slipway, do without the Docker CLI's `config.json` or a part of it. */
export type ConfigProblem = { readonly file: string } & (
  ConfigFault | { readonly code: 'permission' } | { readonly code: 'unreadable'; readonly detail: string }
)

export type EngineState = (
  | { readonly status: 'connecting'; readonly context?: EngineContext }
  | {
      readonly status: 'connected'
      readonly context: EngineContext
      readonly facts: EngineFacts
      readonly disk?: DiskUse
    }
  | { readonly status: 'away'; readonly context?: EngineContext; readonly failure: EngineFailure }
) & { readonly configProblem?: ConfigProblem }

export const calls = {
  'engine.state': call(v.undefined(), type<EngineState>()),
  'engine.contexts': call(v.undefined(), type<readonly ContextChoice[]>()),
  /**
   * Other engines, which have just answered, for a user who may want one of them: while no engine is connected, and
   * while one is that nothing has chosen (no setting of Docker's, no click).
   */
  'engine.others': call(v.undefined(), type<readonly EngineContext[]>()),
  /** Switches to another context by name. The docker CLI's configuration does not change. */
  'engine.switch': call(v.pipe(v.string(), v.nonEmpty(), v.maxLength(255)), type<void>()),
  'engine.disk': call(v.undefined(), type<ShownDiskUsage>()),
}
export const events = { 'engine.changed': event<EngineState>() }
