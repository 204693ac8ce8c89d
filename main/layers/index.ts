/** Layers of all images: read in the background, kept by digest, told to the window, and summed for plans. */
import { setTimeout as delay } from 'node:timers/promises'
import type { Bytes, Image, ImageId } from '../../model/image/image.ts'
import { Sharing } from '../../model/layers/sharing.ts'
import { fail, ok, type Handlers, type Publish } from '../../preload/contract/index.ts'
import { cachedBytes, keyOf, openContent, type Engine, type EngineSession } from '../engine/index.ts'
import type { LayersStore } from '../store/index.ts'
import { readImage, readOne, type Blob, type ImageRead } from './anatomy.ts'
import { recall, remember, scopeOf } from './kept.ts'
import { LayerTable } from './table.ts'
import { stackOf } from './stack.ts'

type Store = EngineSession['capabilities']['store']

export interface LayersNeeds {
  readonly engine: Pick<Engine, 'live' | 'session'>
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
  end(): void
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
  let scope: string | undefined
  let table = new LayerTable('classic')
  let reads = new Map<ImageId, ImageRead>()
  /** Not to be asked for again in this state of the image: it went away meanwhile, or cannot be read. */
  let skipped = new WeakSet<Image>()
  /** In which state an image was read that may yet change, and whether a container used it: it is unpacked for one. */
  let readAs = new WeakMap<Image, boolean>()
  let cached: Bytes = 0
  let accounted = -Infinity
  /** When the first work on an engine's images begins. */
  let begun = Infinity
  /** Somebody waits for all of it. */
  let urgent = false
  let reading: Promise<void> | undefined
  let again = false
  let unwritten: Promise<void> | undefined
  let later: Promise<void> | undefined

  const inUse = () => new Set([...live.containers().values()].map(({ image }) => image))

  /** Whom layers are unpacked for is noted anew when an image comes back. */
  function forgetGone() {
    if (shown()?.capabilities.store !== 'containerd' || !live.snapshot().complete) return
    const used = inUse()
    for (const id of reads.keys()) if (!live.images().has(id) && !used.has(id)) reads.delete(id)
  }

  function level() {
    forgetGone()
    const change = table.update({ images: live.images(), used: inUse(), reads, cached })
    if (!change) return
    sharing.apply(change)
    publish('layers.changed', { seq: ++seq, ...change })
  }

  /** Another engine: what is known of the one before holds no more. */
  function enter(next: string, store: Store) {
    scope = next
    table = new LayerTable(store)
    reads = recall(kept, next)
    skipped = new WeakSet()
    readAs = new WeakMap()
    cached = 0
    sharing.clear()
    // The skipped number makes every window ask for the whole.
    seq++
  }

  const isRead = (image: Image) => reads.get(image.id)?.lasting ?? false
  function unread() {
    const used = inUse()
    return [...live.images().values()].filter(
      (image) => !isRead(image) && readAs.get(image) !== used.has(image.id) && !skipped.has(image),
    )
  }

  async function look(): Promise<void> {
    do {
      again = false
      const session = shown()
      if (!session) return
      const { store } = session.capabilities
      const next = scopeOf(store, keyOf(session.identity))
      if (next !== scope) {
        enter(next, store)
        begun = Infinity
      }
      if (begun === Infinity && live.images().size > 0)
        begun = performance.now() + (live.images().size > many ? manyRest : 0)
      if (waits(begun)) return
      level()
      if (unread().length > 0) await readAll(session)
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
    const rest = until - performance.now()
    if (rest <= 0 || urgent) return false
    if (rest < Infinity) later ??= delay(rest, undefined, { ref: false }).then(changedLater)
    return true
  }

  async function readAll(session: EngineSession) {
    const begun = scope
    const { store } = session.capabilities
    const content = store === 'containerd' ? await openContent(session) : undefined
    const [queue, used] = [unread(), inUse()]
    const isHere = () => scope === begun && !session.signal.aborted
    let told = performance.now()
    try {
      const worker = async () => {
        for (let image = queue.pop(); image && isHere(); image = queue.pop()) {
          const read = await tried(readImage(session, image, content))
          if (scope !== begun) return
          if (read) reads.set(image.id, read)
          if (read) readAs.set(image, used.has(image.id))
          else skipped.add(image)
          if (performance.now() - told > tellEvery) {
            level()
            told = performance.now()
          }
        }
      }
      await Promise.all(Array.from({ length: atOnce }, worker))
    } finally {
      content?.close()
    }
    level()
    writeSoon()
  }

  function write() {
    unwritten = undefined
    if (scope !== undefined) void remember(kept, scope, reads, (id) => live.images().has(id))
  }

  function writeSoon() {
    const begun = scope
    unwritten ??= delay(writeAfter, undefined, { ref: false }).then(() => {
      if (begun === scope && unwritten) write()
      unwritten = undefined
    })
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

  function changedLater() {
    later = undefined
    changed()
  }

  return {
    sharing,
    changed,
    read: (id) => reads.get(id),
    blobsOf: (id) => reads.get(id)?.content?.blobs ?? [],
    end: () => unwritten && write(),
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
        if (!reads.has(id)) {
          const { store } = session.value.capabilities
          const content = store === 'containerd' ? await openContent(session.value) : undefined
          const read = await readOne(session.value, image, content)
          content?.close()
          if (!read.ok) return read
          reads.set(id, read.value)
          level()
        }
        return ok(stackOf(id, reads.get(id)!, table, sharing))
      },
    },
  }
}

/** Nothing where the image went away, or the engine did: its next change leads here again. */
async function tried<T>(question: Promise<T>): Promise<T | undefined> {
  try {
    return await question
  } catch {
    return undefined
  }
}
