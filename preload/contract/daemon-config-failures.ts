/** Failures of a change of daemon.json and of its helper. */

/**
 * The state of the file and the engine after a failed change.
 * - `untouched`: nothing was changed.
 * - `restored`: the previous file and the engine's configuration are restored.
 * - `left`: another program has changed the file since, so its version is kept.
 * - `unsure`: not everything could be restored; the helper tries again at its next start.
 */
export type DaemonFileState = 'untouched' | 'restored' | 'left' | 'unsure'

/** The keys that Slipway changes. */
export type DaemonFileKey = 'registry-mirrors' | 'insecure-registries'

export type DaemonFileFailure = HelperFailure | SecretFile | (FileFailure & { readonly state: DaemonFileState })

/** Planning a change needs a password. `daemon-file-needs-password`: only an administrator can read the file. */
interface SecretFile {
  /** `daemon-file-interrupted`: the last change was interrupted and has to be undone first. */
  readonly code: 'daemon-file-needs-password' | 'daemon-file-interrupted'
  readonly file: string
  /** Whether the helper can read the file as root, with a password. */
  readonly helper: boolean
}

/** Why the helper cannot be used. */
export type HelperFailure =
  | { readonly code: 'helper-missing'; readonly file: string }
  /** The user dismissed the password dialog. */
  | { readonly code: 'helper-dismissed' }
  /** No authentication agent runs on this desktop. */
  | { readonly code: 'helper-no-agent' }
  | { readonly code: 'helper-not-allowed' }
  /** The installed helper has another protocol version. */
  | { readonly code: 'helper-version'; readonly installed: number; readonly needed: number }
  /** The helper exited or was killed before it answered. Its next start undoes an unfinished change. */
  | { readonly code: 'helper-ended'; readonly detail: string }
  /** Another helper is running. */
  | { readonly code: 'helper-busy' }

type FileFailure =
  /** The file has changed since the change was planned. */
  | { readonly code: 'daemon-file-changed' }
  | { readonly code: 'daemon-file-invalid'; readonly line: number; readonly column: number; readonly detail: string }
  | { readonly code: 'daemon-file-duplicate-key'; readonly key: DaemonFileKey }
  | { readonly code: 'daemon-file-too-large'; readonly bytes: number; readonly most: number }
  | { readonly code: 'daemon-file-unsuitable'; readonly what: UnsuitableFileReason; readonly target: string }
  /** Other users own or can write to a folder on the file's path, or the helper's own folder. */
  | { readonly code: 'daemon-file-folder-unsafe'; readonly folder: string }
  | { readonly code: 'daemon-file-read-only'; readonly folder: string }
  | { readonly code: 'daemon-file-no-space'; readonly folder: string }
  /** The file cannot be written, even as root: it is immutable or a mount point, or the disk fails. */
  | { readonly code: 'daemon-file-not-writable'; readonly folder: string; readonly detail: string }
  /** The engine would reject the address: incomplete, or with parts that this engine version does not support. */
  | { readonly code: 'daemon-file-mirror-invalid'; readonly mirror: string }
  | { readonly code: 'daemon-file-registry-invalid'; readonly registry: string }
  /** The engine is not running. `start`: the command that starts it. */
  | { readonly code: 'daemon-file-engine-down'; readonly start?: string }
  /** The running engine reads another file. */
  | { readonly code: 'daemon-file-other-file'; readonly file: string }
  /** dockerd was given the same option as a flag, and does not start with both. */
  | { readonly code: 'daemon-file-flag-conflict'; readonly key: DaemonFileKey }
  | { readonly code: 'daemon-file-refused'; readonly detail: string }
  | { readonly code: 'daemon-file-reload-failed'; readonly detail: string }
  /** The engine still reports its previous configuration after the reload. */
  | { readonly code: 'daemon-file-not-applied' }
  /** The engine runs, but could not be asked whether it uses the change. */
  | { readonly code: 'daemon-file-unconfirmed' }
  | { readonly code: 'daemon-file-no-backup' }
  /** The test pull with the new mirrors failed. */
  | { readonly code: 'daemon-file-test-failed' }
  /** An earlier, interrupted change had to be undone first. */
  | { readonly code: 'daemon-file-recovered' }
  /** The user cancelled. */
  | { readonly code: 'daemon-file-cancelled' }
  /** The helper rejected an invalid request of Slipway's, or its answer or error is unknown to Slipway. */
  | { readonly code: 'daemon-file-helper-error'; readonly why: string }

export type UnsuitableFileReason = 'folder' | 'special' | 'hard-link' | 'link-broken' | 'link-unsafe'
