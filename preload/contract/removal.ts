/** Removing images: a plan first, then exactly that plan; and the way back. */
import * as v from 'valibot'
import type { Bytes } from '../../model/image/image.ts'
import type { RemovalPlan } from '../../model/removal/plan.ts'
import { call, type } from './define.ts'
import { imageId } from './ids.ts'
import type { JobId } from './jobs.ts'

const planId = v.pipe(v.string(), v.maxLength(64))
const jobId = v.pipe(v.string(), v.maxLength(64))

/** Where copies are saved, and what is free there; not known where the folder cannot be asked. */
export interface CopyPlace {
  readonly folder: string
  readonly free?: Bytes
}

/** A plan as main keeps it: the window answers with its id, never with a plan of its own. */
export interface KeptPlan {
  readonly id: string
  readonly plan: RemovalPlan
  readonly copies: CopyPlace
}

/** A removal that can still be undone, also one that was cleared from Activity. */
export interface Undoable {
  readonly job: JobId
  /** Where it was removed. */
  readonly endpoint: string
  /** The engine that the window shows is that one. */
  readonly isHere: boolean
  /** Until when, in seconds since 1970. */
  readonly until: number
  /** Images and tags that would come back, by name. */
  readonly names: readonly string[]
  /** What its copies take on the disk. */
  readonly bytes: Bytes
}

/** A copy of an image that belongs to no removal which Slipway knows. */
export interface StrayCopy {
  readonly file: string
  readonly bytes: Bytes
}

const row = v.object({ image: imageId, reference: v.exactOptional(v.pipe(v.string(), v.maxLength(400))) })
const choice = v.picklist(['keep', 'remove', 'stop-and-remove'])

export const calls = {
  /**
   * Main keeps one plan. A new request makes the plan before it unusable at once (`plan-unknown`), and a request that was
   * overtaken by a newer one fails with `plan-unknown`.
   */
  'removal.plan': call(
    v.object({ rows: v.pipe(v.array(row), v.maxLength(50_000)), choices: v.record(v.string(), choice) }),
    type<KeptPlan>(),
  ),
  /** `copies`: the images of which a copy is saved first. Nothing is removed before all of them are saved. */
  'removal.apply': call(v.object({ planId, copies: v.array(imageId) }), type<JobId>()),
  /** Asks the user for another folder for copies; where they think better of it, it stays. */
  'removal.chooseFolder': call(v.undefined(), type<CopyPlace>()),
  /** All that can still be undone, the newest first. */
  'removal.undoables': call(v.undefined(), type<readonly Undoable[]>()),
  'removal.undo': call(jobId, type<JobId>()),
  /** Copies that belong to no removal, the largest first. */
  'removal.strays': call(v.undefined(), type<readonly StrayCopy[]>()),
  /** Deletes those of the files that are such copies still. */
  'removal.deleteStrays': call(
    v.pipe(v.array(v.pipe(v.string(), v.maxLength(4096))), v.maxLength(10_000)),
    type<void>(),
  ),
  /** Shows the folder of a removal's copies in the desktop's file manager. */
  'removal.openCopies': call(jobId, type<void>()),
}
