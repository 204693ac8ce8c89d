/** Images and containers as main tells them: the whole once, then numbered changes. */
import type { Container, Image, ImageId } from '../../model/image/image.ts'
import type { ImagesChange, ImagesSnapshot } from '../../preload/contract/index.ts'

class LiveImages {
  images = $state.raw<readonly Image[]>([])
  containers = $state.raw<readonly Container[]>([])
  /** Whether the engine's list has been read to its end. */
  complete = $state(false)
  /** Images known from last time that the engine has not confirmed yet. */
  unconfirmed = $state.raw<ReadonlySet<ImageId>>(new Set())
  /** Why it is not known which images containers use, in Docker's words. */
  containersFailure = $state<string>()
  #seq = -1

  /** Whether there is a list to show, be it the last known one. */
  readonly known = $derived(this.complete || this.images.length > 0)
  readonly usedBy: ReadonlyMap<ImageId, readonly Container[]> = $derived(
    Map.groupBy(this.containers, (container) => container.image),
  )

  async load() {
    slipway.on('images.changed', (change) => void this.#apply(change))
    await this.#reload()
  }

  async #reload() {
    const answer = await slipway.call('images.snapshot')
    if (answer.ok && answer.value.seq >= this.#seq) this.#show(answer.value)
  }

  #show({ seq, complete, images, unconfirmed, containers, containersFailure }: ImagesSnapshot) {
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
    this.#show({
      seq: change.seq,
      complete: change.complete,
      unconfirmed: without(this.unconfirmed, [...change.confirmed, ...change.imagesGone]),
      images: changed(this.images, change.images, change.imagesGone),
      containers: changed(this.containers, change.containers, change.containersGone),
      ...(change.containersFailure !== undefined && { containersFailure: change.containersFailure }),
    })
  }
}

function without(ids: ReadonlySet<ImageId>, gone: readonly ImageId[]): ImageId[] {
  const left = new Set(ids)
  for (const id of gone) left.delete(id)
  return [...left]
}

function changed<Thing extends { readonly id: string }>(
  known: readonly Thing[],
  present: readonly Thing[],
  gone: readonly string[],
): readonly Thing[] {
  if (present.length + gone.length === 0) return known
  const next = new Map(known.map((thing) => [thing.id, thing]))
  for (const id of gone) next.delete(id)
  for (const thing of present) next.set(thing.id, thing)
  return [...next.values()]
}

export const live = new LiveImages()
