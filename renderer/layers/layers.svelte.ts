/** The layers that images share, kept in sync with main. Computes what removing images frees, without asking main. */
import type { ImageId } from '../../model/image/image.ts'
import { withoutLowerBounds } from '../../model/layers/bounds.ts'
import { Sharing, type SetSharing } from '../../model/layers/sharing.ts'
import type { LayersChange } from '../../preload/contract/index.ts'
import { live } from '../engine/live.svelte.ts'

class Layers {
  readonly #sharing = new Sharing()
  /** Number of the last change. Methods read it so that Svelte computes their results again after a change. */
  #seq = $state(-1)

  /** Images used by containers: they and their layers are not removed. */
  readonly inUse: ReadonlySet<ImageId> = $derived(new Set(live.containersByImage.keys()))

  /** Images that a removal does not delete: those in use, and unreadable ones. */
  readonly #notRemovable: ReadonlySet<ImageId> = $derived(
    new Set([...this.inUse, ...live.images.flatMap(({ id, unreadable }) => (unreadable === undefined ? [] : [id]))]),
  )

  async load() {
    slipway.on('layers.changed', (change) => void this.#apply(change))
    await this.#reload()
  }

  async #reload() {
    const answer = await slipway.call('layers.snapshot')
    if (!answer.ok || answer.value.seq < this.#seq) return
    this.#sharing.clear()
    this.#sharing.apply(answer.value)
    this.#seq = answer.value.seq
  }

  #apply(change: LayersChange) {
    if (change.seq <= this.#seq) return
    if (change.seq !== this.#seq + 1) return this.#reload()
    this.#sharing.apply(change)
    this.#seq = change.seq
  }

  /** @returns the bytes that only this image uses, and the bytes that it shares */
  sharingOfImage(id: ImageId): ReturnType<Sharing['ofImage']> {
    void this.#seq
    return this.#sharing.ofImage(id)
  }

  /** @returns what removing these images frees, if no container is removed */
  sharingOfSet(ids: Iterable<ImageId>): SetSharing {
    void this.#seq
    const sum = this.#sharing.of(ids, this.#notRemovable)
    return live.containersFailure === undefined ? sum : withoutLowerBounds(sum)
  }
}

export const layers = new Layers()
