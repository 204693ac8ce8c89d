/** Removing build cache: a plan first, then exactly that plan. It cannot be undone. */
import * as v from 'valibot'
import type { CachePlan } from '../../model/build-cache/plan.ts'
import { call, type } from './define.ts'
import type { JobId } from './jobs.ts'

const planId = v.pipe(v.string(), v.maxLength(64))

/** A plan as main keeps it: the window answers with its id. */
export interface KeptCachePlan {
  readonly id: string
  readonly plan: CachePlan
}

export const calls = {
  /** Main keeps one plan; a newer request makes the plan before it unusable at once (`plan-unknown`). */
  'build-cache.plan': call(v.undefined(), type<KeptCachePlan>()),
  /** Fails with `plan-moved`, and removes nothing, if the records to remove are no longer those of the plan. */
  'build-cache.apply': call(planId, type<JobId>()),
}
