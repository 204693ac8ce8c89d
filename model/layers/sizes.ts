/**
 * Ids and sizes of layers. The engine does not report layer sizes, so they are derived from the histories of images.
 */
import type { Bytes, ImageId } from '../image/image.ts'
import { align, type Costs } from './alignment.ts'

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = string
/** Identifies a layer on top of its parents. Equal chain ids are the same bytes on disk. */
export type ChainId = string

/** At least `min`, at most `max`; both are equal if the size is exact. */
export interface ByteRange {
  readonly min: Bytes
  readonly max: Bytes
}

/** A step of an image's history. */
export interface HistoryEntry {
  readonly createdBy: string
  readonly size: Bytes
  /** Whether the step made no layer. Absent if unknown, as in the classic store, whose history does not include this. */
  readonly empty?: boolean
}

/** The layers and the history of an image, as last read. */
export interface ImageLayers {
  readonly id: ImageId
  /** Base first. */
  readonly chain: readonly ChainId[]
  /** Base first. Hand-made images may have no history, or one that does not match the layers. */
  readonly history: readonly HistoryEntry[]
  /** Size of all layers together. */
  readonly total: Bytes
}

/** An empty tar: the layer of a WORKDIR whose folder already existed. */
export const emptyLayer: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'

/**
 * @returns the chain ids of an image's layers, base first
 * @see OCI image-spec, config.md, "Layer ChainID"
 */
export function chainIds(diffIds: readonly Digest[], sha256: (text: string) => Digest): ChainId[] {
  const chain: ChainId[] = []
  for (const diffId of diffIds) chain.push(chain.length > 0 ? sha256(`${chain.at(-1)!} ${diffId}`) : diffId)
  return chain
}

/** The possible sizes of a layer: a range and, if they can be enumerated, the values in it. */
export interface Domain extends ByteRange {
  readonly values?: readonly Bytes[]
}

const anySize: Domain = { min: 0, max: Infinity }
const exactly = (size: Bytes): Domain => ({ min: size, max: size, values: [size] })
export const isExact = ({ min, max }: ByteRange) => min === max
const allowsSize = ({ min, max, values }: Domain, size: Bytes) =>
  size >= min && size <= max && (values?.includes(size) ?? true)

/**
 * Derives the size of every layer. An image's history has the sizes in order, but does not show which entries of size 0
 * made a layer (WORKDIR usually does, CMD does not). So an image's history can be aligned with its layers in several
 * ways, and the size of a shared layer must be possible in all images that have the layer. If several sizes are possible,
 * the result is a range.
 */
export class LayerSizes {
  #domains = new Map<ChainId, Domain>()
  /** The images that have a layer whose size is not exact, by each of their layers. */
  #inexactImages = new Map<ChainId, Map<ImageId, ImageLayers>>()

  /** @returns the size of the layer; 0 to `Infinity` if it is unknown */
  range(layer: ChainId): ByteRange {
    const { min, max } = this.domain(layer)
    return { min, max }
  }

  domain(layer: ChainId): Domain {
    return this.#domains.get(layer) ?? anySize
  }

