/**
 * Which bytes are shared, and by whom. Images are looked at as sets of units: layers, and in the containerd store also
 * the compressed blobs. A unit lies on the disk once and goes when the last that holds it goes. All arithmetic is
 * over small integers, so that a selection of thousands is summed within a frame, on both sides of the app.
 */
import type { Bytes, ImageId } from '../image/image.ts'
import type { ByteRange } from './sizes.ts'

/** An image as the sums see it. No list of units repeats one. */
export interface SharingImage {
  readonly id: ImageId
  /** What `docker images` shows: the bound while its layers are not read yet. */
  readonly size: Bytes
  /** Indices of units, also of those of untagged parents that go with it; absent until they are read. */
  readonly units?: readonly number[]
  /** Units that it stands on and does not keep: they go with the last that holds them. None of `units`. */
  readonly borrowed?: readonly number[]
  /** What all its units take together, where the size of one is a range. */
  readonly total?: Bytes
  /** Not in any list: a step of a build, or one that was removed under a container that still holds its layers. */
  readonly hidden?: true
}

/**
 * What became different. Sizes of units only ever become narrower. Units are never taken away by a change: when they get
 * other numbers, the number of a change is skipped, and who follows the changes asks for the whole.
 */
export interface SharingChange {
  /** The units from here on are new: those whose size is not a range need one number. */
  readonly from: number
  readonly sizes: readonly Bytes[]
  /** Units whose size is a range, or no longer one. */
  readonly ranges: readonly (readonly [unit: number, min: Bytes, max: Bytes])[]
  readonly images: readonly SharingImage[]
  readonly gone: readonly ImageId[]
  /** At most so much of what images hold is held by BuildKit's cache too, and stays with it. */
  readonly cached: Bytes
}

export interface OwnBytes {
  readonly id: ImageId
  /** What this image alone holds. */
  readonly own: ByteRange
}

/** What a set of images holds, and what its removal would free. Rows and `sharedAmong`, less `mayStay`, add up to `frees`. */
export interface SetSharing {
  /** Each unit counted once. */
  readonly total: ByteRange
  /** Held by several of the set and nobody else: freed only because all of them go. */
  readonly sharedAmong: ByteRange
  /** Held by others too, so it stays. */
  readonly sharedWithStaying: ByteRange
  readonly rows: readonly OwnBytes[]
  /** At most so much stays with BuildKit's cache. */
  readonly mayStay: Bytes
  readonly frees: ByteRange
}

export const nothing: ByteRange = { min: 0, max: 0 }
export const plus = (a: ByteRange, b: ByteRange): ByteRange => ({ min: a.min + b.min, max: a.max + b.max })

/** Those that the image keeps, and those that it only stands on. */
export const allUnits = (image: SharingImage | undefined): readonly number[] => [
  ...(image?.units ?? []),
  ...(image?.borrowed ?? []),
]

export class Sharing {
  #min: Bytes[] = []
  #max: Bytes[] = []
  /** How many listed images hold each unit. */
  #holders: number[] = []
  #images = new Map<ImageId, SharingImage>()
  #unread = 0
  #cached: Bytes = 0
  // Scratch for one sum: which of its rounds has touched a unit last, and how often.
  #round = 0
  #seen = new Uint32Array(0)
  #count = new Uint32Array(0)

  /** Forgets all that was told. */
  clear(): void {
    this.#min = []
    this.#max = []
    this.#holders = []
    this.#images.clear()
    this.#unread = this.#cached = this.#round = 0
    this.#seen = new Uint32Array(0)
    this.#count = new Uint32Array(0)
  }

  apply({ from, sizes, ranges, images, gone, cached }: SharingChange): void {
    sizes.forEach((size, at) => {
      this.#min[from + at] = this.#max[from + at] = size
      this.#holders[from + at] ??= 0
    })
    for (const [unit, min, max] of ranges) {
      this.#min[unit] = min
      this.#max[unit] = max
    }
    for (const id of gone) this.#take(id)
    for (const image of images) {
      this.#take(image.id)
      this.#images.set(image.id, image)
      if (!image.hidden) this.#hold(image, 1)
    }
    this.#cached = cached
    if (this.#seen.length < this.#min.length) {
      this.#seen = new Uint32Array(2 * this.#min.length)
      this.#count = new Uint32Array(2 * this.#min.length)
      this.#round = 0
    }
  }

