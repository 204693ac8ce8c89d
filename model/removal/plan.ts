/** Plans a removal: computes, as plain data, what the removal will do. A plan is applied exactly as it was shown. */
import { isDangling, isRunning, type Bytes, type Container, type ContainerId } from '../image/image.ts'
import type { Image, ImageId, Reference } from '../image/image.ts'
import { childrenFirst, removedParents, isBuildStep, listedDescendant } from '../image/family.ts'
import type { ByteRange } from '../layers/sizes.ts'
import { provenance, type Provenance } from '../image/provenance.ts'
import { withoutLowerBounds } from '../layers/bounds.ts'
import { zeroBytes, type Sharing } from '../layers/sharing.ts'
import { commandsOf, namesOf } from './commands.ts'
import { predecessorsOf } from './order.ts'
import { resolveTargets, type Untagging, type RemovalTarget } from './targets.ts'

export type { Untagging, RemovalTarget }

/** What to do about a container that uses an image. A running container needs the explicit `stop-and-remove`. */
export type Choice = 'keep' | 'remove' | 'stop-and-remove'
/** By container. A container without an entry is kept. */
export type Choices = Readonly<Record<ContainerId, Choice>>

export interface Deletion {
  readonly image: ImageId
  readonly references: readonly Reference[]
  readonly created: number
  readonly size: Bytes
  /** The bytes that only this image holds. They are freed even if the other deletions fail. */
  readonly ownBytes: ByteRange
  readonly provenance: Provenance
  /**
   * Whether the sheet offers to save a copy first. `preselected`: the checkbox is preselected, because the image has a
   * name and no registry is known to have the image. `unneeded`: a registry has the image.
   */
  readonly copy: 'preselected' | 'offered' | 'unneeded'
  /** Build steps: untagged parents, which no list shows. The engine removes these together with this image. */
  readonly parents: readonly ImageId[]
  /** The names to remove, in this order; removing the last one deletes the image. */
  readonly names: readonly string[]
  /** Indices into `deletes` of the images that must be removed first. */
  readonly after: readonly number[]
}

export type Blocker =
  | {
      readonly kind: 'container'
      readonly id: ContainerId
      readonly name: string
      readonly state: Container['state']
      readonly running: boolean
    }
  /** An image that was built on this one and is not deleted. */
  | { readonly kind: 'child'; readonly image: ImageId; readonly references: readonly Reference[] }
  /** The engine cannot inspect the image, so its names and layers are unknown. `detail`: the engine's error message. */
  | { readonly kind: 'unreadable'; readonly detail: string }

/**
 * Something that blocks the deletion of a selected image, or the removal of a tag, with the user's choice. While a
 * blocker remains, none of the image's names are removed.
 */
export interface Blocked {
  readonly image: ImageId
  readonly references: readonly Reference[]
  readonly blocker: Blocker
  readonly choice: Choice
  readonly choices: readonly Choice[]
}

export interface ContainerRemoval {
  readonly id: ContainerId
  readonly name: string
  readonly image: ImageId
  /** The container is running and is stopped first. */
  readonly stop: boolean
}

export interface RemovalPlan {
  /** Children come before their parents. */
  readonly deletes: readonly Deletion[]
  /** Bytes that several deleted images share: freed only if all of those are deleted. */
  readonly sharedAmongDeleted: ByteRange
  readonly untags: readonly Untagging[]
  /** One entry for each blocker of each selected image, with the user's choice. */
  readonly blocked: readonly Blocked[]
  /** Containers that the user chose to remove, and whose image is deleted. */
  readonly containers: readonly ContainerRemoval[]
  /** Selected rows whose image or name no longer exists. */
  readonly missing: readonly RemovalTarget[]
  /**
   * Why the list of containers is incomplete. If an unlisted container uses an image, the engine refuses to remove that
   * image.
   */
  readonly containersFailure?: string
  /** Upper bound of the bytes that BuildKit's cache may still hold after the removal. */
  readonly maxRetained: Bytes
  /** The deletions' own bytes plus `sharedAmongDeleted`; `maxRetained` is subtracted from the minimum. */
  readonly frees: ByteRange
  /** The `docker` commands that have the same effect. */
  readonly commands: readonly string[]
}

export interface PlanInput {
  /** All images, including those that no list shows. */
  readonly images: ReadonlyMap<ImageId, Image>
  readonly containers: ReadonlyMap<ContainerId, Container>
  /** Why the list of containers is incomplete; `containers` has those that could be read. */
  readonly containersFailure?: string | undefined
  readonly sharing: Sharing
  readonly store: 'classic' | 'containerd'
  /** The flags that select the engine in a `docker` command. */
  readonly engineFlags?: readonly string[]
}

/** Whether the choice removes the container. The choice `remove` does not apply to a container that is running now. */
const isRemovedBy = (container: Container, choice: Choice | undefined) =>
  choice === (isRunning(container) ? 'stop-and-remove' : 'remove')

