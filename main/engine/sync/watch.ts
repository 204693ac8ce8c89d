/** Keeps the live state true while one connection holds: read once, then changed by the engine's events. */
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import type { ImageId } from '../../../model/image/image.ts'
import type { Connection } from '../connect/connection.ts'
import { openEvents } from '../api/system.ts'
import { Hints, hintsOf } from './hints.ts'
import { Listing } from './listing.ts'
import type { Live } from './live.ts'
import { readAllContainers, readNamed, refusalOf } from './reader.ts'
import { nameOf, Retries, type RetryKey } from './retries.ts'
import { engineEvent, type EngineEvent } from '../api/replies.ts'

/** Events come in clusters (a build, a prune): what arrives within this many milliseconds is looked at together. */
const cluster = 40
/** Where they keep coming, two looks begin so many milliseconds apart: who waits for 200 images to go sees no more. */
const looksApart = 120
/** After loads have rested for so long, in milliseconds, the whole list is read again. */
const loadsRest = 1000
/** How long a question that was under way when the events ended may take to be answered. */
const cutShort = 500

export interface Watch {
  /** Resolves when the engine closes its events; rejects when it cannot be read. */
  readonly ended: Promise<void>
  /** Reads the whole list again. */
  lookAgain(): void
  /** Asks again at once what the engine refused and is waited with. */
  retryNow(): void
  /** Asks for one image again: somebody else could not read it. */
  inspectAgain(image: ImageId): void
}

interface Told {
  /** The whole list is in place. `slow`: it took longer than one waits for. */
  listed(slow: boolean): void
  /** The engine has refused its list of images several times. */
  refused(error: unknown): void
  /** What is known may have changed, and the engine has no list to work on. */
  read(): void
  /** The engine's own settings may be others. */
  reloaded(): void
}

