/** The service that removes build cache, over a real engine, as main builds it. */
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
  const changes: (() => void)[] = []
  const jobs = jobService({ publish: () => changes.forEach((changed) => changed()), store })
  const { handlers } = buildCacheService({ engine: served.engine, jobs })
  await eventually(() => served.window.complete)

  async function end(id: string): Promise<Job> {
    await eventually(() => jobs.find(id)?.state !== 'running', 40_000)
    return jobs.find(id)!
  }
  const apply = async (kept: StoredCachePlan) => handlers['build-cache.apply'](kept.id)
  return {
    jobs,
    /** Called whenever a job has changed. */
    onChange: (changed: () => void) => void changes.push(changed),
    ask: async () => handlers['build-cache.plan'](undefined),
    plan: async (): Promise<StoredCachePlan> => valueOf(await handlers['build-cache.plan'](undefined)),
    apply,
    start: async (kept: StoredCachePlan) => valueOf(await apply(kept)),
    executed: async (kept: StoredCachePlan) => end(valueOf(await apply(kept))),
    end,
    cancel: (id: string) => jobs.handlers['jobs.cancel'](id),
    async stop() {
      await served.stop()
      await store.end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export function valueOf<T>(answer: Result<T>): T {
  if (!answer.ok) throw new Error(JSON.stringify(answer.error))
  return answer.value
}
