/** Which engine answers, or why none does. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import { call, event, type } from './define.ts'
import type { EngineFailure } from './errors.ts'

/** The way to an engine, by the name that Docker's own command gives it. */
export interface EngineContext {
  readonly name: string
  /** `unix:///var/run/docker.sock`, `tcp://…`, `ssh://…` */
  readonly endpoint: string
  /** Whether it runs on this computer, outside a virtual machine. */
  readonly local: boolean
}

export interface EngineFacts {
  readonly product: 'Docker' | 'Podman'
  readonly version: string
  readonly api: string
  /** What it runs by itself, as `linux/amd64`. */
  readonly platform: string
  /** Where images lie, in the engine's own file system. */
  readonly rootDir: string
  readonly store: 'classic' | 'containerd'
  /** Where it pulls Docker Hub's images from, before Docker Hub itself. */
  readonly mirrors?: readonly string[]
  /** Its own proxy, by which it pulls; without the password. */
  readonly proxy?: string
}

export interface DiskUse {
  /** What all images take together, each layer counted once; not every engine tells. */
  readonly images?: Bytes
  /** Of the disk under the engine's root directory; only known for a local engine. */
  readonly free?: Bytes
}

/** One of the ways to an engine that Docker's command and the usual sockets offer. */
export interface ContextChoice extends EngineContext {
  readonly current: boolean
}

export interface DiskPart {
  readonly count: number
  readonly bytes: Bytes
}

/** What fills the disk, by the engine's own account; a part that it does not tell is left out. */
export interface DiskAccount {
  readonly images?: DiskPart
  readonly containers?: DiskPart
  readonly volumes?: DiskPart
  readonly buildCache?: DiskPart
  /** Records of the build cache can be removed one by one. */
  readonly removesCache?: true
}

export type EngineState =
  | { readonly status: 'connecting'; readonly context?: EngineContext }
  | {
      readonly status: 'connected'
      readonly context: EngineContext
      readonly facts: EngineFacts
      readonly disk?: DiskUse
    }
  | { readonly status: 'away'; readonly context?: EngineContext; readonly failure: EngineFailure }

export const calls = {
  'engine.state': call(v.undefined(), type<EngineState>()),
  'engine.contexts': call(v.undefined(), type<readonly ContextChoice[]>()),
  /** Goes over to another engine by its context's name; Docker's own configuration stays as it is. */
  'engine.switch': call(v.pipe(v.string(), v.nonEmpty(), v.maxLength(255)), type<void>()),
  'engine.disk': call(v.undefined(), type<DiskAccount>()),
}
export const events = { 'engine.changed': event<EngineState>() }
