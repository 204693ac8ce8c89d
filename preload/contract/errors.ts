import type { ArchiveProblem } from '../../model/archives/problems.ts'
import type { EndpointFault } from '../../model/engine/endpoint.ts'
import type { EngineKind } from '../../model/engine/kind.ts'
import type { DaemonFileFailure } from './daemon-config-failures.ts'
import type { RegistryFailure } from './registry-failures.ts'
import type { ContainerFailure, RunFailure } from './run-failures.ts'

/** Every error that main sends to the window: a code and the facts for its message. */
export type Failure =
  | { readonly code: 'bad-input' }
  | { readonly code: 'internal' }
  /** More calls than main serves at a time. */
  | { readonly code: 'busy' }
  | { readonly code: 'image-gone'; readonly image: string }
  /** The tag belongs to another image, or no longer to the image that the user saw it on. */
  | { readonly code: 'tag-taken'; readonly reference: string; readonly image: string }
  | RemovalFailure
  | CacheFailure
  | RegistryFailure
  | MirrorFailure
  | EngineFailure
  | DaemonFileFailure
  | RunFailure
  | ContainerFailure

/** Failures of a removal, or of undoing one. */
export type RemovalFailure =
  /** The plan was replaced by a newer plan or request, or was already applied. */
  | { readonly code: 'plan-unknown' }
  /** The engine's state has changed since the plan, so a new plan has to be shown. */
  | { readonly code: 'plan-outdated' }
  /**
   * Of an item: the image, its tags or its containers changed since the plan, so the image was not removed. Tags that
   * were already removed were restored.
   */
  | { readonly code: 'image-changed'; readonly image: string }
  /** Of an item: all tags of the image were removed, but the engine still keeps it. */
  | { readonly code: 'image-not-removed'; readonly image: string }
  | { readonly code: 'disk-full'; readonly folder: string; readonly needed: number; readonly free: number }
  | { readonly code: 'folder-unusable'; readonly folder: string; readonly detail: string }
  /** The removal can no longer be undone: too late, or already undone. */
  | { readonly code: 'undo-unavailable' }
  /** The removal was on another engine than the current one. */
  | { readonly code: 'undo-other-engine'; readonly endpoint: string }
  | { readonly code: 'copy-missing'; readonly file: string }
  | { readonly code: 'copy-not-deleted'; readonly file: string; readonly detail: string }
  /** The engine failed to save the image. `detail`: the engine's message; `name`: a tag, or the short id. */
  | { readonly code: 'copy-failed'; readonly name: string; readonly detail: string }
  /** The archive that the engine sent is not a complete copy of the image. */
  | { readonly code: 'copy-incomplete'; readonly name: string; readonly problem: ArchiveProblem }
  /** The file has changed since the copy was saved, so it was not loaded. */
  | { readonly code: 'copy-changed'; readonly file: string }
  /** The engine failed to load the copy. `detail`: the engine's message. */
  | { readonly code: 'copy-not-loaded'; readonly file: string; readonly detail: string }
  /** Of an item: another image has the tag now. */
  | { readonly code: 'name-taken'; readonly reference: string }

/** Failures of a removal of build cache. */
export type CacheFailure =
  /** This engine cannot remove a single record. */
  | { readonly code: 'cache-not-removable' }
  /** Of an item: BuildKit keeps the record, because a build has started to use it. */
  | { readonly code: 'cache-not-removed' }
  /** The engine removed more than the requested record. The job stops. */
  | { readonly code: 'cache-more-removed' }

/** Failures of a change of the list of mirrors. */
export type MirrorFailure =
  | { readonly code: 'mirror-address-invalid'; readonly address: string }
  /** The mirror is already on the list. */
  | { readonly code: 'mirror-listed'; readonly address: string }
  | { readonly code: 'mirrors-too-many'; readonly limit: number }
  /** The file cannot be read or written, or is not a text file. */
  | { readonly code: 'file-unusable'; readonly file: string; readonly detail: string }

/** An engine at its endpoint. `kind` is absent in failures that older versions stored. */
interface AtEngine {
  readonly endpoint: string
  readonly kind?: EngineKind
}

/** Failures of the connection to an engine, or of a request to it. */
export type EngineFailure =
  /** The endpoint's socket does not exist. */
  | ({ readonly code: 'engine-not-found' } & AtEngine)
  /** Nothing listens on the socket or port. */
  | ({ readonly code: 'engine-stopped' } & AtEngine)
  | ({ readonly code: 'engine-permission' } & AtEngine)
  /** The host is unreachable, or does not speak the Docker API. */
  | ({ readonly code: 'engine-unreachable'; readonly detail: string } & AtEngine)
  /** The engine accepted the connection but did not answer in time. */
  | ({ readonly code: 'engine-timeout'; readonly seconds: number } & AtEngine)
  | ({ readonly code: 'engine-too-old'; readonly api: string; readonly needed: string } & AtEngine)
  /** The engine answered with an error. `detail`: the engine's message. */
  | { readonly code: 'engine-refused'; readonly detail: string }
  /** `source`: the setting of Docker's that names the context, DOCKER_CONTEXT or `config.json`; absent if none does. */
  | { readonly code: 'context-unknown'; readonly context: string; readonly source?: 'environment' | 'config' }
  | { readonly code: 'context-unreadable'; readonly file: string; readonly detail: string }
  /**
   * Slipway cannot connect to this address, shown without its password. `context`: the context that has it; absent if
   * DOCKER_HOST has it.
   */
  | {
      readonly code: 'address-unusable'
      readonly address: string
      readonly context?: string
      readonly fault: EndpointFault
    }

export type FailureCode = Failure['code']
