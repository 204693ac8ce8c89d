/** The layers of images: their ids, and how large each is, as far as the engine's answers allow to tell. */
import type { Bytes, ImageId } from '../image/image.ts'
import { align, type Costs } from './alignment.ts'

/** `sha256:` and 64 hexadecimal digits. */
export type Digest = string
/** Names a layer on top of its parents: equal chain ids are the same bytes on disk. */
export type ChainId = string

/** At least `min`, at most `max`; equal where it is known to the byte. */
export interface ByteRange {
  readonly min: Bytes
  readonly max: Bytes
}

/** What the engine tells of one step of an image's making. */
export interface HistoryEntry {
  readonly createdBy: string
  readonly size: Bytes
  /** Whether it made no layer, where that is told; the history of the classic store leaves it out. */
  readonly empty?: boolean
}

/** An image taken apart: all of it follows from its digest, so it is read once. */
export interface Anatomy {
  readonly id: ImageId
  /** Base first. */
  readonly chain: readonly ChainId[]
  /** Base first. Hand-made images may have none, or more than layers, or less. */
  readonly history: readonly HistoryEntry[]
  /** What all its layers take together. */
  readonly total: Bytes
}

/** A tar with nothing in it: the layer of a WORKDIR that was there already. */
export const emptyLayer: Digest = 'sha256:5f70bf18a086007016e948b04aed3b82103a36bea41755b6cddfaf10ace3c6ef'

/**
 * The ids of an image's layers as the engine's stores count them, base first.
 * Source: OCI image-spec, config.md, "Layer ChainID".
 */
export function chainIds(diffIds: readonly Digest[], sha256: (text: string) => Digest): ChainId[] {
  const chain: ChainId[] = []
  for (const diffId of diffIds) chain.push(chain.length > 0 ? sha256(`${chain.at(-1)!} ${diffId}`) : diffId)
  return chain
}

/** The sizes that a layer may have: within a range and, where they can be counted, among some values. */
export interface Domain extends ByteRange {
  readonly values?: readonly Bytes[]
}

const anySize: Domain = { min: 0, max: Infinity }
const exactly = (size: Bytes): Domain => ({ min: size, max: size, values: [size] })
export const isExact = ({ min, max }: ByteRange) => min === max
const allows = ({ min, max, values }: Domain, size: Bytes) =>
  size >= min && size <= max && (values?.includes(size) ?? true)

/**
 * Finds out the size of every layer. An image's history gives sizes in order, but does not tell which of its entries
 * of size 0 made a layer (WORKDIR mostly does, CMD does not). Each image allows some ways to lay its history along its
 * layers; a layer that several images share has a size that all of them allow. What stays open after that is a range.
 */
export class LayerSizes {
  #domains = new Map<ChainId, Domain>()
  /** The images that still have a layer of unknown size, by the layers that they wait for. */
  #waiting = new Map<ChainId, Map<ImageId, Anatomy>>()

  /** The layer's size; nothing is known of one that no image told of. */
  range(layer: ChainId): ByteRange {
    const { min, max } = this.domain(layer)
    return { min, max }
  }

  domain(layer: ChainId): Domain {
    return this.#domains.get(layer) ?? anySize
  }

