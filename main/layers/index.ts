/**
 * Reads the layers of all images in the background, stores them by digest, publishes them to the window, and computes
 * which bytes images share.
 */
import type { Bytes, ImageId } from '../../model/image/image.ts'
import { Sharing } from '../../model/layers/sharing.ts'
import { fail, ok, type Handlers, type Publish } from '../../preload/contract/index.ts'
import {
  maxBytesSharedWithCache,
  openContent,
  type ContentStore,
  type Engine,
  type EngineSession,
} from '../engine/index.ts'
import type { LayersStore } from '../store/index.ts'
import { Alarm } from './alarm.ts'
import { readImage, readImageResult, type Blob, type ImageRead } from './read-image.ts'
import { Reads } from './reads.ts'
import { LayerTable } from './table.ts'
import { stackOf } from './stack.ts'

export interface LayersNeeds {
  readonly engine: Pick<Engine, 'live' | 'session' | 'inspectAgain'>
  readonly store: LayersStore
  readonly publish: Publish
}

export interface Layers {
  readonly handlers: Handlers<'layers'>
  readonly sharing: Sharing
  /** Call this after images, containers or the engine change. */
  scheduleUpdate(): void
  /** Resolves once every readable image has been read and the sums match the live state. */
  whenUpToDate(): Promise<void>
  read(id: ImageId): ImageRead | undefined
  /** @returns the blobs of the compressed content; empty if they are unknown */
  blobsOf(id: ImageId): readonly Blob[]
  /** Call this before the app ends: writes pending changes at once. */
  end(): Promise<void>
}

/** Low, because a read takes at least two requests, which must not delay the image list or the user's requests. */
const maxConcurrentReads = 4
const publishIntervalMs = 250
const writeDelayMs = 2_000
/** Minimum time between two requests for the size of the build cache. Each takes about as long as a list of images. */
const cacheSizeIntervalMs = 1_000
/** With more images than this, the first reads are delayed, so that the window can draw its list first. */
const manyImages = 500
const firstReadDelayMs = 1_000