/** Follows the engine until `signal`. */
export async function watchEngine(
  connection: Connection,
  known: Live,
  told: Told,
  signal: AbortSignal,
): Promise<Watch> {
  const live = until(signal, known)
  // The stream is open before the list is asked for, so nothing that happens in between is missed.
  const stream = await openEvents({ ...connection, signal })
  const over = new AbortController()
  const hints = new Hints()
  let listing: Listing | undefined
  let looking: Promise<void> | undefined
  let lastLook = -Infinity
  let failure: { readonly error: unknown } | undefined

  let containersWanted = false
  const retries = new Retries(askAgain)
  signal.addEventListener('abort', () => retries.end(), { once: true })

  const listWanted = () => hints.everything && !retries.isWaiting('images')
  const somethingToDo = () =>
    !signal.aborted &&
    (listing
      ? listing.arrived || listing.waits || (hints.named && listing.goesOn)
      : listWanted() || hints.named || containersWanted)

  // One thing at a time, so that nothing older than what is known is ever put in its place.
  async function look(wait: number) {
    await delay(wait)
    try {
      while (somethingToDo()) {
        lastLook = performance.now()
        await doOne()
        // The list itself is no event, and what it brings is not held up.
        if (somethingToDo()) await delay(listing?.arrived || listing?.waits ? cluster : soon())
      }
    } catch (error) {
      failed(error)
    } finally {
      looking = undefined
    }
  }

  async function doOne() {
    if (listWanted() && !listing) {
      hints.everything = containersWanted = false
      listing = new Listing(connection, live, { news: () => lookSoon(0), failed: listFailed })
    } else if (listing?.arrived) await takeList(listing)
    else if (hints.named) await lookAtNamed()
    else if (listing) await listing.goOn()
    else {
      containersWanted = false
      const rows = await readAllContainers(connection)
      noteContainers(rows.failure)
      live.applyContainers(rows)
    }
  }

  async function takeList(arrived: Listing) {
    arrived.lookedAt(hints.takeNamed())
    const { images, containersFailure, refusedImages } = await arrived.take(retries.unreadableImages())
    const ids = new Set(images.map(({ id }) => id))
    retries.succeeded('images')
    retries.keepImages((id) => ids.has(id))
    for (const [name, said] of refusedImages) retries.failed(`image ${name}`, said)
    noteContainers(containersFailure)
    told.listed(arrived.slow)
    listing = undefined
    told.read()
  }

  async function lookAtNamed() {
    const names = hints.takeNamed()
    const read = await readNamed(connection, live.images(), names)
    listing?.lookedAt(names, read)
    for (const name of [...names.images, ...read.images.keys()])
      if (!read.refusedImages.has(name)) retries.succeeded(`image ${name}`)
    for (const [name, said] of read.refusedImages) {
      // The row of a reference is only found in the list: nobody knows which image it names now.
      if (!name.startsWith('sha256:') && !retries.isKnown(`image ${name}`)) hints.everything = true
      retries.failed(`image ${name}`, said)
    }
    if (read.refusedContainer) containersWanted = true
    live.apply(read, retries.unreadableImages())
    if (!listing && read.images.size + read.containers.size > 0) told.read()
  }

  function noteContainers(failure: string | undefined) {
    if (failure === undefined) retries.succeeded('containers')
    else retries.failed('containers', failure)
  }

  function listFailed(error: unknown) {
    const said = refusalOf(error)
    if (said === undefined) return failed(error)
    listing = undefined
    hints.everything = true
    if (retries.failed('images', said)) told.refused(error)
    // What was asked for beside the list goes on.
    if (somethingToDo()) lookSoon()
  }

  function askAgain(key: RetryKey) {
    if (key === 'images') hints.everything = true
    else if (key === 'containers') containersWanted = true
    else hints.add({ look: 'image', name: nameOf(key) })
    lookSoon(0)
  }

  function failed(error: unknown) {
    failure ??= { error }
    // The lines of a stream that is only destroyed never end.
    over.abort()
    stream.destroy()
  }
  const soon = () => Math.max(cluster, lastLook + looksApart - performance.now())
  function lookSoon(wait = soon()) {
    looking ??= look(wait)
  }

  async function follow() {
    try {
      const lines = createInterface({ input: stream, signal: AbortSignal.any([signal, over.signal]) })
      for await (const line of lines) {
        for (const hint of hintsOf(parseEvent(line)))
          if (hint.look === 'everything-later') lookLater()
          else if (hint.look === 'settings') told.reloaded()
          else hints.add(hint)
        if (somethingToDo()) lookSoon()
      }
    } catch {
      // A broken stream and an ended one mean the same: the engine is away.
    }
    // An answer that the end of the engine cut short never comes: docker-modem waits for the rest of it.
    await Promise.race([looking, delay(cutShort)])
    if (failure) throw failure.error
  }
  const lookAgain = () => {
    hints.everything = true
    lookSoon(0)
  }
  function lookLater() {
    clearTimeout(later)
    later = setTimeout(lookAgain, loadsRest).unref()
  }
  let later: NodeJS.Timeout | undefined

  lookAgain()
  return {
    ended: follow(),
    lookAgain() {
      retries.succeeded('images')
      lookAgain()
    },
    retryNow: () => retries.askNow(),
    inspectAgain(image) {
      if (!retries.isKnown(`image ${image}`)) askAgain(`image ${image}`)
    },
  }
}

/** What was read of an engine that has been left is nobody's business any more. */
const until = (signal: AbortSignal, live: Live): Live => ({
  ...live,
  apply: (read, unreadable) => signal.aborted || live.apply(read, unreadable),
  applyContainers: (rows) => signal.aborted || live.applyContainers(rows),
  replace: (list, since, unreadable) => signal.aborted || live.replace(list, since, unreadable),
})

const unknownEvent: EngineEvent = { Type: '', Action: '', Actor: { ID: '', Attributes: {} } }

function parseEvent(line: string): EngineEvent {
  try {
    return v.parse(engineEvent, JSON.parse(line))
  } catch {
    return unknownEvent
  }
}
