/** The engine's mirrors in its daemon.json: their current state, the plan of a change, and the change. */
import * as v from 'valibot'
import type { FileFault } from '../../model/daemon-config/file.ts'
import type { Installation } from '../../model/daemon-config/plan.ts'
import type { RepairPlan } from '../../model/daemon-config/repair.ts'
import type { WholeRestore } from '../../model/daemon-config/restore.ts'
import type { ShownMirrorPlan } from '../../model/daemon-config/shown.ts'
import { call, type } from './define.ts'
import type { Failure } from './errors.ts'
import type { JobId } from './jobs.ts'

/**
 * How the file can be changed. `root-helper`: by the helper as root, with a password; `user-helper`: by the helper as
 * this user; `commands`: by the user, with commands to copy; `none`: not at all, since the file is not on this computer.
 */
export type ChangeMethod = 'root-helper' | 'user-helper' | 'commands' | 'none'

/**
 * The steps of a change, in order. `password` only if the helper runs as root; `pulled` only if there is a mirror to
 * test.
 */
export const daemonSteps = [
  'password',
  'checked',
  'backed-up',
  'swapped',
  'reloaded',
  'confirmed',
  'pulled',
  'kept',
] as const
export type DaemonStep = (typeof daemonSteps)[number]

/** A change that Slipway made. The text from before the change can be restored. */
export interface MirrorChange {
  readonly file: string
  /** Seconds since 1970. */
  readonly at: number
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** The hash by which the previous text can be restored; absent if there was no file, or a faulty one. */
  readonly backup?: string | undefined
  /** The names of the settings in the previous text; absent in entries of older versions. */
  readonly settings?: readonly string[] | undefined
  /** Present if Docker cannot read the previous text, so that it is not restored. `keptAs`: the copy beside the file. */
  readonly faulty?: { readonly keptAs?: string | undefined } | undefined
}

export interface DaemonMirrors {
  readonly installation: Installation
  readonly method: ChangeMethod
  /** The file's path; absent if the file is not on this computer. */
  readonly file?: string
  /** The mirrors in the file; absent if this user cannot read the file or the text cannot be parsed. */
  readonly named?: readonly string[]
  readonly fault?: FileFault
  /** Only an administrator can read the file. */
  readonly secret?: true
  /** Why the file cannot be read at all: a folder, a pipe, too large. */
  readonly failure?: Failure
  /** Slipway's changes of this file, newest first. */
  readonly changes: readonly MirrorChange[]
}

/** A plan that main stores until it is applied. */
export interface StoredMirrorPlan {
  readonly id: string
  readonly file: string
  readonly method: ChangeMethod
  readonly plan: ShownMirrorPlan
  /** Shell commands that make the same change; absent if there is no change, or the file is masked. */
  readonly commands?: string
}

/**
 * The plan of restoring a backup. It is a change to the backup's mirrors, unless the current file is not JSON: then
 * `whole` is present, the whole file is replaced, and `plan` has no change.
 */
export interface StoredRestorePlan extends StoredMirrorPlan {
  readonly whole?: WholeRestore
  /** Shell commands that restore the whole file, where Slipway itself can restore neither its mirrors nor the file. */
  readonly wholeByHand?: string
}

/** What in the file keeps Docker from starting, or will at its next start, and how it is repaired. */
export interface FileRepair {
  readonly id: string
  readonly file: string
  /** Whether Docker runs: the file was changed after its start. */
  readonly isRunning: boolean
  readonly installation: Installation
  readonly method: ChangeMethod
  /** A folder or link on the way to the file that other users could change. The helper refuses the file then. */
  readonly unsafePath?: string
  readonly plan: RepairPlan
  /**
   * Commands that make the change and start or reload Docker; absent without a change, as for a masked file, and with an
   * `unsafePath`.
   */
  readonly commands?: string
  /** Commands that move the file away and start Docker; absent if it runs, or the file has no faults. */
  readonly withoutFile?: string
  /** The command that starts Docker; absent if it runs. */
  readonly start?: string
}

export interface DaemonBackup {
  readonly hash: string
  /** When the text was replaced, in seconds since 1970. */
  readonly time: number
  /** The mirrors in the backup. */
  readonly mirrors: readonly string[]
  /** The names of the backup's settings; absent if they are unknown. */
  readonly settings?: readonly string[] | undefined
}

const mirrors = v.pipe(v.array(v.pipe(v.string(), v.maxLength(300))), v.maxLength(20))
const hash = v.pipe(v.string(), v.maxLength(64), v.regex(/^[0-9a-f]{64}$/))

export const calls = {
  'daemon-config.get': call(v.undefined(), type<DaemonMirrors>()),
  /**
   * Plans the change that makes the engine use exactly these mirrors, in this order. `withPassword`: the user agreed to
   * give a password, so a file that only an administrator can read is read as root. A new request invalidates the
   * previous plan at once; a request that a newer one overtakes fails with `plan-unknown`.
   */
  'daemon-config.plan': call(v.object({ mirrors, withPassword: v.boolean() }), type<StoredMirrorPlan>()),
  'daemon-config.apply': call(v.pipe(v.string(), v.maxLength(64)), type<JobId>()),
  /** The backups that can be restored, newest first. Asks for a password if root owns them. */
  'daemon-config.backups': call(v.undefined(), type<readonly DaemonBackup[]>()),
  /**
   * Plans the restore of a backup that main has listed. As with `daemon-config.plan`, the plan is applied with
   * `daemon-config.apply`, and a newer request invalidates it.
   */
  'daemon-config.plan-restore': call(v.object({ hash, withPassword: v.boolean() }), type<StoredRestorePlan>()),
  /**
   * Looks for what in the file keeps Docker down, or will at its next start, and plans the repair. The previous plan stays
   * until then; an equal one keeps its id. A request that a newer one overtakes fails with `plan-unknown`. Undefined if
   * Docker may run but cannot be reached, or if the file is not on this computer. `withPassword`: as in
   * `daemon-config.plan`.
   */
  'daemon-config.check': call(v.object({ withPassword: v.boolean() }), type<FileRepair | undefined>()),
  /**
   * Mends the file as the repair with this id plans. Fails with `plan-outdated` if Docker has started or stopped since, or
   * the window shows another engine. The helper only changes white space and punctuation.
   */
  'daemon-config.mend': call(v.pipe(v.string(), v.maxLength(64)), type<JobId>()),
  /** Opens the file in the desktop's default program. */
  'daemon-config.show': call(v.undefined(), type<void>()),
}
