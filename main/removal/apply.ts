/** A plan executed as it stands, on the engine that it was made for: what has moved since is not touched. */
import { setTimeout as delay } from 'node:timers/promises'
import { shortId, splitReference, type ContainerId, type ImageId } from '../../model/image/image.ts'
import type { ContainerRemoval, Deletion, RemovalPlan, Untagging } from '../../model/removal/plan.ts'
import type { Failure } from '../../preload/contract/index.ts'
import {
  engineFailure,
  inspectContainer,
  inspectImage,
  listContainers,
  removeContainer,
  removeImage,
  statusOf,
  stopContainer,
  tagImage,
  type EngineSession,
  type Lease,
} from '../engine/index.ts'
import type { Working } from '../jobs/index.ts'

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
/** How long a container with `--rm` may take to be gone after it has stopped. */
const selfRemovalTimeoutMs = 10_000

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

  async function one(at: number) {
    const item = items[at]!
    const { session } = lease
    const { endpoint } = session.context
    if (session.signal.aborted) {
      broken = true
      return job.fail({ code: 'engine-stopped', endpoint })
    }
    begun.add(item)
    await job.begin(at)
    try {
      const failure = await ('untag' in item ? untag(session, item.untag) : remove(session, item.deletion, plan))
      if (!failure) affected.add(item)
      job.item(at, failure ? { state: 'failed', failure } : { state: 'done' })
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

  // One after another: the classic store, asked to remove two images at once that share layers, fails with "layer does
  // not exist" and may keep half of one (tried on 20.10 and 26.1).
  for (let at = 0; at < items.length && !broken && !job.cancelled.aborted; at++) await one(at)
  items.forEach((item, at) => begun.has(item) || job.item(at, { state: 'kept' }))
  return affected
}

/** @returns undefined if it was done */
async function untag(session: EngineSession, { reference, image, staysAs }: Untagging): Promise<Failure | undefined> {
  const now = await inspectImage(session, reference)
  // Were it the last name, its removal would delete the image.
  if (now?.Id !== image || !now.RepoTags.some((name) => staysAs.includes(name))) return moved(image)
  const removal = await removeImage(session, reference)
  return removal === 'missing' || 'conflict' in removal ? moved(image) : undefined
}

/** @returns undefined if it was done */
async function remove(session: EngineSession, deletion: Deletion, plan: RemovalPlan): Promise<Failure | undefined> {
  const { image } = deletion
  const containers = plan.containers.filter((each) => each.image === image)
  if (!(await isAsPlanned(session, deletion, containers))) return moved(image)
  for (const each of containers) if (!(await removeUser(session, each))) return moved(image)

  const taken: string[] = []
  // An image that is kept keeps its names.
  const putBack = async () => {
    for (const name of taken) await tagAgain(session, image, name)
  }
  try {
    for (const [at, name] of deletion.names.entries()) {
      const removal = await removeImage(session, name)
      if (removal === 'missing' || 'conflict' in removal) {
        await putBack()
        // A plan that did not know which images containers use has left it to the engine to say so.
        const unforeseen = removal === 'missing' || plan.containersFailure === undefined
        return unforeseen ? moved(image) : { code: 'engine-refused', detail: removal.conflict }
      }
      taken.push(name)
      const last = at === deletion.names.length - 1
      if (last && !removal.deleted.includes(image) && (await inspectImage(session, image)))
        return { code: 'image-stays', image }
    }
    return undefined
  } catch (error) {
    if (statusOf(error) !== undefined) await putBack()
    throw error
  }
}

async function isAsPlanned(
  session: EngineSession,
  { image, references, names }: Deletion,
  planned: readonly ContainerRemoval[],
) {
  // The engine itself refuses the last name of an image in use; before that it would take the others. All containers
  // are asked for: 20.10 takes four milliseconds for each question that names an ancestor.
  const mayBeUsed = names.length > 1 || planned.length > 0
  const [now, all] = await Promise.all([
    inspectImage(session, image),
    mayBeUsed ? listContainers(session, { all: true }) : undefined,
  ])
  if (!now || now.RepoTags.join('\n') !== [...references].sort().join('\n')) return false
  const using = all?.flatMap(({ Id, ImageID }) => (ImageID === image ? [Id] : [])) ?? []
  return using.length === planned.length && planned.every(({ id }) => using.includes(id))
}

/**
 * Removes a container, stopping it first if the plan says so.
 * @returns false if the container is not as planned, for example because it was started meanwhile. It is left as it is.
 */
async function removeUser(session: EngineSession, { id, image, stop }: ContainerRemoval): Promise<boolean> {
  const now = await inspectContainer(session, id)
  if (!now) return true
  if (now.Image !== image || (now.State.Running && !stop)) return false
  // A container with `--rm` removes itself as soon as it has stopped.
  if (now.State.Running && !(await stopContainer(session, id))) return true
  const removal = await removeContainer(session, id)
  return removal === 'removed' || removal === 'missing' || (await removesItself(session, id))
}

/** Waits until a container is gone whose removal the engine has begun. @returns false if it stays */
async function removesItself(session: EngineSession, id: ContainerId): Promise<boolean> {
  for (const end = Date.now() + selfRemovalTimeoutMs; Date.now() < end; await delay(50)) {
    const now = await inspectContainer(session, id)
    if (!now) return true
    if (now.State.Running) return false
  }
  return false
}

const moved = (image: ImageId): Failure => ({ code: 'image-moved', image })

async function tagAgain(session: EngineSession, image: ImageId, name: string) {
  if (name.includes('@') || name === image) return
  await tagImage(session, image, splitReference(name)).catch(() => undefined)
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
