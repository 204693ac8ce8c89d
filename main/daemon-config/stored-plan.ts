import type { FileEdit } from '../../model/daemon-config/plan.ts'
import type { StoredRestorePlan } from '../../preload/contract/index.ts'
import type { DaemonFileAccess, FileContent } from './access.ts'
import type { ShownSession } from './target-engine.ts'

/** A plan that was shown, with the session and the access to the file that it was made for. */
export interface StoredPlan {
  readonly shown: StoredRestorePlan
  /** Absent if the mirrors do not change. */
  readonly change: FileEdit | undefined
  readonly session: ShownSession
  readonly access: DaemonFileAccess
  /** The file as it was when the plan was made. */
  readonly read: FileContent
  readonly mirrors: readonly string[]
  /** The hash of the backup that replaces the whole file; undefined if only the mirrors change. */
  readonly backup?: string
}
