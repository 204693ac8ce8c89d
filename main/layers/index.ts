/** Layers of all images: read in the background, kept by digest, told to the window, and summed for plans. */
import type { Bytes, ImageId } from '../../model/image/image.ts'
import { Sharing } from '../../model/layers/sharing.ts'
import { fail, ok, type Handlers, type Publish } from '../../preload/contract/index.ts'
import { cachedBytes, openContent, type ContentStore, type Engine, type EngineSession } from '../engine/index.ts'
import type { LayersStore } from '../store/index.ts'
import { Alarm } from './alarm.ts'
import { readImage, readOne, type Blob, type ImageRead } from './anatomy.ts'
import { Reads } from './reads.ts'
import { LayerTable } from './table.ts'
import { stackOf } from './stack.ts'

export interface LayersNeeds {
  readonly engine: Pick<Engine, 'live' | 'session' | 'inspectAgain'>
  readonly kept: LayersStore
  readonly publish: Publish
}

export interface Layers {
  readonly handlers: Handlers<'layers'>
  readonly sharing: Sharing
  /** To be called when images, containers or the engine have changed. */
  changed(): void
  /** Resolves when all images are read that can be, and the sums are level with the live state. */
  settled(): Promise<void>
  read(id: ImageId): ImageRead | undefined
  /** Of its compressed content; none where the engine does not tell of them. */
  blobsOf(id: ImageId): readonly Blob[]
  /** Writes at once what has not been written yet: the app ends. */
  end(): Promise<void>
}

/** So many images are read at once, each with two questions: the list and the user come first. */
const atOnce = 4
/** What was read is told, and written down, at most so often, in milliseconds. */
const tellEvery = 250
const writeAfter = 2_000
/** The engine works on its account of the build cache as long as on a list: it rests so long after each. */
const accountRests = 1_000
/** A list of so many images is drawn first: working out their layers would share the processor with it. */
const many = 500
const manyRest = 1_000

