/** Converts engine events to invalidations: an event only determines what is read again, not the new state. */
import type { EngineEvent } from '../api/system.ts'

export type Invalidation =
  | {
      readonly kind: 'image'
      readonly name: string
      /** The tag in the event. The image that had this tag until now is inspected, too. */
      readonly reference?: string
    }
  | { readonly kind: 'container'; readonly id: string }
  | { readonly kind: 'everything' }
  /** Like `everything`, but debounced, because thousands of images may be loaded one after another. */
  | { readonly kind: 'everything-later' }
  /** The engine has reloaded its configuration, so its mirrors are read again. */
  | { readonly kind: 'settings' }

const imageActions = new Set('tag untag delete remove pull load loadfromarchive import create build'.split(' '))
/** Label of containers that Slipway creates for a moment to read an image's files. The creation is not shown. */
export const temporaryContainerLabel = 'slipway.probe'

// The other actions (exec_create, health_status, attach, resize, top…) change nothing that is shown.
const containerActions = new Set(
  'create start restart pause unpause stop kill die oom rename destroy remove'.split(' '),
)

/** @returns the invalidations that an event causes; none if the event changes nothing that Slipway shows */
export function invalidationsOf({ Type, Action, Actor }: EngineEvent): Invalidation[] {
  if (Type === 'image') {
    // A prune event names no image, and 26.1 with the containerd store sends no delete events for a prune.
    if (Action === 'prune') return [{ kind: 'everything' }]
    if (!imageActions.has(Action)) return []
    const isLoad = Action.startsWith('load')
    const { name } = Actor.Attributes
    // Podman's pull events have only the reference; the name in its load events is that of the archive.
    const image = Actor.ID || (isLoad ? undefined : name)
    const reference = name !== undefined && name !== image && { reference: name }
    const invalidations: Invalidation[] = image ? [{ kind: 'image', name: completeId(image), ...reference }] : []
    // A load event does not name the loaded tags, so it is unknown which images lost a tag to a loaded one.
    // Besides, the loaded image may lose its tags again before it is inspected.
    return isLoad ? [...invalidations, { kind: 'everything-later' }] : invalidations
  }
  if (Type === 'daemon') return Action === 'reload' ? [{ kind: 'settings' }] : []
  if (Type !== 'container') return []
  const { imageID } = Actor.Attributes
  // Before 28, the engine sends no image event for a commit without a tag.
  if (Action === 'commit') return imageID ? [{ kind: 'image', name: completeId(imageID) }] : []
  if (Action === 'create' && temporaryContainerLabel in Actor.Attributes) return []
  return containerActions.has(Action) ? [{ kind: 'container', id: Actor.ID }] : []
}

/**
 * Adds the algorithm to an image id that has none; names stay as they are. Podman sends such ids, but Podman 4.3 replies 500
 * to a request with such an id if the image is gone. A repository name cannot be 64 hexadecimal digits.
 */
const completeId = (name: string) => (/^[0-9a-f]{64}$/.test(name) ? `sha256:${name}` : name)

/** Names and ids of the images and containers to inspect. */
export class Targets {
  readonly images = new Set<string>()
  readonly references = new Set<string>()
  readonly containers = new Set<string>()

  get hasAny(): boolean {
    return this.images.size + this.containers.size > 0
  }

  add(other: Targets) {
    for (const part of ['images', 'references', 'containers'] as const)
      for (const name of other[part]) this[part].add(name)
  }
}

/** Invalidations that have not been processed yet. */
export class PendingInvalidations {
  everything = false
  #targets = new Targets()

  /** Whether single images or containers are pending. */
  get hasTargets(): boolean {
    return this.#targets.hasAny
  }

  add(invalidation: Exclude<Invalidation, { kind: 'everything-later' | 'settings' }>) {
    if (invalidation.kind === 'everything') this.everything = true
    else if (invalidation.kind === 'container') this.#targets.containers.add(invalidation.id)
    else {
      this.#targets.images.add(invalidation.name)
      if (invalidation.reference !== undefined) this.#targets.references.add(invalidation.reference)
    }
  }

  takeTargets(): Targets {
    const targets = this.#targets
    this.#targets = new Targets()
    return targets
  }
}
