/** Images and containers, kept in sync with main: one snapshot, then numbered changes. */
import type { Container, Image, ImageId } from '../../model/image/image.ts'
import type { ImagesChange, ImagesSnapshot } from '../../preload/contract/index.ts'

class LiveImages {
  images = $state.raw<readonly Image[]>([])
  containers = $state.raw<readonly Container[]>([])
  /** Whether the engine's list has been read completely since the app connected. */
  complete = $state(false)
  /** Images of the stored list that the engine has not confirmed yet. */
  unconfirmed = $state.raw<ReadonlySet<ImageId>>(new Set())
  /** Why the list of containers is incomplete, in Docker's words; undefined if it is complete. */
  containersFailure = $state<string>()
  #seq = -1

  /** Whether there is a list to show: the engine's, or the stored list of the last run. */
  readonly hasList = $derived(this.complete || this.images.length > 0)
  /** The containers that use each image; an unused image has no entry. */
  readonly containersByImage: ReadonlyMap<ImageId, readonly Container[]> = $derived(
    Map.groupBy(this.containers, (container) => container.image),
  )

  async load() {
    slipway.on('images.changed', (change) => void this.#apply(change))
    await this.#reload()
  }

  async #reload() {
    const answer = await slipway.call('images.snapshot')
    if (answer.ok && answer.value.seq >= this.#seq) this.#setState(answer.value)
  }

  #setState({ seq, complete, images, unconfirmed, containers, containersFailure }: ImagesSnapshot) {
    this.#seq = seq
    this.complete = complete
    this.unconfirmed = new Set(unconfirmed)
    this.images = images
    this.containers = containers
    this.containersFailure = containersFailure
  }

  #apply(change: ImagesChange) {
    if (change.seq <= this.#seq) return
    if (change.seq !== this.#seq + 1) return this.#reload()
    this.#setState({
      seq: change.seq,
      complete: change.complete,
      unconfirmed: difference(this.unconfirmed, [...change.confirmed, ...change.imagesGone]),
      images: merge(this.images, change.images, change.imagesGone),
      containers: merge(this.containers, change.containers, change.containersGone),
      ...(change.containersFailure !== undefined && { containersFailure: change.containersFailure }),
    })
  }
}

function difference(ids: ReadonlySet<ImageId>, removed: readonly ImageId[]): ImageId[] {
  const remaining = new Set(ids)
  for (const id of removed) remaining.delete(id)
  return [...remaining]
}

function merge<Item extends { readonly id: string }>(
  items: readonly Item[],
  addedOrChanged: readonly Item[],
  removed: readonly string[],
): readonly Item[] {
  if (addedOrChanged.length + removed.length === 0) return items
  const next = new Map(items.map((item) => [item.id, item]))
  for (const id of removed) next.delete(id)
  for (const item of addedOrChanged) next.set(item.id, item)
  return [...next.values()]
}

export const live = new LiveImages()
