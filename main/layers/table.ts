/** All images as sets of units, kept level with what is known of them, and told as numbered changes. */
import { createHash } from 'node:crypto'
import { listed, type Bytes, type Image, type ImageId } from '../../model/image/image.ts'
import { chainIds, emptyLayer, isExact, LayerSizes, type Anatomy, type ChainId } from '../../model/layers/sizes.ts'
import { likelyLayers, type LikelyLayer } from '../../model/layers/likelihood.ts'
import { allUnits, type SharingChange, type SharingImage } from '../../model/layers/sharing.ts'
import type { ImageRead } from './anatomy.ts'
import { Units } from './units.ts'

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** What the table is made of. */
export interface Known {
  readonly images: ReadonlyMap<ImageId, Image>
  /** Images that containers use, whether or not they are still there. */
  readonly used: ReadonlySet<ImageId>
  readonly reads: ReadonlyMap<ImageId, ImageRead>
  readonly cached: Bytes
}

/** What an image is in the engine, besides what was read of it. */
interface Standing {
  readonly hidden: boolean
  /** By a container. */
  readonly held: boolean
}

interface Made {
  readonly of: readonly unknown[]
  /** Units of hidden parents. */
  readonly along: readonly number[]
  readonly image: SharingImage
}

export class LayerTable {
  #sizes = new LayerSizes()
  #anatomies = new Map<ImageId, Anatomy>()
  /** The reading that an anatomy comes of. */
  #taken = new Map<ImageId, ImageRead>()
  #units = new Units()
  #images = new Map<ImageId, SharingImage>()
  /** What each image was last made of: most stay as they are. */
  #made = new Map<ImageId, Made>()
  #cached: Bytes = 0
  readonly #store: 'classic' | 'containerd'

  constructor(store: 'classic' | 'containerd') {
    this.#store = store
  }

