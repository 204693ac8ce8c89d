/**
 * Computes which bytes images share. An image is a set of units: layers and, in the containerd store, compressed blobs.
 * A unit is on the disk once, and is freed with the last image that holds it. Units are numbered, so that the main
 * process and the renderer can sum up a selection of thousands of images within a frame.
 */
import type { Bytes, ImageId } from '../image/image.ts'
import type { ByteRange } from './sizes.ts'

/** An image as a set of units. The lists of units have no duplicates. */
export interface SharingImage {
  readonly id: ImageId
  /** The size that `docker images` shows. Used as the upper bound until the layers are read. */
  readonly size: Bytes
  /** Numbers of the units, including those of untagged parents that are removed with the image. Absent until read. */
  readonly units?: readonly number[]
  /** Units that the image uses but does not hold: they are freed with the last image that holds them. Not in `units`. */
  readonly borrowed?: readonly number[]
  /** Size of all units together. Only set if the size of a unit is a range. */
  readonly total?: Bytes
  /** Set if no list shows the image: a build step, or an image removed with force whose layers a container still holds. */
  readonly hidden?: true
}

/**
 * A change of the table of images and units. A change never widens the size range of a unit, and never removes a unit. When
 * the main process drops unused units, it renumbers the others and skips a sequence number, so windows request a snapshot.
 */
export interface SharingChange {
  /** Number of the first new unit. */
  readonly from: number
  /** Sizes of the new units; the minimum if the size is a range. */
  readonly sizes: readonly Bytes[]
  /** New units whose size is a range, and old units whose size became narrower. */
  readonly ranges: readonly (readonly [unit: number, min: Bytes, max: Bytes])[]
  readonly images: readonly SharingImage[]
  readonly gone: readonly ImageId[]
  /** Upper bound of the bytes that BuildKit's cache shares with images and keeps after their removal. */
  readonly cached: Bytes
}

export interface OwnBytes {
  readonly id: ImageId
  /** Bytes that only this image holds. */
  readonly ownBytes: ByteRange
}

/** The bytes of a set of images. `frees`: rows plus `sharedAmong`; `maxRetained` is subtracted from the minimum. */
export interface SetSharing {
  /** Counts each unit once. */
  readonly total: ByteRange
  /** Held by several images of the set and no other image: freed only if all of them are removed. */
  readonly sharedAmong: ByteRange
  /** Also held by images outside the set or used by containers, so not freed. */
  readonly sharedWithStaying: ByteRange
  readonly rows: readonly OwnBytes[]
  /** Upper bound of the bytes that BuildKit's cache keeps. */
  readonly maxRetained: Bytes
  readonly frees: ByteRange
}

export const zeroBytes: ByteRange = { min: 0, max: 0 }
export const addRanges = (a: ByteRange, b: ByteRange): ByteRange => ({ min: a.min + b.min, max: a.max + b.max })

/** @returns the units that the image holds, and those that it only uses */
export const allUnits = (image: SharingImage | undefined): readonly number[] => [
  ...(image?.units ?? []),
  ...(image?.borrowed ?? []),
]

export class Sharing {
  #min: Bytes[] = []
  #max: Bytes[] = []
  /** How many listed images hold each unit. */
  #holderCounts: number[] = []
  #images = new Map<ImageId, SharingImage>()
  #unreadCount = 0
  #sharedWithCache: Bytes = 0
  // Scratch space of `of`, which visits units in rounds: for each unit, the last round that visited the unit, and the
  // number of visits in that round.
  #round = 0
  #lastRounds = new Uint32Array(0)
  #visitCounts = new Uint32Array(0)

  /** Removes all images and units. */
  clear(): void {
    this.#min = []
    this.#max = []
    this.#holderCounts = []
    this.#images.clear()
    this.#unreadCount = this.#sharedWithCache = this.#round = 0
    this.#lastRounds = new Uint32Array(0)
    this.#visitCounts = new Uint32Array(0)
  }

  apply({ from, sizes, ranges, images, gone, cached }: SharingChange): void {
    sizes.forEach((size, offset) => {
      this.#min[from + offset] = this.#max[from + offset] = size
      this.#holderCounts[from + offset] ??= 0
    })
    for (const [unit, min, max] of ranges) {
      this.#min[unit] = min
      this.#max[unit] = max
    }
    for (const id of gone) this.#remove(id)
    for (const image of images) {
      this.#remove(image.id)
      this.#images.set(image.id, image)
      if (!image.hidden) this.#countHolder(image, 1)
    }
    this.#sharedWithCache = cached
    if (this.#lastRounds.length < this.#min.length) {
      this.#lastRounds = new Uint32Array(2 * this.#min.length)
      this.#visitCounts = new Uint32Array(2 * this.#min.length)
      this.#round = 0
    }
  }

