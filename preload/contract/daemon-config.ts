/** Docker's own mirrors, in its daemon.json: what is so, the plan of a change, and the change. */
import * as v from 'valibot'
import type { FileFault } from '../../model/daemon-config/file.ts'
import type { Installation, MirrorPlan } from '../../model/daemon-config/plan.ts'
import { call, type } from './define.ts'
import type { Failure } from './errors.ts'
import type { JobId } from './jobs.ts'

/**
 * Who can change the file. `helper`: root's helper, for a password; `own`: it is the user's; `commands`: the user, by
 * commands to copy; `nobody`: it is not here.
 */
export type ChangeWay = 'helper' | 'own' | 'commands' | 'nobody'

/** In their order; `password` only where root's helper is asked, `pulled` only where there is a mirror to be tried. */
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

/** A change that Slipway made, the file before it to be had again. */
export interface MirrorChange {
  readonly file: string
  /** Seconds since 1970. */
  readonly at: number
  readonly before: readonly string[]
  readonly after: readonly string[]
  /** By which the text before it can be restored; nothing where there was no file. */
  readonly backup?: string | undefined
}

export interface DaemonMirrors {
  readonly installation: Installation
  readonly way: ChangeWay
  /** The file; nothing where it is not here. */
  readonly file?: string
  /** What the file names; nothing where it cannot be read by this user, or not be understood. */
  readonly named?: readonly string[]
  readonly fault?: FileFault
  /** Only an administrator may read it. */
  readonly secret?: true
  /** Why nobody can read it as a file: a folder, a pipe, too large. */
  readonly failure?: Failure
  /** Those of this file, the newest first. */
  readonly changes: readonly MirrorChange[]
}

/** A plan that main keeps until it is applied. */
export interface KeptMirrorPlan {
  readonly id: string
  readonly file: string
  readonly way: ChangeWay
  readonly plan: MirrorPlan
  /** The same by hand, for the terminal; nothing where there is no change. */
  readonly commands?: string
}

export interface DaemonBackup {
  readonly hash: string
  /** When it was replaced, in seconds since 1970. */
  readonly time: number
  /** Those in it. */
  readonly mirrors: readonly string[]
}

const mirrors = v.pipe(v.array(v.pipe(v.string(), v.maxLength(300))), v.maxLength(20))
const hash = v.pipe(v.string(), v.regex(/^[0-9a-f]{64}$/))

export const calls = {
  'daemon-config.get': call(v.undefined(), type<DaemonMirrors>()),
  /**
   * What it takes that Docker asks these mirrors, in this order, and no others. A file that only an administrator may
   * read is read where the user said that they will give a password for it. A new request makes the plan before it
   * unusable at once, and a request that was overtaken by a newer one fails with `plan-unknown`.
   */
  'daemon-config.plan': call(v.object({ mirrors, withPassword: v.boolean() }), type<KeptMirrorPlan>()),
  'daemon-config.apply': call(v.pipe(v.string(), v.maxLength(64)), type<JobId>()),
  /** Asks for a password: the backups are root's. The newest first, those that can be restored. */
  'daemon-config.backups': call(v.undefined(), type<readonly DaemonBackup[]>()),
  'daemon-config.restore': call(hash, type<JobId>()),
  /** Shows the file in the desktop's own program. */
  'daemon-config.show': call(v.undefined(), type<void>()),
}
