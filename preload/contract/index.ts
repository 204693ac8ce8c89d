/** The IPC contract between main and the window: every call and event. */
import type { InferOutput } from 'valibot'
import type { TypeMarker, Result } from './define.ts'
import * as buildCache from './build-cache.ts'
import * as containers from './containers.ts'
import * as daemonConfig from './daemon-config.ts'
import * as engine from './engine.ts'
import * as environment from './environment.ts'
import * as images from './images.ts'
import * as jobs from './jobs.ts'
import * as layers from './layers.ts'
import * as mirrors from './mirrors.ts'
import * as pull from './pull.ts'
import * as registries from './registries.ts'
import * as removal from './removal.ts'
import * as run from './run.ts'
import * as search from './search.ts'
import * as settings from './settings.ts'
import * as terminals from './terminals.ts'
import * as window from './window.ts'

export const calls = {
  ...buildCache.calls,
  ...containers.calls,
  ...daemonConfig.calls,
  ...engine.calls,
  ...environment.calls,
  ...images.calls,
  ...jobs.calls,
  ...layers.calls,
  ...mirrors.calls,
  ...pull.calls,
  ...registries.calls,
  ...removal.calls,
  ...run.calls,
  ...search.calls,
  ...settings.calls,
  ...terminals.calls,
  ...window.calls,
}
export const events = {
  ...engine.events,
  ...environment.events,
  ...images.events,
  ...jobs.events,
  ...layers.events,
  ...mirrors.events,
  ...search.events,
  ...settings.events,
  ...terminals.events,
}

export type Calls = typeof calls
export type CallName = keyof Calls
export type Input<Name extends CallName> = InferOutput<Calls[Name]['input']>
export type Output<Name extends CallName> = Calls[Name] extends TypeMarker<infer Value> ? Value : never

export type Events = typeof events
export type EventName = keyof Events
export type Payload<Name extends EventName> = Events[Name] extends TypeMarker<infer Value> ? Value : never

/** Serves one call. The input has been validated. A handler returns errors as values instead of throwing. */
export type Handler<Name extends CallName> = (
  input: Input<Name>,
) => Result<Output<Name>> | Promise<Result<Output<Name>>>

/** The handlers of one service. `Service` is the part of a call's name before the dot. */
export type Handlers<Service extends string> = { [Name in CallName & `${Service}.${string}`]: Handler<Name> }
export type AllHandlers = { [Name in CallName]: Handler<Name> }

export type Publish = <Name extends EventName>(name: Name, payload: Payload<Name>) => void

/** The API that the preload script exposes as `window.slipway`. */
export interface Slipway {
  call<Name extends CallName>(
    name: Name,
    ...input: undefined extends Input<Name> ? [] : [Input<Name>]
  ): Promise<Result<Output<Name>>>
  /** Returns the function that stops listening. */
  on<Name extends EventName>(name: Name, listener: (payload: Payload<Name>) => void): () => void
}

/** The IPC channel of all events; its arguments are `[name, payload]`. */
export const eventChannel = 'slipway.event'

export type { StoredCachePlan } from './build-cache.ts'
export type { ExitReport, RemovalImpact } from './containers.ts'
export {
  daemonSteps,
  type ChangeMethod,
  type DaemonBackup,
  type FileRepair,
  type DaemonMirrors,
  type DaemonStep,
  type StoredMirrorPlan,
  type StoredRestorePlan,
  type MirrorChange,
} from './daemon-config.ts'
export { fail, ok, type Result } from './define.ts'
export type {
  Featured,
  FoundImage,
  KnownImage,
  SearchAnswer,
  SearchSource,
  SourceFailure,
  TagList,
  TagVariant,
} from './search.ts'
export type {
  DaemonFileFailure,
  DaemonFileKey,
  UnsuitableFileReason,
  DaemonFileState,
} from './daemon-config-failures.ts'
export type { CacheFailure, EngineFailure, Failure, FailureCode } from './errors.ts'
export type { HelperFailure, RegistryFailure } from './registry-failures.ts'
export type {
  ConfigProblem,
  ContextChoice,
  DiskUsage,
  DiskPart,
  DiskUse,
  EngineContext,
  EngineFacts,
  EngineState,
  ShownDiskUsage,
} from './engine.ts'
export type { TerminalEngine } from './environment.ts'
export type { ImageDetails, ImagesChange, ImagesSnapshot } from './images.ts'
export {
  item as jobItemSchema,
  job as jobSchema,
  type Job,
  type JobId,
  type JobItem,
  type JobSubject,
  type PulledLayer,
} from './jobs.ts'
export type { LayersChange, Stack, StackLayer } from './layers.ts'
export {
  hubAddress,
  type FailingMirror,
  type ImportedMirrors,
  type KnownMirror,
  type Mirror,
  type MirrorProbe,
  type MirrorRace,
  type Mirrors,
} from './mirrors.ts'
export type { CopyPlace, StoredPlan, StrayCopy, Undoable } from './removal.ts'
export type { PortState, RunSuggestion, StartedRun } from './run.ts'
export type { ContainerFailure, RunFailure } from './run-failures.ts'
export { languages, settings as settingsSchema, type Appearance, type Language, type Settings } from './settings.ts'
export type { Terminal, TerminalData, TerminalId, OutputChunk, TerminalState } from './terminals.ts'
