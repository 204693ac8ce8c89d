/** Removal of build cache: a plan, then exactly that plan. A removal cannot be undone. */
import * as v from 'valibot'
import type { CachePlan } from '../../model/build-cache/plan.ts'
import { call, type } from './define.ts'
import type { JobId } from './jobs.ts'

const planId = v.pipe(v.string(), v.maxLength(64))

/** A plan that main stores. The window applies it by its id. */
export interface StoredCachePlan {
  readonly id: string
  readonly plan: CachePlan
}

export const calls = {
  /** Main stores one plan. A newer request invalidates the previous plan at once (`plan-unknown`). */
  'build-cache.plan': call(v.undefined(), type<StoredCachePlan>()),
  /** Fails with `plan-outdated`, and removes nothing, if the records to remove are no longer those of the plan. */
  'build-cache.apply': call(planId, type<JobId>()),
}