  /** Other images of which the size of one of these layers is open too. */
  waitingFor(layers: readonly ChainId[]): Anatomy[] {
    const open = layers.filter((layer) => !isExact(this.domain(layer)))
    return [...new Set(open.flatMap((layer) => [...(this.#waiting.get(layer)?.values() ?? [])]))]
  }

  /** How many layers something is kept of. */
  get count(): number {
    return this.#domains.size
  }

  /** Layers whose size is known beforehand. */
  know(layer: ChainId, size: Bytes): void {
    this.#domains.set(layer, exactly(size))
  }

  /** Takes what an image tells into account. Answers with the layers of which more is known than before. */
  add(images: Iterable<Anatomy>): Set<ChainId> {
    const narrowed = new Set<ChainId>()
    const queue = new Set(images)
    for (const image of queue) {
      queue.delete(image)
      for (const layer of this.#narrow(image)) {
        narrowed.add(layer)
        for (const other of this.#waiting.get(layer)?.values() ?? []) if (other.id !== image.id) queue.add(other)
      }
      this.#wait(image)
    }
    return narrowed
  }

  /** Drops what is known of all other layers, and what other images would still tell. */
  keepOnly(layers: ReadonlySet<ChainId>, images: { has(id: ImageId): boolean }): void {
    for (const layer of this.#domains.keys()) if (!layers.has(layer)) this.#domains.delete(layer)
    for (const [layer, waiting] of this.#waiting) {
      for (const id of waiting.keys()) if (!images.has(id)) waiting.delete(id)
      if (waiting.size === 0 || !layers.has(layer)) this.#waiting.delete(layer)
    }
  }

  #narrow(image: Anatomy): ChainId[] {
    const before = image.chain.map((layer) => this.domain(layer))
    const after = withinTotal(image.total, alignedSizes(image, before) ?? before)
    if (!after) return []
    return image.chain.filter((layer, at) => {
      const [was, is] = [before[at]!, after[at]!]
      const same = was.min === is.min && was.max === is.max && was.values?.length === is.values?.length
      if (same && this.#domains.has(layer)) return false
      this.#domains.set(layer, is)
      return true
    })
  }

  #wait(image: Anatomy) {
    const open = image.chain.some((layer) => !isExact(this.range(layer)))
    for (const layer of image.chain) {
      const waiting = this.#waiting.get(layer)
      if (open) this.#waiting.set(layer, (waiting ?? new Map<ImageId, Anatomy>()).set(image.id, image))
      else if (waiting?.delete(image.id) && waiting.size === 0) this.#waiting.delete(layer)
    }
  }
}

/**
 * Which ways to lay an image's history along its layers are possible: those cost 0.
 *
 * A history that leaves bytes over, or has too few entries, does not tell of the last layers (moby lays entries along
 * layers from the base). Any other tells of all layers, as the OCI image-spec (config.md, "history") requires.
 */
export function possibleWays({ history, chain, total }: Anatomy, known: readonly Domain[]): Costs {
  const left = total - toldBytes(history)
  const cost = (possible: boolean) => (possible ? 0 : Infinity)
  return {
    makes: (k, j) => cost(history[k]!.empty !== true && allows(known[j]!, history[k]!.size)),
    skips: (k) => cost(history[k]!.size === 0 && history[k]!.empty !== false),
    ends: (j, reachable) => cost(left === 0 && reachable ? j === chain.length : left >= 0 && j < chain.length),
  }
}

const toldBytes = (history: readonly HistoryEntry[]) => history.reduce((sum, { size }) => sum + size, 0)

/** What each layer's size can be over all possible ways; undefined if there is none. */
function alignedSizes(image: Anatomy, known: readonly Domain[]): Domain[] | undefined {
  const { history, chain, total } = image
  const ways = align(history.length, chain.length, possibleWays(image, known))
  if (ways.cost === Infinity) return undefined
  const left = total - toldBytes(history)
  return known.map((domain, j) => {
    const sizes = new Set<Bytes>()
    for (let k = j; k < history.length; k++) if (ways.through(k, j) < Infinity) sizes.add(history[k]!.size)
    if (j < ways.shortest) return { min: Math.min(...sizes), max: Math.max(...sizes), values: [...sizes] }
    return within(domain, 0, Math.max(left, ...sizes))
  })
}

/** What the others leave of the image's total bounds each layer; nothing where they contradict it. */
function withinTotal(total: Bytes, believed: readonly Domain[]): readonly Domain[] | undefined {
  if (believed.every(isExact)) return believed
  const domains = believed.map((domain) => within(domain, 0, total))
  const mins = domains.reduce((sum, { min }) => sum + min, 0)
  const maxs = domains.reduce((sum, { max }) => sum + max, 0)
  const bounded = domains.map((domain) => {
    return within(domain, total - (maxs - domain.max), total - (mins - domain.min))
  })
  return bounded.every(({ min, max }) => min <= max) ? bounded : undefined
}

/** Domains only ever become narrower: that is what ends the search. */
function within(domain: Domain, least: Bytes, most: Bytes): Domain {
  const [min, max] = [Math.max(domain.min, least), Math.min(domain.max, most)]
  const values = domain.values?.filter((size) => size >= min && size <= max)
  return values ? { min: Math.min(...values), max: Math.max(...values), values } : { min, max }
}
