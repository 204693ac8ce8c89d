/**
 * Executes a removal plan on the plan's engine. Images and tags that changed since the plan was made are left alone.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { shortId } from '../../model/image/image.ts'
import type { Deletion, RemovalPlan, Untagging } from '../../model/removal/plan.ts'
import { engineFailure, inspectImage, statusOf, type Lease } from '../engine/index.ts'
import type { JobContext } from '../jobs/index.ts'
import { runItems, type Predecessors } from './run-items.ts'
import { deleteImage, removesTagsEarly, restoreTag, untag } from './steps.ts'

export type Item = { readonly untag: Untagging } | { readonly deletion: Deletion }

/** @returns one item for each tag to remove, then one for each image to delete */
export const itemsOf = ({ untags, deletes }: RemovalPlan): Item[] => [
  ...untags.map((untag) => ({ untag })),
  ...deletes.map((deletion) => ({ deletion })),
]
export const nameOf = (item: Item): string =>
  'untag' in item ? item.untag.reference : (item.deletion.references[0] ?? shortId(item.deletion.image))

/** The status of an error in the engine. After 502, 503 or 504 from a proxy, the engine may still be working. */
const internalServerError = 500
const noResponse = Infinity

interface Needs {
  readonly lease: Lease
  readonly plan: RemovalPlan
  readonly job: JobContext
}

/** @returns the items that were or may have been executed. The undo data of these items must be kept. */
export async function executePlan({ lease, plan, job }: Needs): Promise<Set<Item>> {
  const items = itemsOf(plan)
  const affected = new Set<Item>()
  const started = new Set<Item>()
  let connectionLost = false

  async function execute(index: number, predecessors: Predecessors) {
    const item = items[index]!
    // Written while the predecessors run, because each line is synced to the disk.
    const journaled = job.begin(index)
    if ('deletion' in item) {
      await predecessors.started()
      const removesAllAtOnce = !removesTagsEarly(lease.session, item.deletion, plan)
      if (removesAllAtOnce ? !(await predecessors.ended()) : !shouldContinue()) return
    }
    const { session } = lease
    const { endpoint, kind } = session.context
    if (session.signal.aborted) {
      connectionLost = true
      return job.fail({ code: 'engine-stopped', endpoint, kind })
    }
    started.add(item)
    await journaled
    try {
      const outcome = await ('untag' in item
        ? untag(session, item.untag)
        : deleteImage(lease, item.deletion, plan, predecessors))
      if (outcome === 'done') affected.add(item)
      job.updateItem(index, typeof outcome === 'string' ? { state: outcome } : { state: 'failed', failure: outcome })
    } catch (error) {
      const failure = engineFailure(error, session.context)
      const status = statusOf(error) ?? noResponse
      if (status <= internalServerError) {
        // The engine may have deleted the image before it failed. The copy is then the only way to restore the image.
        if (status === internalServerError && (await resolveOutcome(item, lease)) !== 'exists') affected.add(item)
        return job.updateItem(index, { state: 'failed', failure })
      }
      // The connection was lost, so the remaining items are skipped. This item counts as affected even if the image
      // still exists after the reconnection, because the engine may process the request later.
      connectionLost = true
      affected.add(item)
      job.fail(failure)
      job.updateItem(index, { state: 'unknown' })
      const outcome = await resolveOutcome(item, lease)
      if (outcome === 'gone') job.updateItem(index, { state: 'done' })
      if (outcome === 'exists') job.updateItem(index, { state: 'failed', failure })
    }
  }

  const shouldContinue = () => !connectionLost && !job.cancelled.aborted
  const itemPredecessors = items.map((item) =>
    'untag' in item ? [] : item.deletion.after.map((index) => plan.untags.length + index),
  )
  await runItems(itemPredecessors, execute, shouldContinue)
  items.forEach((item, index) => started.has(item) || job.updateItem(index, { state: 'skipped' }))
  return affected
}

/**
 * Waits until the same engine is reachable again, then finds out whether the engine executed the item. If the image
 * still exists, the names that were removed from the image are restored.
 * @returns 'unknown' if the engine does not answer within `lease.reconnectTimeoutMs`
 */
async function resolveOutcome(item: Item, lease: Lease): Promise<'gone' | 'exists' | 'unknown'> {
  const signal = AbortSignal.timeout(lease.reconnectTimeoutMs)
  for (; !signal.aborted; await delay(200)) {
    const session = lease.session.signal.aborted ? await lease.awaitReconnect(signal) : lease.session
    if (!session) return 'unknown'
    try {
      if ('untag' in item)
        return (await inspectImage(session, item.untag.reference, { signal }))?.Id === item.untag.image
          ? 'exists'
          : 'gone'
      const { image, references } = item.deletion
      const inspected = await inspectImage(session, image, { signal })
      if (!inspected) return 'gone'
      for (const name of references) if (!inspected.RepoTags.includes(name)) await restoreTag(session, image, name)
      return 'exists'
    } catch {
      // The connection was lost again, so the loop waits for the next one.
    }
  }
  return 'unknown'
}
