/** A plan executed as it stands, on the engine that it was made for: what has moved since is not touched. */
import { setTimeout as delay } from 'node:timers/promises'
import { shortId } from '../../model/image/image.ts'
import type { Deletion, RemovalPlan, Untagging } from '../../model/removal/plan.ts'
import { engineFailure, inspectImage, statusOf, type Lease } from '../engine/index.ts'
import type { Working } from '../jobs/index.ts'
import { inLanes, type Turn } from './lanes.ts'
import { removeOne, tagAgain, takesNamesEarly, untag } from './steps.ts'

export type Item = { readonly untag: Untagging } | { readonly deletion: Deletion }

/** One for each image that goes and each tag that is taken: tags first. */
export const itemsOf = ({ untags, deletes }: RemovalPlan): Item[] => [
  ...untags.map((untag) => ({ untag })),
  ...deletes.map((deletion) => ({ deletion })),
]
export const nameOf = (item: Item): string =>
  'untag' in item ? item.untag.reference : (item.deletion.references[0] ?? shortId(item.deletion.image))

/** An error of the engine's own. Above it, a proxy before the engine answers (502, 503, 504), and the engine may work on. */
const engineFault = 500
const noAnswer = Infinity

interface Needs {
  readonly lease: Lease
  readonly plan: RemovalPlan
  readonly job: Working
}

/** @returns the items that were completed, and those that may be: what undoes them has to be kept */
export async function executePlan({ lease, plan, job }: Needs): Promise<Set<Item>> {
  const items = itemsOf(plan)
  const affected = new Set<Item>()
  const begun = new Set<Item>()
  let broken = false

  async function one(at: number, turn: Turn) {
    const item = items[at]!
    if ('deletion' in item) {
      await turn.isNear()
      const goesFirst = !takesNamesEarly(lease.session, item.deletion, plan)
      if (goesFirst ? !(await turn.comes()) : !goesOn()) return
    }
    const { session } = lease
    const { endpoint } = session.context
    if (session.signal.aborted) {
      broken = true
      return job.fail({ code: 'engine-stopped', endpoint })
    }
    begun.add(item)
    await job.begin(at)
    try {
      const outcome = await ('untag' in item ? untag(session, item.untag) : removeOne(lease, item.deletion, plan, turn))
      if (outcome === 'done') affected.add(item)
      job.item(at, typeof outcome === 'string' ? { state: outcome } : { state: 'failed', failure: outcome })
    } catch (error) {
      const failure = engineFailure(error, endpoint)
      const status = statusOf(error) ?? noAnswer
      if (status <= engineFault) {
        // The engine may have failed after the image was gone: then a copy is all that is left of it.
        if (status === engineFault && (await resolveOutcome(item, lease)) !== 'there') affected.add(item)
        return job.item(at, { state: 'failed', failure })
      }
      // The connection broke. Whether the engine still did the item is seen when the same engine is back; the rest is
      // left as it is. An image that is there may still go: the request may arrive after the question.
      broken = true
      affected.add(item)
      job.fail(failure)
      job.item(at, { state: 'unknown' })
      const outcome = await resolveOutcome(item, lease)
      if (outcome === 'gone') job.item(at, { state: 'done' })
      if (outcome === 'there') job.item(at, { state: 'failed', failure })
    }
  }

  const goesOn = () => !broken && !job.cancelled.aborted
  const after = items.map((item) => ('untag' in item ? [] : item.deletion.after.map((at) => plan.untags.length + at)))
  await inLanes(after, one, goesOn)
  items.forEach((item, at) => begun.has(item) || job.item(at, { state: 'kept' }))
  return affected
}

/**
 * What became of an item while its connection broke, asked of the same engine alone. A name that an image lost and
 * should have kept is put back.
 */
async function resolveOutcome(item: Item, lease: Lease): Promise<'gone' | 'there' | 'unknown'> {
  const signal = AbortSignal.timeout(lease.reconnectWithinMs)
  for (; !signal.aborted; await delay(200)) {
    const session = lease.session.signal.aborted ? await lease.reconnected(signal) : lease.session
    if (!session) return 'unknown'
    try {
      if ('untag' in item)
        return (await inspectImage(session, item.untag.reference, { signal }))?.Id === item.untag.image
          ? 'there'
          : 'gone'
      const { image, references } = item.deletion
      const now = await inspectImage(session, image, { signal })
      if (!now) return 'gone'
      for (const name of references) if (!now.RepoTags.includes(name)) await tagAgain(session, image, name)
      return 'there'
    } catch {
      // Broken again: wait on.
    }
  }
  return 'unknown'
}
