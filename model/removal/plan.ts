/** What a removal will do, as a value: computed from what is known, applied as it stands, and true to the byte. */
import { isDangling, runs, type Bytes, type Container, type ContainerId } from '../image/image.ts'
import type { Image, ImageId, Reference } from '../image/image.ts'
import { childrenFirst, goingParents, isHidden, shownHeir } from '../image/family.ts'
import type { ByteRange } from '../layers/sizes.ts'
import { provenance, type Provenance } from '../image/provenance.ts'
import { boundsOf } from '../layers/bounds.ts'
import { nothing, type Sharing } from '../layers/sharing.ts'
import { commandsOf, namesOf } from './commands.ts'
import { predecessorsOf } from './order.ts'
import { sortRows, type Untagging, type WishRow } from './wish.ts'

export type { Untagging, WishRow }

/** What to do about a container that is in the way. To remove a running one is another word than to remove a stopped one. */
export type Choice = 'keep' | 'remove' | 'stop-and-remove'
/** By container; what is not in it is kept. */
export type Choices = Readonly<Record<ContainerId, Choice>>

export interface Deletion {
  readonly image: ImageId
  readonly references: readonly Reference[]
  readonly created: number
  readonly size: Bytes
  /** What comes free because this image goes, whatever becomes of the others. */
  readonly own: ByteRange
  readonly provenance: Provenance
  /** Whether a copy should be saved first: `ticked` for what carries a name and is nowhere else, as far as is known. */
  readonly copy: 'ticked' | 'offered' | 'needless'
  /** Untagged parents that no list shows. Docker removes them with their last child. */
  readonly parents: readonly ImageId[]
  /** What is told to the engine, in this order; the last one deletes. */
  readonly names: readonly string[]
  /** Where in the plan those stand that must be gone first. */
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
  /** An image that was built on this one and stays. */
  | { readonly kind: 'child'; readonly image: ImageId; readonly references: readonly Reference[] }
  /** The engine refuses to tell of the image: its names may be others by now, and what it holds is not known. */
  | { readonly kind: 'unreadable'; readonly said: string }

/** An image that cannot be deleted while something is in the way. As long as it is kept, all its names stay too. */
export interface Blocked {
  readonly image: ImageId
  readonly references: readonly Reference[]
  readonly by: Blocker
  readonly choice: Choice
  readonly choices: readonly Choice[]
}

export interface ContainerRemoval {
  readonly id: ContainerId
  readonly name: string
  readonly image: ImageId
  /** It runs, and is stopped first. */
  readonly stop: boolean
}

export interface RemovalPlan {
  /** Children before their parents. */
  readonly deletes: readonly Deletion[]
  /** Freed only because all of them go. */
  readonly sharedAmongDeleted: ByteRange
  readonly untags: readonly Untagging[]
  /** All that is in the way, with what was chosen for it. */
  readonly blocked: readonly Blocked[]
  /** Containers that go because it was chosen so, and their image goes with them. */
  readonly containers: readonly ContainerRemoval[]
  /** Selected, but no longer there under this name. */
  readonly missing: readonly WishRow[]
  /** Why it is not known which images containers use. The engine itself refuses to remove those that are in use. */
  readonly containersFailure?: string
  /** At most so much of it stays with BuildKit's cache. */
  readonly mayStay: Bytes
  /** The deletions' own bytes and the shared ones, less what may stay. */
  readonly frees: ByteRange
  /** What one would type for the same. */
  readonly commands: readonly string[]
}

export interface World {
  /** All images, also those that no list shows. */
  readonly images: ReadonlyMap<ImageId, Image>
  readonly containers: ReadonlyMap<ContainerId, Container>
  /** Why it is not known which images containers use; `containers` has those that are known. */
  readonly containersFailure?: string | undefined
  readonly sharing: Sharing
  readonly store: 'classic' | 'containerd'
}

/** Whether what was chosen takes the container out of the way: who agreed to remove a stopped one did not agree to stop it. */
const clears = (container: Container, choice: Choice | undefined) =>
  choice === (runs(container) ? 'stop-and-remove' : 'remove')

export function planRemoval(world: World, wish: readonly WishRow[], choices: Choices = {}): RemovalPlan {
  const { images, sharing } = world
  const { whole, untags, missing } = sortRows(images, wish)
  const users = Map.groupBy(world.containers.values(), ({ image }) => image)
  const children = Map.groupBy(
    [...images.values()].filter(({ parent }) => parent !== undefined),
    ({ parent }) => parent!,
  )

  const fates = new Map<ImageId, boolean>()
  /**
   * Whether an image goes: as wished, or as an untagged parent. The classic store removes such a parent with its last
   * child, the containerd store with the first (tried on 26.1 and 28.5).
   */
  function goes(image: Image): boolean {
    const known = fates.get(image.id)
    if (known !== undefined) return known
    const used = users.get(image.id) ?? []
    const own = children.get(image.id) ?? []
    const readable = image.unreadable === undefined
    const wished =
      whole.has(image.id) && readable && used.every((container) => clears(container, choices[container.id]))
    const pruned = isHidden(image, own) && (wished || used.length === 0)
    // A hand-made circle of parents must not turn for ever.
    fates.set(image.id, false)
    const fate = pruned && world.store === 'containerd' ? own.some(goes) : (wished || pruned) && own.every(goes)
    fates.set(image.id, fate)
    return fate
  }

  const going = [...whole].map((id) => images.get(id)!).filter(goes)
  const blocked = [...whole].flatMap((id): Blocked[] => {
    const image = images.get(id)!
    const { references } = image
    if (image.unreadable !== undefined) return [unreadable(image, references)]
    const containers = (users.get(id) ?? []).map((container): Blocked => {
      const { id: container_, name, state } = container
      const offered: Choice[] = ['keep', runs(container) ? 'stop-and-remove' : 'remove']
      const choice = clears(container, choices[container.id]) ? offered[1]! : 'keep'
      const by = { kind: 'container', id: container_, name, state, running: runs(container) } as const
      return { image: id, references, by, choice, choices: offered }
    })
    const child = (children.get(id) ?? []).find((child) => !goes(child))
    if (!child) return containers
    const shown = shownHeir(child, children, goes)
    const by = { kind: 'child', image: shown.id, references: shown.references } as const
    return [...containers, { image: id, references, by, choice: 'keep', choices: ['keep'] }]
  })
  const containers = going.flatMap(({ id }) =>
    (users.get(id) ?? []).map((each) => ({ id: each.id, name: each.name, image: id, stop: runs(each) })),
  )

  const removed = new Set(containers.map(({ id }) => id))
  const held = new Set([...world.containers.values()].filter(({ id }) => !removed.has(id)).map(({ image }) => image))
  // A selected step of a build goes with its last child, so it is not told to the engine by itself.
  const ordered = childrenFirst(
    going.filter((image) => !isHidden(image, children.get(image.id) ?? [])),
    images,
  )
  const freed = sharing.of(
    ordered.map(({ id }) => id),
    held,
  )
  const sum = world.containersFailure === undefined ? freed : boundsOf(freed)
  const own = new Map(sum.rows.map((row) => [row.id, row.own]))
  const told = new Set<ImageId>()
  const after = predecessorsOf(
    ordered.map(({ id }) => id),
    (id) => sharing.unitsOf(id),
  )
  const deletes = ordered.map((image, at): Deletion => {
    const from = provenance(image, world.store)
    return {
      image: image.id,
      references: image.references,
      created: image.created,
      size: image.size,
      own: own.get(image.id) ?? nothing,
      provenance: from,
      copy: from.from === 'registry' ? 'needless' : isDangling(image) ? 'offered' : 'ticked',
      parents: goingParents(
        image,
        images,
        (parent) => isHidden(parent, children.get(parent.id)!) && goes(parent),
        told,
      ),
      names: namesOf(image, world.store),
      after: after[at]!,
    }
  })
  const readableUntags = untags.filter(({ image }) => images.get(image)!.unreadable === undefined)
  const unreadableUntags = untags
    .filter((untag) => !readableUntags.includes(untag))
    .map(({ image, reference }) => unreadable(images.get(image)!, [reference]))
  const plan = {
    deletes,
    untags: readableUntags,
    blocked: [...blocked, ...unreadableUntags],
    containers,
    missing,
    ...(world.containersFailure !== undefined && { containersFailure: world.containersFailure }),
  }
  return {
    ...plan,
    sharedAmongDeleted: sum.sharedAmong,
    mayStay: sum.mayStay,
    frees: sum.frees,
    commands: commandsOf(plan),
  }
}

const unreadable = (image: Image, references: readonly Reference[]): Blocked => ({
  image: image.id,
  references,
  by: { kind: 'unreadable', said: image.unreadable ?? '' },
  choice: 'keep',
  choices: ['keep'],
})