export function layersService({ engine, store, publish }: LayersNeeds): Layers {
  const { live } = engine
  const shownSession = () => {
    const session = engine.session()
    return session.ok ? session.value : undefined
  }
  const sharing = new Sharing()
  let seq = 0
  let table = new LayerTable('classic')
  /** The reads of the shown engine or, if none is shown, of the engine shown last. */
  let reads: Reads | undefined
  /** Upper bound of the bytes that images share with the build cache. */
  let sharedWithCache: Bytes = 0
  let cacheSizeReadAt = -Infinity
  /** Time of `performance.now()` at which the first reads of an engine start. */
  let firstReadAt = Infinity
  /** Whether a caller waits for `whenUpToDate`. Nothing is delayed then. */
  let urgent = false
  let currentRun: Promise<void> | undefined
  let rerun = false
  let writeTimer: NodeJS.Timeout | undefined
  const alarm = new Alarm(() => scheduleUpdate())

  const imagesInUse = () => new Set([...live.containers().values()].map(({ image }) => image))

  function updateTable() {
    const session = shownSession()
    // The live state may already belong to another engine.
    if (!session || !reads?.belongsTo(session)) return
    const [images, used] = [live.images(), imagesInUse()]
    const needed = new Set([...images.keys(), ...used])
    if (live.snapshot().complete) reads.keepOnly(needed)
    reads.loadStored(needed)
    const change = table.update({ images, used, reads: reads.all, cached: sharedWithCache })
    if (reads.unwritten) writeSoon()
    if (!change) return
    if (change === 'renumbered') {
      sharing.clear()
      sharing.apply(table.snapshot())
      // Skipping a number makes every window request a new snapshot.
      seq += 2
      publish('layers.changed', { seq, from: 0, sizes: [], ranges: [], images: [], gone: [], cached: sharedWithCache })
      return
    }
    sharing.apply(change)
    publish('layers.changed', { seq: ++seq, ...change })
  }

  /** @returns the reads of the session's engine. If the engine has changed, all state starts empty. */
  function readsFor(session: EngineSession): Reads {
    if (reads?.belongsTo(session)) return reads
    void write()
    table = new LayerTable(session.capabilities.store)
    reads = new Reads(store, session)
    sharedWithCache = 0
    firstReadAt = Infinity
    sharing.clear()
    // Skipping a number makes every window request a new snapshot.
    seq++
    return reads
  }

  const due = () => reads?.due(live.images().values(), imagesInUse()) ?? { now: [], next: Infinity }

  async function readAndUpdate(): Promise<void> {
    do {
      rerun = false
      const session = shownSession()
      if (!session) return
      readsFor(session)
      if (firstReadAt === Infinity && live.images().size > 0)
        firstReadAt = performance.now() + (live.images().size > manyImages ? firstReadDelayMs : 0)
      if (isDelayed(firstReadAt)) return
      updateTable()
      if (due().now.length > 0) await readAll(session)
      alarm.set(due().next)
      if (rerun || !live.snapshot().complete) continue
      if (isDelayed(cacheSizeReadAt + cacheSizeIntervalMs)) return
      urgent = false
      sharedWithCache = await maxBytesSharedWithCache(session).catch(() => sharedWithCache)
      cacheSizeReadAt = performance.now()
      updateTable()
    } while (rerun)
  }

  /** @returns whether `until` is in the future. The alarm then resumes the work at that time. */
  function isDelayed(until: number): boolean {
    if (until <= performance.now() || urgent) return false
    alarm.set(until)
    return true
  }

  async function readAll(session: EngineSession) {
    const engineReads = reads!
    const content = await contentOf(session)
    const used = imagesInUse()
    const isCurrent = () => reads === engineReads && !session.signal.aborted
    let publishedAt = performance.now()
    try {
      await confirmIndexReads(engineReads, content)
      const queue = due().now
      const worker = async () => {
        for (let image = queue.pop(); image && isCurrent(); image = queue.pop()) {
          try {
            const read = await readImage(session, image, content)
            if (read) engineReads.add(image, read, used.has(image.id))
            else engineReads.markGone(image)
          } catch (error) {
            if (!isCurrent()) continue
            engineReads.failed(image, error)
            // If this inspect fails, too, it marks the image's row as unreadable. Once an inspect succeeds, the row has
            // changed, so the layers are read again.
            if (image.unreadable === undefined) engine.inspectAgain(image.id)
          }
          if (isCurrent() && performance.now() - publishedAt > publishIntervalMs) {
            updateTable()
            publishedAt = performance.now()
          }
        }
      }
      await Promise.all(Array.from({ length: maxConcurrentReads }, worker))
    } finally {
      content?.close()
    }
    if (reads === engineReads) updateTable()
  }

  /** Confirms stored reads of multi-platform images (indexes). If the engine fails, these images are read again instead. */
  async function confirmIndexReads(engineReads: Reads, content: ContentStore | undefined) {
    const unconfirmed = due().now.filter((image) => engineReads.isUnconfirmed(image))
    if (unconfirmed.length === 0 || !content) return
    const present = await content.digests().catch(() => undefined)
    if (present) engineReads.confirm(unconfirmed, present)
  }

  async function write() {
    clearTimeout(writeTimer)
    writeTimer = undefined
    await reads?.write()
  }

  function writeSoon() {
    writeTimer ??= setTimeout(() => void write(), writeDelayMs).unref()
  }

  function scheduleUpdate() {
    rerun = true
    currentRun ??= readAndUpdate()
      .catch((error: unknown) => console.error('layers:', error))
      .finally(() => {
        currentRun = undefined
        if (rerun && shownSession()) scheduleUpdate()
      })
  }

  return {
    sharing,
    scheduleUpdate,
    read: (id) => reads?.all.get(id),
    blobsOf: (id) => reads?.all.get(id)?.content?.blobs ?? [],
    end: write,
    async whenUpToDate() {
      urgent = true
      scheduleUpdate()
      for (let work = currentRun; work; work = currentRun) await work
    },
    handlers: {
      'layers.snapshot': () => ok({ seq, ...table.snapshot() }),
      'layers.stack': async (id) => {
        const image = live.images().get(id)
        const session = engine.session()
        if (!session.ok) return session
        if (!image) return fail({ code: 'image-gone', image: id })
        const engineReads = readsFor(session.value)
        engineReads.loadStored([id])
        // A partial read is repeated whenever the user opens the layers.
        if (engineReads.all.get(id)?.partial ?? !engineReads.all.has(id)) {
          const content = await contentOf(session.value)
          try {
            const read = await readImageResult(session.value, image, content)
            if (!read.ok) return read
            engineReads.add(image, read.value, imagesInUse().has(id))
          } finally {
            content?.close()
          }
        }
        updateTable()
        const read = reads?.all.get(id)
        return read ? ok(stackOf(id, read, table, sharing)) : fail({ code: 'image-gone', image: id })
      },
    },
  }
}

const contentOf = async (session: EngineSession) =>
  session.capabilities.store === 'containerd' ? await openContent(session) : undefined