  #take(id: ImageId) {
    const image = this.#images.get(id)
    if (image && !image.hidden) this.#hold(image, -1)
    this.#images.delete(id)
  }

  #hold({ units }: SharingImage, by: 1 | -1) {
    if (!units) this.#unread += by
    else for (const unit of units) this.#holders[unit]! += by
  }

  /** Whether all listed images are read: before that, a sum tells little. */
  get complete(): boolean {
    return this.#unread === 0
  }

  /** The units that an image holds or stands on; undefined until they are read. */
  unitsOf(id: ImageId): readonly number[] | undefined {
    const image = this.#images.get(id)
    return image?.units && allUnits(image)
  }

  /** Of one image: what it alone holds, and what others hold too. */
  ofImage(id: ImageId): { readonly unique: ByteRange; readonly shared: ByteRange } {
    const image = this.#images.get(id)
    if (!image?.units) return { unique: { min: 0, max: image?.size ?? 0 }, shared: { min: 0, max: image?.size ?? 0 } }
    const unique = image.units.filter((unit) => this.#holders[unit]! <= 1)
    const shared = image.units.filter((unit) => this.#holders[unit]! > 1)
    const borrowed = (image.borrowed ?? []).filter((unit) => this.#holders[unit]! > 0)
    return { unique: this.#bytes(unique, image), shared: plus(this.#bytes(shared, image), this.#sum(borrowed)) }
  }

  /** Who else holds units of this image, or stands on them. */
  sharers(units: readonly number[]): Map<number, ImageId[]> {
    const found = new Map<number, ImageId[]>(units.map((unit) => [unit, []]))
    for (const image of this.#images.values())
      if (!image.hidden) for (const unit of allUnits(image)) found.get(unit)?.push(image.id)
    return found
  }

  /**
   * Sums up a set of images. Those that containers hold stay, with all their layers, whether they are in the set or
   * not; in the set they have a row that frees nothing.
   */
  of(ids: Iterable<ImageId>, held: ReadonlySet<ImageId> = new Set()): SetSharing {
    const set = [...new Set(ids)].flatMap((id) => this.#images.get(id) ?? []).filter(({ hidden }) => !hidden)
    const keptRound = this.#nextRound()
    for (const id of held) for (const unit of allUnits(this.#images.get(id))) this.#seen[unit] = keptRound
    const going = set.filter(({ id }) => !held.has(id))
    const round = this.#nextRound()
    for (const { units } of going)
      for (const unit of units ?? []) {
        if (this.#seen[unit] === keptRound) continue
        if (this.#seen[unit] !== round) this.#count[unit] = 0
        this.#seen[unit] = round
        this.#count[unit]!++
      }

    // A unit of the set is freed when every listed image that holds it goes, and no container holds it.
    const goes = (unit: number) => this.#seen[unit] === round && this.#count[unit] === this.#holders[unit]
    // What an unread image holds may be any of these layers, and so what a container does whose image is gone.
    const unread = this.#unread - going.filter(({ units }) => !units).length
    const sure = unread === 0 && [...held].every((id) => this.#images.get(id)?.units)
    const least = (range: ByteRange): ByteRange => (sure ? range : { min: 0, max: range.max })

    const done = this.#nextRound()
    const sums = { shared: nothing, staying: nothing, rows: nothing }
    const rows = set.map((image): OwnBytes => {
      const [own, among, staying, lent]: [number[], number[], number[], number[]] = [[], [], [], []]
      if (!image.units) {
        const bound = held.has(image.id) ? nothing : { min: 0, max: image.size }
        sums.rows = plus(sums.rows, bound)
        return { id: image.id, own: bound }
      }
      for (const unit of image.units) {
        if (this.#seen[unit] === done) continue
        if (goes(unit)) (this.#holders[unit] === 1 ? own : among).push(unit)
        else staying.push(unit)
        this.#seen[unit] = done
      }
      for (const unit of image.borrowed ?? []) {
        if (this.#seen[unit] === done || goes(unit)) continue
        if (this.#holders[unit]! > 0 || this.#seen[unit] === keptRound) lent.push(unit)
        this.#seen[unit] = done
      }
      const range = least(this.#bytes(own, image))
      sums.rows = plus(sums.rows, range)
      sums.shared = plus(sums.shared, least(this.#bytes(among, image)))
      sums.staying = plus(sums.staying, plus(this.#bytes(staying, image), this.#sum(lent)))
      return { id: image.id, own: range }
    })
    const frees = plus(sums.rows, sums.shared)
    const mayStay = Math.min(this.#cached, frees.min)
    return {
      total: plus(frees, sums.staying),
      sharedAmong: sums.shared,
      sharedWithStaying: sums.staying,
      rows,
      mayStay,
      frees: { min: frees.min - mayStay, max: frees.max },
    }
  }

  #nextRound(): number {
    if (this.#round > 4_000_000_000) {
      this.#seen.fill(0)
      this.#round = 0
    }
    return ++this.#round
  }

  /** What some units of an image take together; what is known of the whole image bounds the ranges. */
  #bytes(units: readonly number[], { units: all = [], total }: SharingImage): ByteRange {
    const some = this.#sum(units)
    if (some.min === some.max || total === undefined) return some
    const whole = this.#sum(all)
    return {
      min: Math.max(some.min, total - (whole.max - some.max)),
      max: Math.min(some.max, total - (whole.min - some.min)),
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