  anatomy(id: ImageId): Anatomy | undefined {
    return this.#anatomies.get(id)
  }
  /** What most likely made each layer of an image, and how large it likely is. */
  likely(id: ImageId): LikelyLayer[] {
    const image = this.#anatomies.get(id)
    return image ? likelyLayers(this.#sizes, image) : []
  }
  size(layer: ChainId) {
    return this.#sizes.range(layer)
  }
  unit(layer: ChainId): number | undefined {
    return this.#units.find(layer)
  }

  /** The whole, as a change from nothing. */
  whole(): SharingChange {
    return this.#change(0, numbersFrom(0, this.#units.count), [...this.#images.values()], [])
  }

  /** How much is kept: units, layers, and images taken apart. */
  get counts(): { readonly units: number; readonly layers: number; readonly images: number } {
    return { units: this.#units.count, layers: this.#sizes.count, images: this.#anatomies.size }
  }

  /**
   * Takes up what is known now.
   * @returns what became different; 'renumbered' if units have other numbers now; undefined if nothing changed.
   */
  update(known: Known): SharingChange | 'renumbered' | undefined {
    const from = this.#units.count
    const narrowed = this.#takeApart(known)
    const shown = new Set(listed([...known.images.values()]).map(({ id }) => id))
    const children = Map.groupBy(known.images.values(), ({ parent }) => parent)
    const next = new Map<ImageId, SharingImage>()
    for (const image of known.images.values()) {
      const along = shown.has(image.id) ? this.#ofHiddenParents(image, known, shown, children) : []
      const [read, held] = [known.reads.get(image.id), known.used.has(image.id)]
      next.set(image.id, this.#image(image.id, image.size, read, along, { hidden: !shown.has(image.id), held }))
    }
    // Removed under a container that still holds its layers: what an earlier reading told of them is still true.
    for (const id of known.used) {
      const read = known.reads.get(id)
      if (read && !next.has(id)) next.set(id, this.#image(id, 0, read, [], { hidden: true, held: true }))
    }
    const changed = [...next.values()].filter((image) => this.#images.get(image.id) !== image)
    const gone = [...this.#images.keys()].filter((id) => !next.has(id))
    this.#images = next
    const wider = this.#cached !== known.cached
    this.#cached = known.cached
    if (gone.length > 0 && this.#drop(gone)) return 'renumbered'
    const other = narrowed.filter((unit) => unit < from)
    if (from === this.#units.count && [changed, gone, other].every(({ length }) => length === 0) && !wider)
      return undefined
    return this.#change(from, [...other, ...numbersFrom(from, this.#units.count)], changed, gone)
  }

  /** Drops images, and what only they referred to. Answers whether units got new numbers. */
  #drop(gone: readonly ImageId[]): boolean {
    for (const id of gone) for (const map of [this.#made, this.#anatomies, this.#taken]) map.delete(id)
    const numbers = this.#units.dropUnused([...this.#images.values()].map(allUnits))
    if (!numbers) return false
    const renumber = (units: readonly number[]) => units.map((unit) => numbers.get(unit)!)
    for (const [id, { of, along, image }] of this.#made) {
      const { units, borrowed, ...rest } = image
      const next = {
        ...rest,
        ...(units && { units: renumber(units) }),
        ...(borrowed && { borrowed: renumber(borrowed) }),
      }
      this.#made.set(id, { of, along: renumber(along), image: next })
      this.#images.set(id, next)
    }
    const layers = new Set([...this.#anatomies.values()].flatMap(({ chain }) => chain))
    this.#sizes.keepOnly(layers, this.#anatomies)
    return true
  }

  #takeApart({ images, used, reads }: Known): number[] {
    const fresh: Anatomy[] = []
    for (const id of [...images.keys(), ...used]) {
      const read = reads.get(id)
      if (!read || this.#taken.get(id) === read) continue
      this.#taken.set(id, read)
      const { diffIds, history, layersSize, holdsLayers } = read
      const chain = chainIds(diffIds, sha256)
      diffIds.forEach((diffId, at) => diffId === emptyLayer && this.#knowEmpty(chain[at]!))
      const anatomy = { id, chain, history, total: layersSize }
      this.#anatomies.set(id, anatomy)
      // Layers that others kept for it, and that are gone with them, tell of no sizes until they are unpacked again.
      if (holdsLayers || layersSize > 0) fresh.push(anatomy)
    }
    return [...this.#sizes.add(fresh)].flatMap((layer) => {
      const unit = this.#units.find(layer)
      if (unit === undefined) return []
      this.#units.setSize(unit, this.#sizes.range(layer))
      return [unit]
    })
  }

  /** The empty tar takes nothing in the classic store; a snapshot of it still has a folder, and its size is told. */
  #knowEmpty(layer: ChainId) {
    if (this.#store === 'classic' && this.#sizes.range(layer).max === Infinity) this.#sizes.know(layer, 0)
  }

  #image(id: ImageId, size: Bytes, read: ImageRead | undefined, along: readonly number[], standing: Standing) {
    const of = [size, read, standing.hidden, standing.held]
    const made = this.#made.get(id)
    if (made && isSame(made.of, of) && isSame(made.along, along)) return made.image
    const image = this.#make(id, size, read, along, standing)
    this.#made.set(id, { of, along, image })
    return image
  }

  #make(
    id: ImageId,
    size: Bytes,
    read: ImageRead | undefined,
    along: readonly number[],
    { hidden, held }: Standing,
  ): SharingImage {
    const mark = hidden ? { hidden: true as const } : {}
    if (!read) return { id, size, ...mark }
    const { chain } = this.#anatomies.get(id)!
    const layers = chain.map((layer) => this.#layerUnit(layer))
    const blobs = this.#contentUnits(id, read.content)
    // A container keeps the layers that it stands on, whoever they were unpacked for.
    const holdsLayers = read.holdsLayers || held
    const own = holdsLayers ? [...layers, ...blobs] : blobs
    const units = [...new Set([...own, ...along])]
    const open = own.some((unit) => !isExact(this.#units.size(unit)))
    return {
      id,
      size,
      units,
      ...(!holdsLayers && { borrowed: [...new Set(layers)] }),
      ...(open && along.length === 0 && { total: (holdsLayers ? read.layersSize : 0) + (read.content?.size ?? 0) }),
      ...mark,
    }
  }

  #layerUnit(layer: ChainId): number {
    const { min, max } = this.#sizes.range(layer)
    // Nothing bounds a layer of which no history was believed; its image's total does, and travels beside it.
    return this.#units.numberOf(layer, { min, max: Math.min(max, Number.MAX_SAFE_INTEGER) })
  }

  /** Blobs, or one unit of unknown sharing where the engine does not tell of blobs. */
  #contentUnits(id: ImageId, content: ImageRead['content'] | undefined): number[] {
    if (!content) return []
    if (!content.blobs) return [this.#units.numberOf(`content ${id}`, { min: 0, max: content.size })]
    return content.blobs.map(({ digest, size }) => this.#units.numberOf(`blob ${digest}`, { min: size, max: size }))
  }

  /**
   * What goes with an image besides its own: the blobs of untagged parents, which the containerd store removes with
   * their first child. (The layers of a parent are its child's too.) Where there are several children nobody knows
   * which will be the first, so each may free them or not.
   */
  #ofHiddenParents(
    image: Image,
    { images, reads }: Known,
    shown: ReadonlySet<ImageId>,
    children: ReadonlyMap<ImageId | undefined, readonly Image[]>,
  ): number[] {
    const units: number[] = []
    let only = true
    const seen = new Set<ImageId>([image.id])
    const own = new Set(reads.get(image.id)?.content?.blobs?.map(({ digest }) => digest))
    for (let at = image.parent; at !== undefined && !seen.has(at) && images.has(at) && !shown.has(at);) {
      seen.add(at)
      only &&= children.get(at)!.length === 1
      const blobs = (reads.get(at)?.content?.blobs ?? []).filter(({ digest }) => !own.has(digest))
      units.push(
        ...(only
          ? blobs.map(({ digest, size }) => this.#units.numberOf(`blob ${digest}`, { min: size, max: size }))
          : blobs.map(({ digest, size }) =>
              this.#units.numberOf(`blob ${digest} with ${image.id}`, { min: 0, max: size }),
            )),
      )
      at = images.get(at)!.parent
    }
    return units
  }

  #change(from: number, units: readonly number[], images: SharingImage[], gone: ImageId[]): SharingChange {
    const ranges = units.flatMap((unit) => {
      const { min, max } = this.#units.size(unit)
      return min === max && unit >= from ? [] : [[unit, min, max] as const]
    })
    const sizes = numbersFrom(from, this.#units.count).map((unit) => this.#units.size(unit).min)
    return { from, sizes, ranges, images, gone, cached: this.#cached }
  }
}

const numbersFrom = (from: number, count: number): number[] =>
  Array.from({ length: count - from }, (_, at) => from + at)
const isSame = (a: readonly unknown[], b: readonly unknown[]) =>
  a.length === b.length && a.every((part, at) => part === b[at])
