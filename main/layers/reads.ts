/** What was read about the images of one engine, in this run or earlier. Decides which images are due to be read. */
import type { Image, ImageId } from '../../model/image/image.ts'
import { isSameEngine, engineKey, statusOf, type EngineIdentity, type EngineSession } from '../engine/index.ts'
import type { LayersStore } from '../store/index.ts'
import type { ImageRead } from './read-image.ts'
import { loadRead, storeReads, scopeOf } from './stored-reads.ts'

interface Retry {
  readonly waitMs: number
  /** Time of `performance.now()`. */
  readonly dueAt: number
}

/** A failure may last a second, or for months if the image is broken. */
const firstWaitMs = 1_000
const waitFactor = 4
const maxWaitMs = 600_000

export class Reads {
  /** Key of the stored reads. All classic engines share one; each containerd engine has its own (`scopeOf`). */
  readonly #scope: string
  readonly #engine: EngineIdentity
  readonly #file: LayersStore
  readonly #scopeHasOneEngine: boolean
  #reads = new Map<ImageId, ImageRead>()
  /** Whether a container used the image when its layers were read. The engine unpacks an image for its first container. */
  #wasUsed = new WeakMap<Image, boolean>()
  /** Images read in this run, and indexes whose stored read `confirm` has found to be valid. */
  #confirmed = new WeakSet<Image>()
  /** Images that could not be read completely. A changed image is a new object without an entry, so it is read at once. */
  #retries = new WeakMap<Image, Retry>()
  /** Images removed from this engine since the file was written. */
  #gone = new Set<ImageId>()
  /**
   * Whether the file keeps reads of images that this engine does not have. Other engines that share the scope may have them.
   */
  #keepsOtherImages = true
  #unwritten = false
  #writing = Promise.resolve()

  constructor(file: LayersStore, { capabilities: { store }, identity }: EngineSession) {
    this.#scope = scopeOf(store, engineKey(identity))
    this.#engine = identity
    this.#file = file
    this.#scopeHasOneEngine = store === 'containerd'
  }

  belongsTo({ capabilities: { store }, identity }: EngineSession): boolean {
    return this.#scope === scopeOf(store, engineKey(identity)) && isSameEngine(this.#engine, identity)
  }

  get all(): ReadonlyMap<ImageId, ImageRead> {
    return this.#reads
  }
  /** Whether there are changes that the file does not have yet. */
  get unwritten(): boolean {
    return this.#unwritten
  }

  /** Loads the stored reads of these images. */
  loadStored(ids: Iterable<ImageId>): void {
    for (const id of ids) {
      if (this.#reads.has(id) || this.#gone.has(id)) continue
      const read = loadRead(this.#file, this.#scope, id)
      if (read) this.#reads.set(id, read)
    }
  }

  /**
   * Drops the reads of images that are not in `ids`.
   * @param ids all images of the engine, and images that containers use
   */
  keepOnly(ids: { has(id: ImageId): boolean }): void {
    for (const id of this.#reads.keys()) {
      if (ids.has(id)) continue
      this.#reads.delete(id)
      this.#gone.add(id)
      this.#unwritten = true
    }
    // A stored read of a removed image may be wrong if the image is loaded again, because the containerd store then
    // rewrites the labels that protect the unpacked layers.
    if (this.#scopeHasOneEngine) this.#keepsOtherImages = false
  }

  add(image: Image, read: ImageRead, isUsed: boolean): void {
    this.#reads.set(image.id, read)
    this.#gone.delete(image.id)
    this.#wasUsed.set(image, isUsed)
    this.#confirmed.add(image)
    if (read.partial) this.#retryLater(image)
    else this.#retries.delete(image)
    this.#unwritten ||= read.cacheable
  }

  /** Records that the engine does not have the image. The image is read again only after it changes. */
  markGone(image: Image): void {
    this.#retries.set(image, { waitMs: maxWaitMs, dueAt: Infinity })
  }

  failed(image: Image, error: unknown): void {
    if (statusOf(error) === 404) this.markGone(image)
    else this.#retryLater(image)
  }

  #retryLater(image: Image) {
    const previous = this.#retries.get(image)
    const waitMs = previous ? Math.min(previous.waitMs * waitFactor, maxWaitMs) : firstWaitMs
    this.#retries.set(image, { waitMs, dueAt: performance.now() + waitMs })
  }

  /** @returns the images to read now, and the time of `performance.now()` at which the next one is due */
  due(images: Iterable<Image>, used: ReadonlySet<ImageId>): { readonly now: Image[]; readonly next: number } {
    const now: Image[] = []
    let next = Infinity
    const time = performance.now()
    for (const image of images) {
      const retry = this.#retries.get(image)
      if (retry && retry.dueAt > time) next = Math.min(next, retry.dueAt)
      else if (retry || !this.#isValid(image, used.has(image.id))) now.push(image)
    }
    return { now, next }
  }

  #isValid(image: Image, isUsed: boolean): boolean {
    const read = this.#reads.get(image.id)
    if (!read) return false
    if (!read.cacheable) return this.#wasUsed.get(image) === isUsed
    return read.absent === undefined || this.#confirmed.has(image)
  }

  /**
   * Confirms the stored reads of indexes whose content has not changed. While the app was closed, a platform or an
   * attestation may have been added without changing the image id or the listed size (26.1 does not count attestations).
   * @param present the digests of all blobs that the engine has
   */
  confirm(images: Iterable<Image>, present: ReadonlySet<string>): void {
    for (const image of images) {
      const read = this.#reads.get(image.id)
      if (!read?.cacheable || !read.absent || !read.content?.blobs) continue
      const isUnchanged =
        read.content.blobs.every(({ digest }) => present.has(digest)) &&
        read.absent.every((digest) => !present.has(digest))
      if (isUnchanged) this.#confirmed.add(image)
    }
  }

  /** Whether the image is an index whose stored read has not been confirmed in this run. */
  isUnconfirmed(image: Image): boolean {
    const read = this.#reads.get(image.id)
    return read?.cacheable === true && read.absent !== undefined && !this.#confirmed.has(image)
  }

  /** Resolves once the file has all changes. */
  write(): Promise<void> {
    if (!this.#unwritten) return this.#writing
    this.#unwritten = false
    this.#writing = storeReads(
      this.#file,
      this.#scope,
      this.#reads,
      (id) => this.#keepsOtherImages && !this.#gone.has(id),
    )
    this.#gone.clear()
    return this.#writing
  }
}
