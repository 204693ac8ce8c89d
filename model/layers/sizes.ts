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

/** The layers and the history of an image. Both are read only once, since they cannot change for an image id. */
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
  /** The images that have a layer of unknown size, by each of their layers. */
  #unresolved = new Map<ChainId, Map<ImageId, ImageLayers>>()

  /** @returns the size of the layer; 0 to `Infinity` if it is unknown */
  range(layer: ChainId): ByteRange {
    const { min, max } = this.domain(layer)
    return { min, max }
  }

  domain(layer: ChainId): Domain {
    return this.#domains.get(layer) ?? anySize
  }

  /** @returns the images that have a layer of unknown size among the given layers */
  unresolvedWith(layers: readonly ChainId[]): ImageLayers[] {
    const unknown = layers.filter((layer) => !isExact(this.domain(layer)))
    return [...new Set(unknown.flatMap((layer) => [...(this.#unresolved.get(layer)?.values() ?? [])]))]
  }

  /** The number of layers with a known size or range. */
  get count(): number {
    return this.#domains.size
  }

  /** Sets the exact size of a layer. */
  setKnown(layer: ChainId, size: Bytes): void {
    this.#domains.set(layer, exactly(size))
  }

  /** Adds the histories of images. @returns the layers whose sizes became more exact */
  add(images: Iterable<ImageLayers>): Set<ChainId> {
    const narrowed = new Set<ChainId>()
    const queue = new Set(images)
    for (const image of queue) {
      queue.delete(image)
      for (const layer of this.#narrow(image)) {
        narrowed.add(layer)
        for (const other of this.#unresolved.get(layer)?.values() ?? []) if (other.id !== image.id) queue.add(other)
      }
      this.#updateUnresolved(image)
    }
    return narrowed
  }

  /** Drops all other layers and images. */
  keepOnly(layers: ReadonlySet<ChainId>, images: { has(id: ImageId): boolean }): void {
    for (const layer of this.#domains.keys()) if (!layers.has(layer)) this.#domains.delete(layer)
    for (const [layer, unresolved] of this.#unresolved) {
      for (const id of unresolved.keys()) if (!images.has(id)) unresolved.delete(id)
      if (unresolved.size === 0 || !layers.has(layer)) this.#unresolved.delete(layer)
    }
  }

  #narrow(image: ImageLayers): ChainId[] {
    const before = image.chain.map((layer) => this.domain(layer))
    const after = boundByTotal(image.total, alignedSizes(image, before) ?? before)
    if (!after) return []
    return image.chain.filter((layer, at) => {
      const [previous, domain] = [before[at]!, after[at]!]
      const isSame =
        previous.min === domain.min && previous.max === domain.max && previous.values?.length === domain.values?.length
      if (isSame && this.#domains.has(layer)) return false
      this.#domains.set(layer, domain)
      return true
    })
  }

  #updateUnresolved(image: ImageLayers) {
    const hasUnknown = image.chain.some((layer) => !isExact(this.range(layer)))
    for (const layer of image.chain) {
      const unresolved = this.#unresolved.get(layer)
      if (hasUnknown) this.#unresolved.set(layer, (unresolved ?? new Map<ImageId, ImageLayers>()).set(image.id, image))
      else if (unresolved?.delete(image.id) && unresolved.size === 0) this.#unresolved.delete(layer)
    }
  }
}

/**
 * Costs for `align`: 0 for steps that are possible, otherwise `Infinity`.
 *
 * A history whose sizes add up to less than the total, or that has too few entries, does not cover the last layers (moby
 * assigns entries to layers from the base). Any other history covers all layers, as the OCI image-spec (config.md,
 * "history") requires.
 */
export function possibleAlignments({ history, chain, total }: ImageLayers, known: readonly Domain[]): Costs {
  const remaining = total - historyBytes(history)
  const cost = (possible: boolean) => (possible ? 0 : Infinity)
  return {
    makes: (k, j) => cost(history[k]!.empty !== true && allowsSize(known[j]!, history[k]!.size)),
    skips: (k) => cost(history[k]!.size === 0 && history[k]!.empty !== false),
    ends: (j, coversAll) =>
      cost(remaining === 0 && coversAll ? j === chain.length : remaining >= 0 && j < chain.length),
  }
}

const historyBytes = (history: readonly HistoryEntry[]) => history.reduce((sum, { size }) => sum + size, 0)

/** @returns the possible sizes of each layer over all possible alignments; undefined if no alignment is possible */
function alignedSizes(image: ImageLayers, known: readonly Domain[]): Domain[] | undefined {
  const { history, chain, total } = image
  const alignment = align(history.length, chain.length, possibleAlignments(image, known))
  if (alignment.cost === Infinity) return undefined
  const remaining = total - historyBytes(history)
  return known.map((domain, j) => {
    const sizes = new Set<Bytes>()
    for (let k = j; k < history.length; k++) if (alignment.through(k, j) < Infinity) sizes.add(history[k]!.size)
    if (j < alignment.alwaysCovered) return { min: Math.min(...sizes), max: Math.max(...sizes), values: [...sizes] }
    return intersect(domain, 0, Math.max(remaining, ...sizes))
  })
}

/**
 * Limits each layer's size to the image's total minus the sizes of the other layers.
 * @returns undefined if the sizes contradict the total
 */
function boundByTotal(total: Bytes, aligned: readonly Domain[]): readonly Domain[] | undefined {
  if (aligned.every(isExact)) return aligned
  const domains = aligned.map((domain) => intersect(domain, 0, total))
  const mins = domains.reduce((sum, { min }) => sum + min, 0)
  const maxs = domains.reduce((sum, { max }) => sum + max, 0)
  const bounded = domains.map((domain) => {
    return intersect(domain, total - (maxs - domain.max), total - (mins - domain.min))
  })
  return bounded.every(({ min, max }) => min <= max) ? bounded : undefined
}

/** Narrows a domain. `LayerSizes.add` terminates because domains never become wider. */
function intersect(domain: Domain, lower: Bytes, upper: Bytes): Domain {
  const [min, max] = [Math.max(domain.min, lower), Math.min(domain.max, upper)]
  const values = domain.values?.filter((size) => size >= min && size <= max)
  return values ? { min: Math.min(...values), max: Math.max(...values), values } : { min, max }
}
