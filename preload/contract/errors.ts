import type { ArchiveProblem } from '../../model/archives/problems.ts'
import type { DaemonFileFailure } from './daemon-config-failures.ts'
import type { ContainerFailure, RunFailure } from './run-failures.ts'

/** Every error that the window may be told of: a code, and the facts that its words need. */
export type Failure =
  | { readonly code: 'bad-input' }
  | { readonly code: 'internal' }
  | { readonly code: 'image-gone'; readonly image: string }
  /** The name belongs to another image, or no longer to the one that the user saw it on. */
  | { readonly code: 'tag-taken'; readonly reference: string; readonly image: string }
  | RemovalFailure
  | CacheFailure
  | RegistryFailure
  | MirrorFailure
  | EngineFailure
  | DaemonFileFailure
  | RunFailure
  | ContainerFailure

/** What keeps a removal, or its undoing, from being as planned. */
export type RemovalFailure =
  /** Replaced by a newer plan or a newer request, or applied already. */
  | { readonly code: 'plan-unknown' }
  /** The world is not as planned: a new plan is to be shown. */
  | { readonly code: 'plan-moved' }
  /** An item's: the image, its names or its containers are not as planned, so it was not touched. */
  | { readonly code: 'image-moved'; readonly image: string }
  /** An item's: all its names were removed, and still the engine keeps it. */
  | { readonly code: 'image-stays'; readonly image: string }
  | { readonly code: 'disk-full'; readonly folder: string; readonly needed: number; readonly free: number }
  | { readonly code: 'folder-unusable'; readonly folder: string; readonly detail: string }
  /** Nothing is left to be undone: too late, or done already. */
  | { readonly code: 'undo-over' }
  /** The removal was on another engine than the one that is shown. */
  | { readonly code: 'undo-elsewhere'; readonly endpoint: string }
  | { readonly code: 'copy-missing'; readonly file: string }
  | { readonly code: 'copy-stays'; readonly file: string; readonly detail: string }
  /** The engine does not save the image; `detail` is its own sentence. `name`: a tag, or the short id. */
  | { readonly code: 'copy-failed'; readonly name: string; readonly detail: string }
  /** What the engine sent is no complete copy of the image. */
  | { readonly code: 'copy-incomplete'; readonly name: string; readonly problem: ArchiveProblem }
  /** The file is not the copy that was saved, so it was not loaded. */
  | { readonly code: 'copy-changed'; readonly file: string }
  /** The engine does not load the copy; `detail` is its own sentence. */
  | { readonly code: 'copy-not-loaded'; readonly file: string; readonly detail: string }
  /** An item's: another image carries the name by now. */
  | { readonly code: 'name-taken'; readonly reference: string }

/** What keeps build cache from being removed as planned. */
export type CacheFailure =
  /** This engine cannot remove a single record. */
  | { readonly code: 'cache-not-removable' }
  /** An item's: BuildKit keeps the record, because a build has begun to use it. */
  | { readonly code: 'cache-stays' }
  /** The engine removed other records than the one it was asked to. The work stops there. */
  | { readonly code: 'cache-more-removed' }

/** Why a registry, or what searches one, gives no image. `host` is what the user knows it by: `docker.io`, `ghcr.io`. */
export type RegistryFailure =
  /** `reason` where it is known: no such name, no network to ask by, nobody listens there, cut in the middle. */
  | {
      readonly code: 'registry-unreachable'
      readonly host: string
      readonly detail: string
      readonly reason?: 'no-host' | 'no-network' | 'refused' | 'cut'
    }
  /** It took the connection and did not answer in time. */
  | { readonly code: 'registry-slow'; readonly host: string }
  /** Its certificate is not to be trusted; `reason` where this computer's clock may be what is wrong. */
  | {
      readonly code: 'registry-tls'
      readonly host: string
      readonly detail: string
      readonly reason?: 'expired' | 'not-yet-valid'
    }
  | { readonly code: 'registry-login'; readonly host: string }
  /** It answers, and does not let this computer have it: an allow-list, a region, a ban. */
  | { readonly code: 'registry-denied'; readonly host: string }
  /**
   * Too many requests. `until`: seconds since 1970, where it says. `loginUnused`: the stored login was held back, because
   * the engine would hand it to mirrors.
   */
  | { readonly code: 'registry-limited'; readonly host: string; readonly until?: number; readonly loginUnused?: true }
  /** It answers something else than a registry does: cut or broken JSON, or a web page (`page`). */
  | { readonly code: 'registry-nonsense'; readonly host: string; readonly page?: true }
  | { readonly code: 'registry-error'; readonly host: string; readonly status: number }
  /** It sends on in circles, or to where one must not be sent. */
  | { readonly code: 'registry-redirects'; readonly host: string }
  /** What it gave has another digest than was asked for. */
  | { readonly code: 'content-altered'; readonly host: string }
  /** It says yes to a digest that nobody has. */
  | { readonly code: 'mirror-says-anything'; readonly host: string }
  | { readonly code: 'reference-wrong'; readonly reference: string }
  /** The registry has no such repository or tag, or shows it only to those who are logged in. */
  | { readonly code: 'reference-unknown'; readonly reference: string }
  | { readonly code: 'platform-missing'; readonly reference: string; readonly platform: string }
  /** The content is not what its digest says, or ended too early. */
  | { readonly code: 'pull-corrupt'; readonly reference: string }
  | { readonly code: 'pull-disk-full' }
  /** The pull was not begun: it needs about `needed` bytes, and `free` are free where the engine keeps images. */
  | { readonly code: 'pull-no-room'; readonly reference: string; readonly needed: number; readonly free: number }

/** Why the list of mirrors stays as it is. */
export type MirrorFailure =
  | { readonly code: 'mirror-address-wrong'; readonly address: string }
  /** It is on the list already. */
  | { readonly code: 'mirror-listed'; readonly address: string }
  | { readonly code: 'mirrors-too-many'; readonly most: number }
  /** A file that the user chose cannot be read, written, or is no text. */
  | { readonly code: 'file-unusable'; readonly file: string; readonly detail: string }

/** Why no engine answers. */
export type EngineFailure =
  /** No socket where one is usually found. */
  | { readonly code: 'engine-not-found'; readonly endpoint: string }
  /** A socket or a port is there, but nobody listens. */
  | { readonly code: 'engine-stopped'; readonly endpoint: string }
  | { readonly code: 'engine-permission'; readonly endpoint: string }
  /** The host cannot be reached, or does not speak Docker's language. */
  | { readonly code: 'engine-unreachable'; readonly endpoint: string; readonly detail: string }
  /** It took the connection and did not answer in time. */
  | { readonly code: 'engine-timeout'; readonly endpoint: string; readonly seconds: number }
  | { readonly code: 'engine-too-old'; readonly endpoint: string; readonly api: string; readonly needed: string }
  /** The engine answered with an error of its own. */
  | { readonly code: 'engine-refused'; readonly detail: string }
  | { readonly code: 'context-unknown'; readonly context: string }
  | { readonly code: 'context-unreadable'; readonly file: string; readonly detail: string }

export type FailureCode = Failure['code']
