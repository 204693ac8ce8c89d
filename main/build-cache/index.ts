/** Removes build cache: first makes a plan, then applies exactly that plan. */
import { randomUUID } from 'node:crypto'
import { isSamePlan, planCacheRemoval, type CachePlan } from '../../model/build-cache/plan.ts'
import { fail, ok, type Handlers } from '../../preload/contract/index.ts'
import {
  engineFailure,
  listBuildCache,
  supportsCacheRemovalById,
  type Engine,
  type EngineSession,
} from '../engine/index.ts'
import type { Jobs, JobContext } from '../jobs/index.ts'
import { nameOf, removeRecords } from './remove.ts'

export interface BuildCacheNeeds {
  readonly engine: Pick<Engine, 'session' | 'shows' | 'lease'>
  readonly jobs: Jobs
}

/** The plan that the window shows, and its engine. */
interface CurrentPlan {
  readonly id: string
  readonly plan: CachePlan
  readonly session: EngineSession
}

export function buildCacheService({ engine, jobs }: BuildCacheNeeds) {
  /** The only plan that can be applied. A newer request discards this plan at once. */
  let current: CurrentPlan | undefined
  let latestRequest = 0

  const planFor = async (session: EngineSession) => planCacheRemoval(await listBuildCache(session))

  const handlers: Handlers<'build-cache'> = {
    'build-cache.plan': async () => {
      const request = ++latestRequest
      current = undefined
      const shownSession = engine.session()
      if (!shownSession.ok) return shownSession
      const session = shownSession.value
      if (!supportsCacheRemovalById(session.capabilities)) return fail({ code: 'cache-not-removable' })
      try {
        const planned = { id: randomUUID(), plan: await planFor(session), session }
        if (request !== latestRequest || !engine.shows(session)) return fail({ code: 'plan-unknown' })
        current = planned
        return ok({ id: planned.id, plan: planned.plan })
      } catch (error) {
        return fail(engineFailure(error, session.context))
      }
    },
    'build-cache.apply': async (planId) => {
      const requested = current
      if (requested?.id !== planId) return fail({ code: 'plan-unknown' })
      const { plan, session } = requested
      // A plan can be applied only once, so that a second click fails.
      current = undefined
      if (!engine.shows(session)) return fail({ code: 'plan-outdated' })
      try {
        if (!isSamePlan(await planFor(session), plan)) return fail({ code: 'plan-outdated' })
      } catch (error) {
        return fail(engineFailure(error, session.context))
      }
      const { deletes, frees } = plan
      // The lease keeps the engine connected during the job, even if the window switches to another engine.
      const lease = engine.lease(session)
      const work = (job: JobContext) => removeRecords({ lease, deletes, job }).finally(lease.release)
      return ok(jobs.start({ kind: 'build-cache', promised: frees }, deletes.map(nameOf), work, session.context))
    },
  }
  return { handlers }
}
