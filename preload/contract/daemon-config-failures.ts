/** What can go wrong between Slipway, its helper and daemon.json. */

/**
 * What became of the file and the engine.
 * - `untouched`: nothing was begun.
 * - `restored`: all was put back, and the engine has what it had.
 * - `left`: somebody else has changed the file since, so it is as they made it.
 * - `unsure`: it could not all be put back; the helper's next start tries again.
 */
export type DaemonFileState = 'untouched' | 'restored' | 'left' | 'unsure'

/** Of the two keys that Slipway changes. */
export type DaemonFileKey = 'registry-mirrors' | 'insecure-registries'

export type DaemonFileFailure = HelperFailure | SecretFile | (FileFailure & { readonly state: DaemonFileState })

/** Only an administrator may read it: what it takes to change it is known after a password. */
interface SecretFile {
  /** `cut`: the last change was interrupted, and what it left is put back first. */
  readonly code: 'daemon-file-secret' | 'daemon-file-cut'
  readonly file: string
  /** Whether root's helper could read it, for a password. */
  readonly helper: boolean
}

/** Why the helper does no work. */
export type HelperFailure =
  | { readonly code: 'helper-missing'; readonly file: string }
  /** The user has closed the question for the password. */
  | { readonly code: 'helper-dismissed' }
  /** Nothing on this desktop can ask for a password. */
  | { readonly code: 'helper-no-agent' }
  | { readonly code: 'helper-not-allowed' }
  /** The one that is installed speaks another protocol. */
  | { readonly code: 'helper-version'; readonly installed: number; readonly needed: number }
  /** It ended, or was ended, before it had answered. What it had begun is put back at its next start. */
  | { readonly code: 'helper-ended'; readonly detail: string }
  /** Another one is at work. */
  | { readonly code: 'helper-busy' }

type FileFailure =
  /** It is not what it was when the change was planned. */
  | { readonly code: 'daemon-file-changed' }
  | { readonly code: 'daemon-file-invalid'; readonly line: number; readonly column: number; readonly detail: string }
  | { readonly code: 'daemon-file-doubled'; readonly key: DaemonFileKey }
  | { readonly code: 'daemon-file-too-large'; readonly bytes: number; readonly most: number }
  | { readonly code: 'daemon-file-odd'; readonly what: DaemonFileOddity; readonly target: string }
  /** Others than root, or the user whose file it is, may write in a folder on the way to it. */
  | { readonly code: 'daemon-file-folder'; readonly folder: string }
  | { readonly code: 'daemon-file-read-only'; readonly folder: string }
  | { readonly code: 'daemon-file-no-space'; readonly folder: string }
  /** It may not be written, by root neither where root's helper tried: marked immutable, mounted, or the disk fails. */
  | { readonly code: 'daemon-file-fixed'; readonly folder: string; readonly detail: string }
  /** The engine would not take it: not a whole address, or more of it than the engine's version takes. */
  | { readonly code: 'daemon-file-mirror'; readonly mirror: string }
  | { readonly code: 'daemon-file-registry'; readonly registry: string }
  /** What it is tells how it is started. */
  | { readonly code: 'daemon-file-engine-down'; readonly kind?: 'system' | 'snap' | 'rootless' }
  /** The engine that runs reads another file. */
  | { readonly code: 'daemon-file-elsewhere'; readonly file: string }
  /** The same option is given to dockerd as a flag, so that it would not start with both. */
  | { readonly code: 'daemon-file-flag'; readonly key: DaemonFileKey }
  | { readonly code: 'daemon-file-refused'; readonly detail: string }
  | { readonly code: 'daemon-file-reload'; readonly detail: string }
  /** The engine was told to reload, and goes on with what it had. */
  | { readonly code: 'daemon-file-not-taken' }
  | { readonly code: 'daemon-file-no-backup' }
  /** Docker could not pull with the new mirrors. */
  | { readonly code: 'daemon-file-untried' }
  /** An earlier change that was cut had to be put back first. */
  | { readonly code: 'daemon-file-recovered' }
  /** The user has cancelled. */
  | { readonly code: 'daemon-file-given-up' }
  /** The helper refuses what Slipway should not have asked for. */
  | { readonly code: 'daemon-file-fault'; readonly why: string }

export type DaemonFileOddity = 'folder' | 'special' | 'hard-link' | 'link-broken' | 'link-unsafe'
