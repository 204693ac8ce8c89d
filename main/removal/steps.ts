/** One item of a plan, done: what has moved since the plan was made is not touched. */
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
import type { Turn } from './lanes.ts'

/** How long a container with `--rm` may take to be gone after it has stopped. */
const selfRemovalTimeoutMs = 10_000

/** `kept`: its turn came when nothing more should be done, and it is as it was. */
type Outcome = 'done' | 'kept' | Failure

export async function untag(session: EngineSession, { reference, image, staysAs }: Untagging): Promise<Outcome> {
  const now = await inspectImage(session, reference)
  // Were it the last name, its removal would delete the image.
  if (now?.Id !== image || !now.RepoTags.some((name) => staysAs.includes(name))) return moved(image)
  const removal = await removeImage(session, reference)
  return removal === 'missing' || 'conflict' in removal ? moved(image) : 'done'
}

/** An engine that mounts images refuses a mounted one only by its name. */
const removesById = ({ capabilities }: EngineSession) => !capabilities.mountsImages

/** Whether all names of an image but the last are taken before its turn: no layer goes with those, and all can be put back. */
export const takesNamesEarly = (session: EngineSession, { image, names }: Deletion, { containers }: RemovalPlan) =>
  removesById(session) &&
  names.length > 1 &&
  !names.some((name) => name.includes('@')) &&
  !containers.some((each) => each.image === image)

/**
 * Deletes an image, and before it the containers that the plan names. The classic store, asked to remove two images at
 * once that share layers, fails with "layer does not exist" and may keep half of one (tried on 20.10 and 26.1): so the last
 * step waits for its turn. It names the image by its id, which no build can move to another image.
 */
export async function removeOne(lease: Lease, deletion: Deletion, plan: RemovalPlan, turn: Turn): Promise<Outcome> {
  const { session } = lease
  const { image, names, references } = deletion
  const containers = plan.containers.filter((each) => each.image === image)
  const byId = removesById(session)
  // Asked for by its id, the engine itself refuses an image that has got a second name or a container.
  const needsLook = !byId || names.length > 1 || references.length === 0 || containers.length > 0
  if (needsLook && !(await isAsPlanned(session, deletion, containers))) return moved(image)
  for (const each of containers) if (!(await removeUser(session, each))) return moved(image)

  const taken: string[] = []
  // An image that is kept keeps its names.
  const putBack = async () => {
    for (const name of taken) await tagAgain(session, image, name)
  }
  try {
    for (const [at, name] of names.entries()) {
      const last = at === names.length - 1
      if (last && !(await turn.comes())) {
        for (const name of taken) await tagImage(lease.session, image, splitReference(name))
        return 'kept'
      }
      const removal = await removeImage(session, last && byId ? image : name)
      if (removal === 'missing' || 'conflict' in removal) {
        await putBack()
        // A plan that did not know which images containers use has left it to the engine to say so.
        const unforeseen = removal === 'missing' || plan.containersFailure === undefined
        return unforeseen ? moved(image) : { code: 'engine-refused', detail: removal.conflict }
      }
      taken.push(name)
      if (last && !removal.deleted.includes(image) && (await inspectImage(session, image)))
        return { code: 'image-stays', image }
    }
    return 'done'
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
  // The engine itself refuses the last name of an image in use; the others are put back then, but a digest cannot be.
  // All containers are asked for: 20.10 takes four milliseconds for each question that names an ancestor.
  const mayBeUsed = planned.length > 0 || (names.length > 1 && names.some((name) => name.includes('@')))
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

export async function tagAgain(session: EngineSession, image: ImageId, name: string) {
  if (name.includes('@') || name === image) return
  await tagImage(session, image, splitReference(name)).catch(() => undefined)
}
