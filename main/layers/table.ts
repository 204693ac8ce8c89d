/** All images as sets of units, kept level with what is known of them, and told as numbered changes. */
import { createHash } from 'node:crypto'
import { listed, type Bytes, type Image, type ImageId } from '../../model/image/image.ts'
import { chainIds, emptyLayer, LayerSizes, type Anatomy, type ChainId } from '../../model/layers/sizes.ts'
import type { SharingChange, SharingImage } from '../../model/layers/sharing.ts'
import type { ImageRead } from './anatomy.ts'

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

export class LayerTable {
  #sizes = new LayerSizes()
  #anatomies = new Map<ImageId, Anatomy>()
  /** The reading that an anatomy comes of. */
  #taken = new Map<ImageId, ImageRead>()
  #units = new Map<string, number>()
  #told: { min: Bytes; max: Bytes }[] = []
  #images = new Map<ImageId, SharingImage>()
  /** What each image was last made of: most stay as they are. */
  #made = new Map<ImageId, { readonly of: readonly unknown[]; readonly image: SharingImage }>()
  #cached: Bytes = 0
  readonly #store: 'classic' | 'containerd'

  constructor(store: 'classic' | 'containerd') {
    this.#store = store
  }

  anatomy(id: ImageId): Anatomy | undefined {
    return this.#anatomies.get(id)
  }
  size(layer: ChainId) {
    return this.#sizes.range(layer)
  }
  unit(layer: ChainId): number | undefined {
    return this.#units.get(layer)
  }

  /** The whole, as a change from nothing. */
  whole(): SharingChange {
    return this.#change(0, [...this.#told.keys()], [...this.#images.values()], [])
  }

  /** Takes up what is known now. Answers with what became different, or nothing. */
  update(known: Known): SharingChange | undefined {
    const from = this.#told.length
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
    gone.forEach((id) => this.#made.delete(id))
    this.#images = next
    const wider = this.#cached !== known.cached
    this.#cached = known.cached
    const other = narrowed.filter((unit) => unit < from)
    if (from === this.#told.length && [changed, gone, other].every(({ length }) => length === 0) && !wider)
      return undefined
    return this.#change(from, [...other, ...[...this.#told.keys()].slice(from)], changed, gone)
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
      const unit = this.#units.get(layer)
      if (unit === undefined) return []
      this.#told[unit] = this.#sizes.range(layer)
      return [unit]
    })
  }

  /** The empty tar takes nothing in the classic store; a snapshot of it still has a folder, and its size is told. */
  #knowEmpty(layer: ChainId) {
    if (this.#store === 'classic' && this.#sizes.range(layer).max === Infinity) this.#sizes.know(layer, 0)
  }

  #image(id: ImageId, size: Bytes, read: ImageRead | undefined, along: readonly number[], standing: Standing) {
    const of = [size, read, standing.hidden, standing.held, ...along]
    const made = this.#made.get(id)
    if (made && made.of.length === of.length && made.of.every((part, at) => part === of[at])) return made.image
    const image = this.#make(id, size, read, along, standing)
    this.#made.set(id, { of, image })
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
    const open = own.some((unit) => this.#told[unit]!.min !== this.#told[unit]!.max)
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
    return this.#unit(layer, { min, max: Math.min(max, Number.MAX_SAFE_INTEGER) })
  }

  /** Blobs, or one unit of unknown sharing where the engine does not tell of blobs. */
  #contentUnits(id: ImageId, content: ImageRead['content'] | undefined): number[] {
    if (!content) return []
    if (!content.blobs) return [this.#unit(`content ${id}`, { min: 0, max: content.size })]
    return content.blobs.map(({ digest, size }) => this.#unit(`blob ${digest}`, { min: size, max: size }))
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
          ? blobs.map(({ digest, size }) => this.#unit(`blob ${digest}`, { min: size, max: size }))
          : blobs.map(({ digest, size }) => this.#unit(`blob ${digest} with ${image.id}`, { min: 0, max: size }))),
      )
      at = images.get(at)!.parent
    }
    return units
  }

  #unit(key: string, size: { min: Bytes; max: Bytes }): number {
    const known = this.#units.get(key)
    if (known !== undefined) return known
    const unit = this.#told.push(size) - 1
    this.#units.set(key, unit)
    return unit
  }

  #change(from: number, units: readonly number[], images: SharingImage[], gone: ImageId[]): SharingChange {
    const ranges = units.flatMap((unit) => {
      const { min, max } = this.#told[unit]!
      return min === max && unit >= from ? [] : [[unit, min, max] as const]
    })
    return { from, sizes: this.#told.slice(from).map(({ min }) => min), ranges, images, gone, cached: this.#cached }
  }
}
