/** Executes one item of a plan. An image or tag that changed since the plan was made is left alone. */
import { setTimeout as delay } from 'node:timers/promises'
import { splitReference, type ContainerId, type ImageId } from '../../model/image/image.ts'
import type { ContainerRemoval, Deletion, RemovalPlan, Untagging } from '../../model/removal/plan.ts'
import type { Failure } from '../../preload/contract/index.ts'
import {
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
import type { Predecessors } from './run-items.ts'

/** Time for a stopped container with `--rm` to remove itself. */
const selfRemovalTimeoutMs = 10_000

/** `kept`: the job was cancelled or failed before the item's turn, and the item is unchanged. */
type Outcome = 'done' | 'skipped' | Failure

export async function untag(session: EngineSession, { reference, image, staysAs }: Untagging): Promise<Outcome> {
  const now = await inspectImage(session, reference)
  // Removing the last name would delete the image.
  if (now?.Id !== image || !now.RepoTags.some((name) => staysAs.includes(name))) return changedFailure(image)
  const removal = await removeImage(session, reference)
  return removal === 'missing' || 'conflict' in removal ? changedFailure(image) : 'done'
}

/** An engine that mounts images protects a mounted image only if the removal names it by a tag. */
const removesById = ({ capabilities }: EngineSession) => !capabilities.mountsImages

/** Whether all names but the last can be removed before the item's turn: that deletes no layer and can be undone. */
export const removesTagsEarly = (session: EngineSession, { image, names }: Deletion, { containers }: RemovalPlan) =>
  removesById(session) &&
  names.length > 1 &&
  !names.some((name) => name.includes('@')) &&
  !containers.some((each) => each.image === image)

/**
 * Removes the planned containers of an image, then the image. If the classic store removes two images with common
 * layers at once, it fails with "layer does not exist" and may leave one half deleted (tested on 20.10 and 26.1), so
 * the last step waits for the predecessors. The last step names the image by id, because a build could move a tag to
 * another image.
 */
export async function deleteImage(
  lease: Lease,
  deletion: Deletion,
  plan: RemovalPlan,
  predecessors: Predecessors,
): Promise<Outcome> {
  const { session } = lease
  const { image, names, references } = deletion
  const containers = plan.containers.filter((each) => each.image === image)
  const byId = removesById(session)
  // If the image is named by id, the engine itself refuses one that has gained a second name or a container.
  const needsCheck = !byId || names.length > 1 || references.length === 0 || containers.length > 0
  if (needsCheck && !(await isAsPlanned(session, deletion, containers))) return changedFailure(image)
  for (const each of containers) if (!(await removePlannedContainer(session, each))) return changedFailure(image)

  const removedNames: string[] = []
  // An image that is not deleted gets its names back.
  const restoreNames = async () => {
    for (const name of removedNames) await restoreTag(session, image, name)
  }
  try {
    for (const [at, name] of names.entries()) {
      const isLast = at === names.length - 1
      if (isLast && !(await predecessors.ended())) {
        // If another client deleted the image meanwhile, it could do so because its names were removed here.
        for (const name of removedNames)
          if (!(await tagImage(lease.session, image, splitReference(name)))) return 'done'
        return 'skipped'
      }
      const removal = await removeImage(session, isLast && byId ? image : name)
      if (removal === 'missing' && removedNames.length > 0 && !(await inspectImage(session, image))) return 'done'
      if (removal === 'missing' || 'conflict' in removal) {
        await restoreNames()
        // A plan without the list of containers relies on the engine to refuse an image in use.
        const changedSincePlan = removal === 'missing' || plan.containersFailure === undefined
        return changedSincePlan ? changedFailure(image) : { code: 'engine-refused', detail: removal.conflict }
      }
      removedNames.push(name)
      if (isLast && !removal.deleted.includes(image) && (await inspectImage(session, image)))
        return { code: 'image-stays', image }
    }
    return 'done'
  } catch (error) {
    if (statusOf(error) !== undefined) await restoreNames()
    throw error
  }
}

async function isAsPlanned(
  session: EngineSession,
  { image, references, names }: Deletion,
  planned: readonly ContainerRemoval[],
) {
  // The engine itself refuses to remove the last name of an image in use. The removed tags are then restored, but a
  // removed digest cannot be. The list is not filtered by ancestor, which takes 20.10 four milliseconds per request.
  const checksContainers = planned.length > 0 || (names.length > 1 && names.some((name) => name.includes('@')))
  const [inspected, containers] = await Promise.all([
    inspectImage(session, image),
    checksContainers ? listContainers(session, { all: true }) : undefined,
  ])
  if (!inspected || inspected.RepoTags.join('\n') !== [...references].sort().join('\n')) return false
  const users = containers?.flatMap(({ Id, ImageID }) => (ImageID === image ? [Id] : [])) ?? []
  return users.length === planned.length && planned.every(({ id }) => users.includes(id))
}

/**
 * Removes a container, stopping it first if the plan says so.
 * @returns false if the container is not as planned, for example because it was started since. It is then left alone.
 */
async function removePlannedContainer(session: EngineSession, { id, image, stop }: ContainerRemoval): Promise<boolean> {
  const now = await inspectContainer(session, id)
  if (!now) return true
  if (now.Image !== image || (now.State.Running && !stop)) return false
  // A container with `--rm` removes itself as soon as it has stopped.
  if (now.State.Running && !(await stopContainer(session, id))) return true
  const removal = await removeContainer(session, id)
  return removal === 'removed' || removal === 'missing' || (await waitForSelfRemoval(session, id))
}

/**
 * Waits for a container that the engine is already removing. @returns false if the container still exists after 10 s
 */
async function waitForSelfRemoval(session: EngineSession, id: ContainerId): Promise<boolean> {
  for (const end = Date.now() + selfRemovalTimeoutMs; Date.now() < end; await delay(50)) {
    const now = await inspectContainer(session, id)
    if (!now) return true
    if (now.State.Running) return false
  }
  return false
}

const changedFailure = (image: ImageId): Failure => ({ code: 'image-moved', image })

/** Adds a removed tag again. Ignores digests and failures. */
export async function restoreTag(session: EngineSession, image: ImageId, name: string) {
  if (name.includes('@') || name === image) return
  await tagImage(session, image, splitReference(name)).catch(() => undefined)
}
