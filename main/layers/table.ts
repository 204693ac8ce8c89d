/** A table of all images, each as a set of units. An update returns the change. */
import { createHash } from 'node:crypto'
import { listed, type Bytes, type Image, type ImageId } from '../../model/image/image.ts'
import { chainIds, emptyLayer, isExact, LayerSizes, type ImageLayers, type ChainId } from '../../model/layers/sizes.ts'
import { likelyLayers, type LikelyLayer } from '../../model/layers/likelihood.ts'
import { allUnits, type SharingChange, type SharingImage } from '../../model/layers/sharing.ts'
import type { ImageRead } from './read-image.ts'
import { unitsOfUntaggedParents } from './untagged-parents.ts'
import { range, Units } from './units.ts'

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`

/** The data from which the table is computed. */
export interface TableInput {
  readonly images: ReadonlyMap<ImageId, Image>
  /** Images that containers use, including images that no longer exist. */
  readonly used: ReadonlySet<ImageId>
  readonly reads: ReadonlyMap<ImageId, ImageRead>
  /** Upper bound of the bytes that images share with the build cache. */
  readonly cached: Bytes
}

/** The state of an image, which may change after its layers are read. */
interface ImageState {
  readonly hidden: boolean
  /** A container uses the image. */
  readonly inUse: boolean
}

interface ImageResult {
  /** The values from which `image` was computed. */
  readonly inputs: readonly unknown[]
  /** Units of the untagged parents, which no list shows. */
  readonly parentUnits: readonly number[]
  readonly image: SharingImage
}

export class LayerTable {
  #sizes = new LayerSizes()
  #imageLayers = new Map<ImageId, ImageLayers>()
  /** The read from which each entry of `#imageLayers` was made. */
  #appliedReads = new Map<ImageId, ImageRead>()
  #units = new Units()
  #images = new Map<ImageId, SharingImage>()
  /** The last result for each image, reused while its inputs stay the same. */
  #results = new Map<ImageId, ImageResult>()
  #sharedWithCache: Bytes = 0
  readonly #store: 'classic' | 'containerd'

  constructor(store: 'classic' | 'containerd') {
    this.#store = store
  }

  imageLayers(id: ImageId): ImageLayers | undefined {
    return this.#imageLayers.get(id)
  }
  /** @returns the likely history entry and size of each layer, base first */
  likely(id: ImageId): LikelyLayer[] {
    const image = this.#imageLayers.get(id)
    return image ? likelyLayers(this.#sizes, image) : []
  }
  size(layer: ChainId) {
    return this.#sizes.range(layer)
  }
  unit(layer: ChainId): number | undefined {
    return this.#units.find(layer)
  }

  /** @returns all images and units, as a change of an empty table */
  snapshot(): SharingChange {
    return this.#describeChange(0, range(0, this.#units.count), [...this.#images.values()], [])
  }

  /** Sizes of the internal maps, for tests. */
  get counts(): { readonly units: number; readonly layers: number; readonly images: number } {
    return { units: this.#units.count, layers: this.#sizes.count, images: this.#imageLayers.size }
  }

  /**
   * Updates the table.
   * @returns what changed; 'renumbered' if the numbers of units changed; undefined if nothing changed
   */
  update(input: TableInput): SharingChange | 'renumbered' | undefined {
    const from = this.#units.count
    const narrowedUnits = this.#addImageLayers(input)
    const listedIds = new Set(listed([...input.images.values()]).map(({ id }) => id))
    const children = Map.groupBy(input.images.values(), ({ parent }) => parent)
    const next = new Map<ImageId, SharingImage>()
    for (const image of input.images.values()) {
      const parentUnits = listedIds.has(image.id)
        ? unitsOfUntaggedParents(this.#units, image, input, listedIds, children)
        : []
      const state = { hidden: !listedIds.has(image.id), inUse: input.used.has(image.id) }
      next.set(image.id, this.#imageOf(image.id, image.size, input.reads.get(image.id), parentUnits, state))
    }
    // These images were removed with force, but a container still holds their layers. Their earlier reads are still valid.
    for (const id of input.used) {
      const read = input.reads.get(id)
      if (read && !next.has(id)) next.set(id, this.#imageOf(id, 0, read, [], { hidden: true, inUse: true }))
    }
    const changed = [...next.values()].filter((image) => this.#images.get(image.id) !== image)
    const gone = [...this.#images.keys()].filter((id) => !next.has(id))
    this.#images = next
    const cacheChanged = this.#sharedWithCache !== input.cached
    this.#sharedWithCache = input.cached
    if (gone.length > 0 && this.#dropImages(gone)) return 'renumbered'
    const narrowedOldUnits = narrowedUnits.filter((unit) => unit < from)
    const isUnchanged = [changed, gone, narrowedOldUnits].every(({ length }) => length === 0) && !cacheChanged
    if (from === this.#units.count && isUnchanged) return undefined
    return this.#describeChange(from, [...narrowedOldUnits, ...range(from, this.#units.count)], changed, gone)
  }

  /**
   * Drops images. If more than half of all units are unused then, drops these units and the layers without an image, too.
   * @returns whether units were renumbered
   */
  #dropImages(gone: readonly ImageId[]): boolean {
    for (const id of gone) for (const map of [this.#results, this.#imageLayers, this.#appliedReads]) map.delete(id)
    const newNumbers = this.#units.dropUnused([...this.#images.values()].map(allUnits))
    if (!newNumbers) return false
    const renumber = (units: readonly number[]) => units.map((unit) => newNumbers.get(unit)!)
    for (const [id, { inputs, parentUnits, image }] of this.#results) {
      const { units, borrowed, ...rest } = image
      const next = {
        ...rest,
        ...(units && { units: renumber(units) }),
        ...(borrowed && { borrowed: renumber(borrowed) }),
      }
      this.#results.set(id, { inputs, parentUnits: renumber(parentUnits), image: next })
      this.#images.set(id, next)
    }
    const layers = new Set([...this.#imageLayers.values()].flatMap(({ chain }) => chain))
    this.#sizes.keepOnly(layers, this.#imageLayers)
    return true
  }

  #addImageLayers({ images, used, reads }: TableInput): number[] {
    const added: ImageLayers[] = []
    for (const id of [...images.keys(), ...used]) {
      const read = reads.get(id)
      if (!read || this.#appliedReads.get(id) === read) continue
      this.#appliedReads.set(id, read)
      const { diffIds, history, layersSize, holdsLayers } = read
      const chain = chainIds(diffIds, sha256)
      diffIds.forEach((diffId, index) => diffId === emptyLayer && this.#setEmptyLayerSize(chain[index]!))
      const imageLayers = { id, chain, history, total: layersSize }
      this.#imageLayers.set(id, imageLayers)
      // If no layer is unpacked any more, the sizes are unknown until the layers are unpacked again.
      if (holdsLayers || layersSize > 0) added.push(imageLayers)
    }
    return [...this.#sizes.add(added)].flatMap((layer) => {
      const unit = this.#units.find(layer)
      if (unit === undefined) return []
      this.#units.setSize(unit, this.#sizes.range(layer))
      return [unit]
    })
  }

  /** The empty tar has size 0 in the classic store. In the containerd store its snapshot has a folder, which has a size. */
  #setEmptyLayerSize(layer: ChainId) {
    if (this.#store === 'classic' && this.#sizes.range(layer).max === Infinity) this.#sizes.setExact(layer, 0)
  }

  #imageOf(id: ImageId, size: Bytes, read: ImageRead | undefined, parentUnits: readonly number[], state: ImageState) {
    const inputs = [size, read, state.hidden, state.inUse]
    const last = this.#results.get(id)
    if (last && isSame(last.inputs, inputs) && isSame(last.parentUnits, parentUnits)) return last.image
    const image = this.#create(id, size, read, parentUnits, state)
    this.#results.set(id, { inputs, parentUnits, image })
    return image
  }

  #create(
    id: ImageId,
    size: Bytes,
    read: ImageRead | undefined,
    parentUnits: readonly number[],
    { hidden, inUse }: ImageState,
  ): SharingImage {
    const hiddenFlag = hidden ? { hidden: true as const } : {}
    if (!read) return { id, size, ...hiddenFlag }
    const { chain } = this.#imageLayers.get(id)!
    const layers = chain.map((layer) => this.#layerUnit(layer))
    const blobs = this.#contentUnits(id, read.content)
    // A container protects the layers that it uses, even if they were unpacked for another image.
    const holdsLayers = read.holdsLayers || inUse
    const unitsWithoutParents = holdsLayers ? [...layers, ...blobs] : blobs
    const units = [...new Set([...unitsWithoutParents, ...parentUnits])]
    const total = (holdsLayers ? read.layersSize : 0) + (read.content?.size ?? 0)
    const hasRange = unitsWithoutParents.some((unit) => !isExact(this.#units.size(unit)))
    return {
      id,
      size,
      units,
      ...(!holdsLayers && { borrowed: [...new Set(layers)] }),
      ...(hasRange && parentUnits.length === 0 && { total }),
      ...hiddenFlag,
    }
  }

  #layerUnit(layer: ChainId): number {
    const { min, max } = this.#sizes.range(layer)
    // A layer without a usable history has no upper bound except the `total` of its image.
    return this.#units.findOrAdd(layer, { min, max: Math.min(max, Number.MAX_SAFE_INTEGER) })
  }

  /** @returns the units of the blobs; if the blobs are unknown, one unit that may or may not be shared */
  #contentUnits(id: ImageId, content: ImageRead['content'] | undefined): number[] {
    if (!content) return []
    if (!content.blobs) return [this.#units.findOrAdd(`content ${id}`, { min: 0, max: content.size })]
    return content.blobs.map(({ digest, size }) => this.#units.findOrAdd(`blob ${digest}`, { min: size, max: size }))
  }

  #describeChange(from: number, units: readonly number[], images: SharingImage[], gone: ImageId[]): SharingChange {
    const ranges = units.flatMap((unit) => {
      const { min, max } = this.#units.size(unit)
      return min === max && unit >= from ? [] : [[unit, min, max] as const]
    })
    const sizes = range(from, this.#units.count).map((unit) => this.#units.size(unit).min)
    return { from, sizes, ranges, images, gone, cached: this.#sharedWithCache }
  }
}

const isSame = (a: readonly unknown[], b: readonly unknown[]) =>
  a.length === b.length && a.every((value, index) => value === b[index])
