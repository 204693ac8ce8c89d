/** What an event of the engine makes worth looking at again. Events are hints: what is so now is always asked. */
import type { EngineEvent } from '../api/replies.ts'

export type Hint =
  | {
      readonly look: 'image'
      readonly name: string
      /** A tag that it was given or that was taken from it: whoever is known to have had it is looked at too. */
      readonly reference?: string
    }
  | { readonly look: 'container'; readonly id: string }
  | { readonly look: 'everything' }
  /** Once no more of these come: loads come by the thousand. */
  | { readonly look: 'everything-later' }
  /** The engine took up its configuration anew. */
  | { readonly look: 'settings' }

const imageActions = new Set('tag untag delete remove pull load loadfromarchive import create build'.split(' '))
/** The label of a container that is made only to look into an image, and gone in a moment: not worth being shown. */
export const lookLabel = 'slipway.look'

// The others (exec_create, health_status, attach, resize, top…) change nothing that is shown.
const containerActions = new Set(
  'create start restart pause unpause stop kill die oom rename destroy remove'.split(' '),
)

export function hintsOf({ Type, Action, Actor }: EngineEvent): Hint[] {
  if (Type === 'image') {
    // A prune names nothing, and on 26.1's containerd store no deletion is told either.
    if (Action === 'prune') return [{ look: 'everything' }]
    if (!imageActions.has(Action) || !Actor.ID) return []
    const { name } = Actor.Attributes
    const reference = name !== undefined && name !== Actor.ID && { reference: name }
    const image: Hint = { look: 'image', name: idOrName(Actor.ID), ...reference }
    // A load names no tags, so whose it took is not told; and they may be gone again before anybody looks.
    return Action.startsWith('load') ? [image, { look: 'everything-later' }] : [image]
  }
  if (Type === 'daemon') return Action === 'reload' ? [{ look: 'settings' }] : []
  if (Type !== 'container') return []
  const { imageID } = Actor.Attributes
  // A commit without a tag has no image event on engines before 28.
  if (Action === 'commit') return imageID ? [{ look: 'image', name: idOrName(imageID) }] : []
  if (Action === 'create' && lookLabel in Actor.Attributes) return []
  return containerActions.has(Action) ? [{ look: 'container', id: Actor.ID }] : []
}

/**
 * Podman writes ids without their algorithm, and answers 500 to such an id if the image is gone (4.3). No repository can be
 * named by 64 hexadecimal digits.
 */
const idOrName = (name: string) => (/^[0-9a-f]{64}$/.test(name) ? `sha256:${name}` : name)

/** What is to be looked at by name. */
export class Names {
  readonly images = new Set<string>()
  readonly references = new Set<string>()
  readonly containers = new Set<string>()

  get any(): boolean {
    return this.images.size + this.containers.size > 0
  }

  add(more: Names) {
    for (const part of ['images', 'references', 'containers'] as const)
      for (const name of more[part]) this[part].add(name)
  }
}

/** What is to be looked at, gathered until there is time. */
export class Hints {
  everything = false
  #names = new Names()

  /** Whether single things are to be looked at. */
  get named(): boolean {
    return this.#names.any
  }

  add(hint: Exclude<Hint, { look: 'everything-later' | 'settings' }>) {
    if (hint.look === 'everything') this.everything = true
    else if (hint.look === 'container') this.#names.containers.add(hint.id)
    else {
      this.#names.images.add(hint.name)
      if (hint.reference !== undefined) this.#names.references.add(hint.reference)
    }
  }

  takeNamed(): Names {
    const names = this.#names
    this.#names = new Names()
    return names
  }
}
