/** What was read of the images that one engine has now, what earlier runs of the app know, and what is to be read again. */
import type { Image, ImageId } from '../../model/image/image.ts'
import { isSameEngine, keyOf, statusOf, type EngineIdentity, type EngineSession } from '../engine/index.ts'
import type { LayersStore } from '../store/index.ts'
import type { ImageRead } from './anatomy.ts'
import { recall, remember, scopeOf } from './kept.ts'

interface Retry {
  readonly waitMs: number
  /** `performance.now()` from which on it is tried. */
  readonly at: number
}

/** A failure may pass within moments, or be one broken image that is there for months. */
const firstWaitMs = 1_000
const waitGrows = 4
const maxWaitMs = 600_000

export class Reads {
  readonly #scope: string
  readonly #engine: EngineIdentity
  readonly #file: LayersStore
  readonly #ofOneEngine: boolean
  #reads = new Map<ImageId, ImageRead>()
  /** Whether a container used an image when it was read; the engine unpacks an image for a container. */
  #readAs = new WeakMap<Image, boolean>()
  /** Indexes whose content is what it was when they were read. */
  #confirmed = new WeakSet<Image>()
  /** Images that could not be read, or not wholly. A changed image is another object, and tried at once. */
  #retries = new WeakMap<Image, Retry>()
  /** Images that this engine had, and has no more, since the file was written. */
  #gone = new Set<ImageId>()
  /** The file may know images of this scope that only other engines have. */
  #othersCount = true
  #unwritten = false
  #writing = Promise.resolve()

  constructor(file: LayersStore, { capabilities: { store }, identity }: EngineSession) {
    this.#scope = scopeOf(store, keyOf(identity))
    this.#engine = identity
    this.#file = file
    this.#ofOneEngine = store === 'containerd'
  }

  isOf({ capabilities: { store }, identity }: EngineSession): boolean {
    return this.#scope === scopeOf(store, keyOf(identity)) && isSameEngine(this.#engine, identity)
  }

  get all(): ReadonlyMap<ImageId, ImageRead> {
    return this.#reads
  }
  /** Something is known that the file does not have yet. */
  get unwritten(): boolean {
    return this.#unwritten
  }

  /** Takes up what earlier runs of the app know of these images. */
  recall(ids: Iterable<ImageId>): void {
    for (const id of ids) {
      if (this.#reads.has(id) || this.#gone.has(id)) continue
      const read = recall(this.#file, this.#scope, id)
      if (read) this.#reads.set(id, read)
    }
  }

  /** Drops all other images. To be called with the engine's complete list. */
  keepOnly(ids: { has(id: ImageId): boolean }): void {
    for (const id of this.#reads.keys()) {
      if (ids.has(id)) continue
      this.#reads.delete(id)
      this.#gone.add(id)
      this.#unwritten = true
    }
    // The containerd store rewrites whom layers are unpacked for when an image is loaded again.
    if (this.#ofOneEngine) this.#othersCount = false
  }

  add(image: Image, read: ImageRead, isUsed: boolean): void {
    this.#reads.set(image.id, read)
    this.#gone.delete(image.id)
    this.#readAs.set(image, isUsed)
    this.#confirmed.add(image)
    if (read.partial) this.#tryLater(image)
    else this.#retries.delete(image)
    this.#unwritten ||= read.lasting
  }

  /** The image is not there: it is tried again once it changes. */
  gone(image: Image): void {
    this.#retries.set(image, { waitMs: maxWaitMs, at: Infinity })
  }

  failed(image: Image, error: unknown): void {
    if (statusOf(error) === 404) this.gone(image)
    else this.#tryLater(image)
  }

  #tryLater(image: Image) {
    const before = this.#retries.get(image)
    const waitMs = before ? Math.min(before.waitMs * waitGrows, maxWaitMs) : firstWaitMs
    this.#retries.set(image, { waitMs, at: performance.now() + waitMs })
  }

  /** Which of these images are to be read now, and when the next one is (`performance.now()`). */
  due(images: Iterable<Image>, used: ReadonlySet<ImageId>): { readonly now: Image[]; readonly next: number } {
    const now: Image[] = []
    let next = Infinity
    const time = performance.now()
    for (const image of images) {
      const retry = this.#retries.get(image)
      if (retry && retry.at > time) next = Math.min(next, retry.at)
      else if (retry || !this.#holds(image, used.has(image.id))) now.push(image)
    }
    return { now, next }
  }

  #holds(image: Image, isUsed: boolean): boolean {
    const read = this.#reads.get(image.id)
    if (!read) return false
    if (!read.lasting) return this.#readAs.get(image) === isUsed
    return read.absent === undefined || this.#confirmed.has(image)
  }

  /**
   * Confirms the reads of indexes whose content is what it was, given the digests of all blobs that the engine has.
   * A platform or an attestation that arrives while the app is closed changes no id, and not always the listed size
   * (26.1 counts no attestations).
   */
  confirm(images: Iterable<Image>, present: ReadonlySet<string>): void {
    for (const image of images) {
      const read = this.#reads.get(image.id)
      if (!read?.lasting || !read.absent || !read.content?.blobs) continue
      const same =
        read.content.blobs.every(({ digest }) => present.has(digest)) &&
        read.absent.every((digest) => !present.has(digest))
      if (same) this.#confirmed.add(image)
    }
  }

  /** Its read holds if nothing of its index came or went. */
  isUnconfirmed(image: Image): boolean {
    const read = this.#reads.get(image.id)
    return read?.lasting === true && read.absent !== undefined && !this.#confirmed.has(image)
  }

  /** Resolves once what is known is in the file. */
  write(): Promise<void> {
    if (!this.#unwritten) return this.#writing
    this.#unwritten = false
    this.#writing = remember(this.#file, this.#scope, this.#reads, (id) => this.#othersCount && !this.#gone.has(id))
    this.#gone.clear()
    return this.#writing
  }
}