  /** @returns the images that have at least one of these layers whose size is not exact */
  imagesWithInexact(layers: readonly ChainId[]): ImageLayers[] {
    const inexact = layers.filter((layer) => !isExact(this.domain(layer)))
    return [...new Set(inexact.flatMap((layer) => [...(this.#inexactImages.get(layer)?.values() ?? [])]))]
  }

  /** The number of layers with a known size or range. */
  get count(): number {
    return this.#domains.size
  }

  /** Sets the exact size of a layer. */
  setExact(layer: ChainId, size: Bytes): void {
    this.#domains.set(layer, exactly(size))
  }

  /** Adds the histories of images. @returns the layers whose sizes became known or more exact */
  add(images: Iterable<ImageLayers>): Set<ChainId> {
    const narrowed = new Set<ChainId>()
    const queue = new Set(images)
    for (const image of queue) {
      queue.delete(image)
      for (const layer of this.#narrow(image)) {
        narrowed.add(layer)
        for (const other of this.#inexactImages.get(layer)?.values() ?? []) if (other.id !== image.id) queue.add(other)
      }
      this.#updateInexactImages(image)
    }
    return narrowed
  }

  /** Drops all other layers and images. */
  keepOnly(layers: ReadonlySet<ChainId>, images: { has(id: ImageId): boolean }): void {
    for (const layer of this.#domains.keys()) if (!layers.has(layer)) this.#domains.delete(layer)
    for (const [layer, layerImages] of this.#inexactImages) {
      for (const id of layerImages.keys()) if (!images.has(id)) layerImages.delete(id)
      if (layerImages.size === 0 || !layers.has(layer)) this.#inexactImages.delete(layer)
    }
  }

  #narrow(image: ImageLayers): ChainId[] {
    const before = image.chain.map((layer) => this.domain(layer))
    const after = boundByTotal(image.total, domainsFromHistory(image, before) ?? before)
    if (!after) return []
    return image.chain.filter((layer, index) => {
      const [previous, domain] = [before[index]!, after[index]!]
      const isSame =
        previous.min === domain.min && previous.max === domain.max && previous.values?.length === domain.values?.length
      if (isSame && this.#domains.has(layer)) return false
      this.#domains.set(layer, domain)
      return true
    })
  }

  #updateInexactImages(image: ImageLayers) {
    const hasInexact = image.chain.some((layer) => !isExact(this.range(layer)))
    for (const layer of image.chain) {
      const images = this.#inexactImages.get(layer)
      if (hasInexact) this.#inexactImages.set(layer, (images ?? new Map<ImageId, ImageLayers>()).set(image.id, image))
      else if (images?.delete(image.id) && images.size === 0) this.#inexactImages.delete(layer)
    }
  }
}

/**
 * Costs for `align`: 0 for steps that are possible, otherwise `Infinity`.
 *
 * A history whose sizes add up to less than the total, or that has too few entries, does not cover the last layers (moby
 * assigns entries to layers from the base). A history whose sizes add up to more than the total contradicts the image.
 * Any other history covers all layers, as the OCI image-spec (config.md, "history") requires.
 */
export function possibilityCosts({ history, chain, total }: ImageLayers, domains: readonly Domain[]): Costs {
  const remaining = total - historyBytes(history)
  const cost = (possible: boolean) => (possible ? 0 : Infinity)
  return {
    make: (entry, layer) => cost(history[entry]!.empty !== true && allowsSize(domains[layer]!, history[entry]!.size)),
    skip: (entry) => cost(history[entry]!.size === 0 && history[entry]!.empty !== false),
    end: (layer, coversAll) =>
      cost(remaining === 0 && coversAll ? layer === chain.length : remaining >= 0 && layer < chain.length),
  }
}

const historyBytes = (history: readonly HistoryEntry[]) => history.reduce((sum, { size }) => sum + size, 0)

/** @returns the possible sizes of each layer over all possible alignments; undefined if no alignment is possible */
function domainsFromHistory(image: ImageLayers, domains: readonly Domain[]): Domain[] | undefined {
  const { history, chain, total } = image
  const alignment = align(history.length, chain.length, possibilityCosts(image, domains))
  if (alignment.cost === Infinity) return undefined
  const remaining = total - historyBytes(history)
  return domains.map((domain, layer) => {
    const sizes = new Set<Bytes>()
    for (let entry = layer; entry < history.length; entry++)
      if (alignment.costThrough(entry, layer) < Infinity) sizes.add(history[entry]!.size)
    if (layer < alignment.alwaysCovered) return { min: Math.min(...sizes), max: Math.max(...sizes), values: [...sizes] }
    return intersect(domain, 0, Math.max(remaining, ...sizes))
  })
}

/**
 * Limits each layer's size to the image's total minus the sizes of the other layers.
 * @returns undefined if the sizes contradict the total, which is not checked if all sizes are exact
 */
function boundByTotal(total: Bytes, aligned: readonly Domain[]): readonly Domain[] | undefined {
  if (aligned.every(isExact)) return aligned
  const domains = aligned.map((domain) => intersect(domain, 0, total))
  const minSum = domains.reduce((sum, { min }) => sum + min, 0)
  const maxSum = domains.reduce((sum, { max }) => sum + max, 0)
  const bounded = domains.map((domain) => {
    return intersect(domain, total - (maxSum - domain.max), total - (minSum - domain.min))
  })
  return bounded.every(({ min, max }) => min <= max) ? bounded : undefined
}

/** Narrows a domain. `LayerSizes.add` terminates because domains never become wider. */
function intersect(domain: Domain, lower: Bytes, upper: Bytes): Domain {
  const [min, max] = [Math.max(domain.min, lower), Math.min(domain.max, upper)]
  const values = domain.values?.filter((size) => size >= min && size <= max)
  return values ? { min: Math.min(...values), max: Math.max(...values), values } : { min, max }
}