export function planRemoval(input: PlanInput, rows: readonly RemovalTarget[], choices: Choices = {}): RemovalPlan {
  const { images, sharing } = input
  const { fullySelected, untags, missing } = resolveTargets(images, rows)
  const containersByImage = Map.groupBy(input.containers.values(), ({ image }) => image)
  const childrenByParentId = Map.groupBy(
    [...images.values()].filter(({ parent }) => parent !== undefined),
    ({ parent }) => parent!,
  )

  const deletedById = new Map<ImageId, boolean>()
  /**
   * Whether an image will be deleted, because it is selected or is a build step. The classic store removes a
   * build step with its last child, the containerd store with its first child (tested on 26.1 and 28.5).
   */
  function isDeleted(image: Image): boolean {
    const computed = deletedById.get(image.id)
    if (computed !== undefined) return computed
    const imageContainers = containersByImage.get(image.id) ?? []
    const ownChildren = childrenByParentId.get(image.id) ?? []
    const readable = image.unreadable === undefined
    const selected =
      fullySelected.has(image.id) &&
      readable &&
      imageContainers.every((container) => isRemovedBy(container, choices[container.id]))
    const mayBePruned = isBuildStep(image, ownChildren) && (selected || imageContainers.length === 0)
    // A crafted image can be its own ancestor; this entry then ends the recursion.
    deletedById.set(image.id, false)
    const deleted =
      mayBePruned && input.store === 'containerd'
        ? ownChildren.some(isDeleted)
        : (selected || mayBePruned) && ownChildren.every(isDeleted)
    deletedById.set(image.id, deleted)
    return deleted
  }

  const deletedImages = [...fullySelected].map((id) => images.get(id)!).filter(isDeleted)
  const blocked = [...fullySelected].flatMap((id): Blocked[] => {
    const image = images.get(id)!
    const { references } = image
    if (image.unreadable !== undefined) return [blockedAsUnreadable(image, references)]
    const containers = (containersByImage.get(id) ?? []).map((container): Blocked => {
      const { id: containerId, name, state } = container
      const offered: Choice[] = ['keep', isRunning(container) ? 'stop-and-remove' : 'remove']
      const choice = isRemovedBy(container, choices[container.id]) ? offered[1]! : 'keep'
      const blocker = { kind: 'container', id: containerId, name, state, running: isRunning(container) } as const
      return { image: id, references, blocker, choice, choices: offered }
    })
    const child = (childrenByParentId.get(id) ?? []).find((child) => !isDeleted(child))
    if (!child) return containers
    const descendant = listedDescendant(child, childrenByParentId, isDeleted)
    const blocker = { kind: 'child', image: descendant.id, references: descendant.references } as const
    return [...containers, { image: id, references, blocker, choice: 'keep', choices: ['keep'] }]
  })
  const containers = deletedImages.flatMap(({ id }) =>
    (containersByImage.get(id) ?? []).map((container) => ({
      ...{ id: container.id, name: container.name, image: id },
      stop: isRunning(container),
    })),
  )

  const removedContainers = new Set(containers.map(({ id }) => id))
  const inUse = new Set(
    [...input.containers.values()].filter(({ id }) => !removedContainers.has(id)).map(({ image }) => image),
  )
  // The engine removes a selected build step together with its children, so the plan has no separate deletion for it.
  const ordered = childrenFirst(
    deletedImages.filter((image) => !isBuildStep(image, childrenByParentId.get(image.id) ?? [])),
    images,
  )
  const freed = sharing.of(
    ordered.map(({ id }) => id),
    inUse,
  )
  const sums = input.containersFailure === undefined ? freed : withoutLowerBounds(freed)
  const ownBytesOf = new Map(sums.rows.map((row) => [row.id, row.ownBytes]))
  const listedParents = new Set<ImageId>()
  const predecessors = predecessorsOf(
    ordered.map(({ id }) => id),
    (id) => sharing.unitsOf(id),
  )
  const deletes = ordered.map((image, index): Deletion => {
    const origin = provenance(image, input.store)
    return {
      image: image.id,
      references: image.references,
      created: image.created,
      size: image.size,
      ownBytes: ownBytesOf.get(image.id) ?? zeroBytes,
      provenance: origin,
      copy: origin.from === 'registry' ? 'unneeded' : isDangling(image) ? 'offered' : 'preselected',
      parents: removedParents(
        image,
        images,
        (parent) => isBuildStep(parent, childrenByParentId.get(parent.id)!) && isDeleted(parent),
        listedParents,
      ),
      names: namesOf(image, input.store),
      after: predecessors[index]!,
    }
  })
  const readableUntags = untags.filter(({ image }) => images.get(image)!.unreadable === undefined)
  const unreadableUntags = untags
    .filter((untag) => !readableUntags.includes(untag))
    .map(({ image, reference }) => blockedAsUnreadable(images.get(image)!, [reference]))
  const plan = {
    deletes,
    untags: readableUntags,
    blocked: [...blocked, ...unreadableUntags],
    containers,
    missing,
    ...(input.containersFailure !== undefined && { containersFailure: input.containersFailure }),
  }
  return {
    ...plan,
    sharedAmongDeleted: sums.sharedAmong,
    maxRetained: sums.maxRetained,
    frees: sums.frees,
    commands: commandsOf(plan, input.engineFlags),
  }
}

const blockedAsUnreadable = (image: Image, references: readonly Reference[]): Blocked => ({
  image: image.id,
  references,
  blocker: { kind: 'unreadable', detail: image.unreadable ?? '' },
  choice: 'keep',
  choices: ['keep'],
})
