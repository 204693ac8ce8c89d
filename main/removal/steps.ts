/** Executes one item of a removal plan. An image or tag that changed since the plan was made is left alone. */
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

/** `skipped`: the job was cancelled or failed before the item's turn. The image is unchanged. */
type Outcome = 'done' | 'skipped' | Failure

export async function untag(session: EngineSession, { reference, image, staysAs }: Untagging): Promise<Outcome> {
  const inspected = await inspectImage(session, reference)
  // If no other tag is left, removing this one would delete the image.
  if (inspected?.Id !== image || !inspected.RepoTags.some((name) => staysAs.includes(name)))
    return changedFailure(image)
  const removal = await removeImage(session, reference)
  return removal === 'missing' || 'conflict' in removal ? changedFailure(image) : 'done'
}

/**
 * Whether an image's last name is removed by the image's id. False on engines that mount images, because they would
 * remove a mounted image by its id, but refuse to remove it by a tag.
 */
const removesById = ({ capabilities }: EngineSession) => !capabilities.mountsImages

/**
 * Whether all names except the last are removed while the predecessors are still running. These removals delete no
 * layers, and the names can be restored.
 */
export const removesTagsEarly = (session: EngineSession, { image, names }: Deletion, { containers }: RemovalPlan) =>
  removesById(session) &&
  names.length > 1 &&
  !names.some((name) => name.includes('@')) &&
  !containers.some((container) => container.image === image)

/**
 * Removes the planned containers of an image, then the image's names; removing the last name deletes the image. The
 * last name waits for the predecessors: if the classic store deletes two images with common layers at the same time, it
 * fails with "layer does not exist" and may leave an image half deleted (tested on 20.10 and 26.1). If `removesById`,
 * the last request has the image's id instead of the name, because a build could have moved the tag to another image.
 */
export async function deleteImage(
  lease: Lease,
  deletion: Deletion,
  plan: RemovalPlan,
  predecessors: Predecessors,
): Promise<Outcome> {
  const { session } = lease
  const { image, names, references } = deletion
  const containers = plan.containers.filter((container) => container.image === image)
  const byId = removesById(session)
  // The engine itself refuses to remove an image by id if the image has two names or is used by a container.
  const needsCheck = !byId || names.length > 1 || references.length === 0 || containers.length > 0
  if (needsCheck && !(await isAsPlanned(session, deletion, containers))) return changedFailure(image)
  for (const container of containers)
    if (!(await removePlannedContainer(session, container))) return changedFailure(image)

  const removedNames: string[] = []
  const restoreNames = async () => {
    for (const name of removedNames) await restoreTag(session, image, name)
  }
  try {
    for (const [index, name] of names.entries()) {
      const isLast = index === names.length - 1
      if (isLast && !(await predecessors.ended())) {
        // The removed names are restored. If the image is gone, another client deleted it meanwhile, which counts as
        // done.
        for (const name of removedNames)
          if (!(await tagImage(lease.session, image, splitReference(name)))) return 'done'
        return 'skipped'
      }
      const removal = await removeImage(session, isLast && byId ? image : name)
      if (removal === 'missing' && removedNames.length > 0 && !(await inspectImage(session, image))) return 'done'
      if (removal === 'missing' || 'conflict' in removal) {
        await restoreNames()
        // If the plan was made without a list of containers, a refusal usually means that a container uses the image.
        const hasChanged = removal === 'missing' || plan.containersFailure === undefined
        return hasChanged ? changedFailure(image) : { code: 'engine-refused', detail: removal.conflict }
      }
      removedNames.push(name)
      if (isLast && !removal.deleted.includes(image) && (await inspectImage(session, image)))
        return { code: 'image-not-removed', image }
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
  // The engine itself refuses to remove the last name of an image in use, and the removed tags are then restored. A
  // removed digest cannot be restored, so an image with a digest is checked first. The request does not filter by
  // ancestor, because 20.10 needs 4 ms for each such request.
  const checksContainers = planned.length > 0 || (names.length > 1 && names.some((name) => name.includes('@')))
  const [inspected, containers] = await Promise.all([
    inspectImage(session, image),
    checksContainers ? listContainers(session, { all: true }) : undefined,
  ])
  if (!inspected || inspected.RepoTags.join('\n') !== [...references].sort().join('\n')) return false
  const usedBy = containers?.flatMap(({ Id, ImageID }) => (ImageID === image ? [Id] : [])) ?? []
  return usedBy.length === planned.length && planned.every(({ id }) => usedBy.includes(id))
}

/**
 * Removes a container. If the plan has `stop`, a running container is stopped first.
 * @returns false, without removing the container, if the container changed since the plan was made, for example was
 * started
 */
async function removePlannedContainer(session: EngineSession, { id, image, stop }: ContainerRemoval): Promise<boolean> {
  const inspected = await inspectContainer(session, id)
  if (!inspected) return true
  if (inspected.Image !== image || (inspected.State.Running && !stop)) return false
  // The engine removes a container with `--rm` as soon as the container has stopped.
  if (inspected.State.Running && !(await stopContainer(session, id))) return true
  const removal = await removeContainer(session, id)
  return removal === 'removed' || removal === 'missing' || (await waitForSelfRemoval(session, id))
}

/**
 * Waits for a container that the engine is already removing. @returns false if the container still exists after 10 s
 */
async function waitForSelfRemoval(session: EngineSession, id: ContainerId): Promise<boolean> {
  for (const end = Date.now() + selfRemovalTimeoutMs; Date.now() < end; await delay(50)) {
    const inspected = await inspectContainer(session, id)
    if (!inspected) return true
    if (inspected.State.Running) return false
  }
  return false
}

const changedFailure = (image: ImageId): Failure => ({ code: 'image-changed', image })

/** Adds a removed tag again. Does nothing if the name is a digest or an id. Ignores failures. */
export async function restoreTag(session: EngineSession, image: ImageId, name: string) {
  if (name.includes('@') || name === image) return
  await tagImage(session, image, splitReference(name)).catch(() => undefined)
}
