/** Executes a plan to remove build cache, one record at a time. */
import type { CacheDeletion } from '../../model/build-cache/plan.ts'
import { engineFailure, listBuildCache, removeBuildCache, statusOf, type Lease } from '../engine/index.ts'
import type { JobContext } from '../jobs/index.ts'

export const nameOf = ({ id, description }: CacheDeletion): string => description || id

interface Needs {
  readonly lease: Lease
  readonly deletes: readonly CacheDeletion[]
  readonly job: JobContext
}

/**
 * Removes the records in order. Stops early if the job is cancelled, the connection is lost, or the engine also removes
 * records that were not requested.
 */
export async function removeRecords({ lease, deletes, job }: Needs): Promise<void> {
  let freed = 0
  let startedCount = 0
  let stopped = false

  async function execute({ id }: CacheDeletion, index: number) {
    const { session } = lease
    startedCount = index + 1
    await job.begin(index)
    try {
      const removal = await removeBuildCache(session, id)
      freed += removal.reclaimed
      const removedOthers = removal.deleted.some((other) => other !== id)
      if (removedOthers) {
        stopped = true
        job.fail({ code: 'cache-more-removed' })
      }
      const isDeleted = removal.deleted.includes(id)
      job.updateItem(index, isDeleted ? { state: 'done' } : { state: 'failed', failure: { code: 'cache-not-removed' } })
    } catch (error) {
      const failure = engineFailure(error, session.context)
      if (statusOf(error) !== undefined) return job.updateItem(index, { state: 'failed', failure })
      stopped = true
      job.fail(failure)
      job.updateItem(index, { state: 'unknown' })
      const outcome = await resolveOutcome(lease, id)
      if (outcome === 'gone') job.updateItem(index, { state: 'done' })
      if (outcome === 'exists') job.updateItem(index, { state: 'failed', failure })
    }
  }

  for (let index = 0; index < deletes.length && !stopped && !job.cancelled.aborted; index++)
    await execute(deletes[index]!, index)
  for (let index = startedCount; index < deletes.length; index++) job.updateItem(index, { state: 'skipped' })
  job.updateSubject({ freed })
}

/** Finds out, after the connection was lost, whether the record still exists. Waits up to 60 s for the same engine. */
async function resolveOutcome(lease: Lease, id: string): Promise<'gone' | 'exists' | 'unknown'> {
  const session = lease.session.signal.aborted ? await lease.awaitReconnect() : lease.session
  if (!session) return 'unknown'
  try {
    return (await listBuildCache(session)).some((record) => record.id === id) ? 'exists' : 'gone'
  } catch {
    return 'unknown'
  }
}
