/** Removing images: make a plan, apply exactly that plan, undo it. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import type { RemovalPlan } from '../../model/removal/plan.ts'
import { call, type } from './define.ts'
import { containerId, imageId } from './ids.ts'
import type { JobId } from './jobs.ts'

const planId = v.pipe(v.string(), v.maxLength(64))
const jobId = v.pipe(v.string(), v.maxLength(64))

/** The folder for copies and its free space; `free` is absent if it cannot be determined. */
export interface CopyPlace {
  readonly folder: string
  readonly free?: Bytes
}

/** A plan that main stores. The window applies it by its id. */
export interface StoredPlan {
  readonly id: string
  readonly plan: RemovalPlan
  readonly copies: CopyPlace
}

/** A removal that can still be undone, even if it was cleared from Activity. */
export interface Undoable {
  readonly job: JobId
  /** The engine on which the images were removed. */
  readonly endpoint: string
  /** Whether that engine is the current one. */
  readonly isCurrentEngine: boolean
  /** Until when the removal can be undone, in seconds since 1970. */
  readonly until: number
  /** Names of the images and tags that undoing would restore. */
  readonly names: readonly string[]
  /** Size of the removal's copies on disk. */
  readonly bytes: Bytes
}

/** A saved copy that belongs to no known removal. */
export interface StrayCopy {
  readonly file: string
  readonly bytes: Bytes
}

/** More than the rows and copies of 50,000 images with four tags each. */
const maxRows = 250_000

const row = v.object({ image: imageId, reference: v.exactOptional(v.pipe(v.string(), v.maxLength(400))) })
const choice = v.picklist(['keep', 'remove', 'stop-and-remove'])

export const calls = {
  /**
   * Main stores one plan. A new request invalidates the previous plan at once, and a request that a newer one overtakes
   * fails with `plan-unknown`.
   */
  'removal.plan': call(
    v.object({
      rows: v.pipe(v.array(row), v.maxLength(maxRows)),
      choices: v.pipe(v.record(containerId, choice), v.maxEntries(maxRows)),
    }),
    type<StoredPlan>(),
  ),
  /** `copies`: images to save first. Nothing is removed before all copies are saved. */
  'removal.apply': call(v.object({ planId, copies: v.pipe(v.array(imageId), v.maxLength(maxRows)) }), type<JobId>()),
  /** Asks the user for another folder for copies. The folder does not change if they cancel. */
  'removal.chooseFolder': call(v.undefined(), type<CopyPlace>()),
  /** Every removal that can still be undone, newest first. */
  'removal.undoables': call(v.undefined(), type<readonly Undoable[]>()),
  'removal.undo': call(jobId, type<JobId>()),
  /** Copies that belong to no known removal, largest first. */
  'removal.strays': call(v.undefined(), type<readonly StrayCopy[]>()),
  /** Deletes those of these files that are still strays. */
  'removal.deleteStrays': call(
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(4096))), v.maxLength(maxRows)),
    type<void>(),
  ),
  /** Opens the folder of a removal's copies in the desktop's file manager. */
  'removal.openCopies': call(jobId, type<void>()),
}
