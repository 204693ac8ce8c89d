/** The service that removes build cache, over a real engine, composed as in main. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildCacheService } from '../../../main/build-cache/index.ts'
import { jobService } from '../../../main/jobs/index.ts'
import { openStore } from '../../../main/store/index.ts'
import type { Job, StoredCachePlan, Result } from '../../../preload/contract/index.ts'
import { eventually, watchEngine } from '../engine-window.ts'

export async function openCacheCleaner(socket: string) {
  const folder = mkdtempSync(join(tmpdir(), 'cache-cleaner-'))
  const store = openStore(folder)
  const served = watchEngine(socket)
  const jobs = jobService({ publish: () => undefined, store })
  const { handlers } = buildCacheService({ engine: served.engine, jobs })
  await eventually(() => served.window.complete)

  async function waitForEnd(id: string): Promise<Job> {
    await eventually(() => jobs.find(id)?.state !== 'running', 40_000)
    return jobs.find(id)!
  }
  const apply = async (storedPlan: StoredCachePlan) => handlers['build-cache.apply'](storedPlan.id)
  return {
    jobs,
    plan: async (): Promise<StoredCachePlan> => valueOf(await handlers['build-cache.plan'](undefined)),
    apply,
    /** Applies the plan. @returns the id of the job, without waiting for its end */
    start: async (storedPlan: StoredCachePlan) => valueOf(await apply(storedPlan)),
    /** Applies the plan and waits for the end of the job. */
    execute: async (storedPlan: StoredCachePlan) => waitForEnd(valueOf(await apply(storedPlan))),
    waitForEnd,
    cancel: (id: string) => jobs.handlers['jobs.cancel'](id),
    async stop() {
      await served.stop()
      await store.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function valueOf<T>(result: Result<T>): T {
  if (!result.ok) throw new Error(JSON.stringify(result.error))
  return result.value
}