  #remove(id: ImageId) {
    const image = this.#images.get(id)
    if (image && !image.hidden) this.#countHolder(image, -1)
    this.#images.delete(id)
  }

  #countHolder({ units }: SharingImage, change: 1 | -1) {
    if (!units) this.#unreadCount += change
    else for (const unit of units) this.#holderCounts[unit]! += change
  }

  /** Whether all listed images have been read. Until then, sums have wide bounds. */
  get complete(): boolean {
    return this.#unreadCount === 0
  }

  /** @returns the units that the image holds or uses; undefined until they are read */
  unitsOf(id: ImageId): readonly number[] | undefined {
    const image = this.#images.get(id)
    return image?.units && allUnits(image)
  }

  /** @returns the bytes that only this image holds, and those that other images hold, too */
  ofImage(id: ImageId): { readonly unique: ByteRange; readonly shared: ByteRange } {
    const image = this.#images.get(id)
    if (!image?.units) return { unique: { min: 0, max: image?.size ?? 0 }, shared: { min: 0, max: image?.size ?? 0 } }
    const unique = image.units.filter((unit) => this.#holderCounts[unit]! <= 1)
    const shared = image.units.filter((unit) => this.#holderCounts[unit]! > 1)
    const borrowed = (image.borrowed ?? []).filter((unit) => this.#holderCounts[unit]! > 0)
    return { unique: this.#bytes(unique, image), shared: addRanges(this.#bytes(shared, image), this.#sum(borrowed)) }
  }

  /** @returns for each unit, the listed images that hold or use it */
  sharers(units: readonly number[]): Map<number, ImageId[]> {
    const found = new Map<number, ImageId[]>(units.map((unit) => [unit, []]))
    for (const image of this.#images.values())
      if (!image.hidden) for (const unit of allUnits(image)) found.get(unit)?.push(image.id)
    return found
  }

  /**
   * Sums up the bytes that removing a set of images frees.
   * @param inUse images that are not removed, because containers use them. If such an image is in the set, its row is 0.
   */
  of(ids: Iterable<ImageId>, inUse: ReadonlySet<ImageId> = new Set()): SetSharing {
    const set = [...new Set(ids)].flatMap((id) => this.#images.get(id) ?? []).filter(({ hidden }) => !hidden)
    const inUseRound = this.#nextRound()
    for (const id of inUse) for (const unit of allUnits(this.#images.get(id))) this.#lastRounds[unit] = inUseRound
    const toRemove = set.filter(({ id }) => !inUse.has(id))
    const round = this.#nextRound()
    for (const { units } of toRemove)
      for (const unit of units ?? []) {
        if (this.#lastRounds[unit] === inUseRound) continue
        if (this.#lastRounds[unit] !== round) this.#visitCounts[unit] = 0
        this.#lastRounds[unit] = round
        this.#visitCounts[unit]!++
      }

    // A unit is freed if every listed image that holds it is removed, and no container holds it.
    const isFreed = (unit: number) =>
      this.#lastRounds[unit] === round && this.#visitCounts[unit] === this.#holderCounts[unit]
    // An unread image may hold any of these layers. So may a container whose image is unread or was removed.
    const unread = this.#unreadCount - toRemove.filter(({ units }) => !units).length
    const isCertain = unread === 0 && [...inUse].every((id) => this.#images.get(id)?.units)
    const relaxUnlessCertain = (range: ByteRange): ByteRange => (isCertain ? range : { min: 0, max: range.max })

    const countedRound = this.#nextRound()
    const sums = { shared: zeroBytes, staying: zeroBytes, rows: zeroBytes }
    const rows = set.map((image): OwnBytes => {
      const [own, among, staying, borrowed]: [number[], number[], number[], number[]] = [[], [], [], []]
      if (!image.units) {
        const bound = inUse.has(image.id) ? zeroBytes : { min: 0, max: image.size }
        sums.rows = addRanges(sums.rows, bound)
        return { id: image.id, ownBytes: bound }
      }
      for (const unit of image.units) {
        if (this.#lastRounds[unit] === countedRound) continue
        if (isFreed(unit)) (this.#holderCounts[unit] === 1 ? own : among).push(unit)
        else staying.push(unit)
        this.#lastRounds[unit] = countedRound
      }
      for (const unit of image.borrowed ?? []) {
        if (this.#lastRounds[unit] === countedRound || isFreed(unit)) continue
        if (this.#holderCounts[unit]! > 0 || this.#lastRounds[unit] === inUseRound) borrowed.push(unit)
        this.#lastRounds[unit] = countedRound
      }
      const range = relaxUnlessCertain(this.#bytes(own, image))
      sums.rows = addRanges(sums.rows, range)
      sums.shared = addRanges(sums.shared, relaxUnlessCertain(this.#bytes(among, image)))
      sums.staying = addRanges(sums.staying, addRanges(this.#bytes(staying, image), this.#sum(borrowed)))
      return { id: image.id, ownBytes: range }
    })
    const frees = addRanges(sums.rows, sums.shared)
    const maxRetained = Math.min(this.#sharedWithCache, frees.min)
    return {
      total: addRanges(frees, sums.staying),
      sharedAmong: sums.shared,
      sharedWithStaying: sums.staying,
      rows,
      maxRetained,
      frees: { min: frees.min - maxRetained, max: frees.max },
    }
  }

  #nextRound(): number {
    if (this.#round > 4_000_000_000) {
      this.#lastRounds.fill(0)
      this.#round = 0
    }
    return ++this.#round
  }

  /** @returns the size of some of the image's units, narrowed by the image's total */
  #bytes(units: readonly number[], { units: all = [], total }: SharingImage): ByteRange {
    const some = this.#sum(units)
    if (some.min === some.max || total === undefined) return some
    const sum = this.#sum(all)
    return {
      min: Math.max(some.min, total - (sum.max - some.max)),
      max: Math.min(some.max, total - (sum.min - some.min)),
    }
  }

  #sum(units: readonly number[]): ByteRange {
    let [min, max] = [0, 0]
    for (const unit of units) {
      min += this.#min[unit]!
      max += this.#max[unit]!
    }
    return { min, max }
  }
}