export function layersService({ engine, kept, publish }: LayersNeeds): Layers {
  const { live } = engine
  const shown = () => {
    const session = engine.session()
    return session.ok ? session.value : undefined
  }
  const sharing = new Sharing()
  let seq = 0
  let table = new LayerTable('classic')
  /** Of the engine that is reached, or was last. */
  let reads: Reads | undefined
  let cached: Bytes = 0
  let accounted = -Infinity
  /** When the first work on an engine's images begins. */
  let begun = Infinity
  /** Somebody waits for all of it. */
  let urgent = false
  let reading: Promise<void> | undefined
  let again = false
  let writing: NodeJS.Timeout | undefined
  const alarm = new Alarm(() => changed())

  const inUse = () => new Set([...live.containers().values()].map(({ image }) => image))

  function level() {
    const session = shown()
    // The live state may be another engine's already.
    if (!session || !reads?.isOf(session)) return
    const [images, used] = [live.images(), inUse()]
    const needed = new Set([...images.keys(), ...used])
    if (live.snapshot().complete) reads.keepOnly(needed)
    reads.recall(needed)
    const change = table.update({ images, used, reads: reads.all, cached })
    if (reads.unwritten) writeSoon()
    if (!change) return
    if (change === 'renumbered') {
      sharing.clear()
      sharing.apply(table.whole())
      // The skipped number makes every window ask for the whole.
      seq += 2
      publish('layers.changed', { seq, from: 0, sizes: [], ranges: [], images: [], gone: [], cached })
      return
    }
    sharing.apply(change)
    publish('layers.changed', { seq: ++seq, ...change })
  }

  /** Of another engine than before, nothing is known yet. */
  function enter(session: EngineSession): Reads {
    if (reads?.isOf(session)) return reads
    void write()
    table = new LayerTable(session.capabilities.store)
    reads = new Reads(kept, session)
    cached = 0
    begun = Infinity
    sharing.clear()
    // The skipped number makes every window ask for the whole.
    seq++
    return reads
  }

  const due = () => reads?.due(live.images().values(), inUse()) ?? { now: [], next: Infinity }

  async function look(): Promise<void> {
    do {
      again = false
      const session = shown()
      if (!session) return
      enter(session)
      if (begun === Infinity && live.images().size > 0)
        begun = performance.now() + (live.images().size > many ? manyRest : 0)
      if (waits(begun)) return
      level()
      if (due().now.length > 0) await readAll(session)
      alarm.set(due().next)
      if (again || !live.snapshot().complete) continue
      if (waits(accounted + accountRests)) return
      urgent = false
      cached = await cachedBytes(session).catch(() => cached)
      accounted = performance.now()
      level()
    } while (again)
  }

  /** Whether it is too early, and nobody is waiting; then it is gone on with in time. */
  function waits(until: number): boolean {
    if (until <= performance.now() || urgent) return false
    alarm.set(until)
    return true
  }

  async function readAll(session: EngineSession) {
    const into = reads!
    const content = await contentOf(session)
    const used = inUse()
    const isHere = () => reads === into && !session.signal.aborted
    let told = performance.now()
    try {
      await confirmIndexes(into, content)
      const queue = due().now
      const worker = async () => {
        for (let image = queue.pop(); image && isHere(); image = queue.pop()) {
          try {
            const read = await readImage(session, image, content)
            if (read) into.add(image, read, used.has(image.id))
            else into.gone(image)
          } catch (error) {
            if (!isHere()) continue
            into.failed(image, error)
            // An image that cannot be read is marked in the list, and read again when that has healed.
            if (image.unreadable === undefined) engine.inspectAgain(image.id)
          }
          if (isHere() && performance.now() - told > tellEvery) {
            level()
            told = performance.now()
          }
        }
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
    } finally {
      content?.close()
    }
    if (reads === into) level()
  }

  /** Where this fails, the indexes are read again. */
  async function confirmIndexes(into: Reads, content: ContentStore | undefined) {
    const open = due().now.filter((image) => into.isUnconfirmed(image))
    if (open.length === 0 || !content) return
    const present = await content.digests().catch(() => undefined)
    if (present) into.confirm(open, present)
  }

  async function write() {
    clearTimeout(writing)
    writing = undefined
    await reads?.write()
  }

  function writeSoon() {
    writing ??= setTimeout(() => void write(), writeAfter).unref()
  }

  function changed() {
    again = true
    reading ??= look()
      .catch((error: unknown) => console.error('layers:', error))
      .finally(() => {
        reading = undefined
        if (again && shown()) changed()
      })
  }

  return {
    sharing,
    changed,
    read: (id) => reads?.all.get(id),
    blobsOf: (id) => reads?.all.get(id)?.content?.blobs ?? [],
    end: write,
    async settled() {
      urgent = true
      changed()
      for (let work = reading; work; work = reading) await work
    },
    handlers: {
      'layers.snapshot': () => ok({ seq, ...table.whole() }),
      'layers.stack': async (id) => {
        const image = live.images().get(id)
        const session = engine.session()
        if (!session.ok) return session
        if (!image) return fail({ code: 'image-gone', image: id })
        const into = enter(session.value)
        into.recall([id])
        // A question that failed is asked again whenever somebody looks.
        if (into.all.get(id)?.partial ?? !into.all.has(id)) {
          const content = await contentOf(session.value)
          try {
            const read = await readOne(session.value, image, content)
            if (!read.ok) return read
            into.add(image, read.value, inUse().has(id))
          } finally {
            content?.close()
          }
        }
        level()
        const read = reads?.all.get(id)
        return read ? ok(stackOf(id, read, table, sharing)) : fail({ code: 'image-gone', image: id })
      },
    },
  }
}

const contentOf = async (session: EngineSession) =>
  session.capabilities.store === 'containerd' ? await openContent(session) : undefined
