/** Keeps the live state true while one connection holds: read once, then changed by the engine's events. */
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import type { Connection } from '../connect/connection.ts'
import { openEvents } from '../api/system.ts'
import { Hints, hintsOf } from './hints.ts'
import { Listing } from './listing.ts'
import type { Live } from './live.ts'
import { readNamed } from './reader.ts'
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
}

interface Told {
  /** The whole list is in place. `slow`: it took longer than one waits for. */
  listed(slow: boolean): void
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

  const somethingToDo = () =>
    !signal.aborted &&
    (listing ? listing.arrived || listing.waits || (hints.named && listing.goesOn) : hints.everything || hints.named)

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
    if (hints.everything && !listing) {
      hints.everything = false
      listing = new Listing(connection, live, { news: () => lookSoon(0), failed })
    } else if (listing?.arrived) {
      listing.lookedAt(hints.takeNamed())
      await listing.take()
      told.listed(listing.slow)
      listing = undefined
      told.read()
    } else if (hints.named) {
      const names = hints.takeNamed()
      const read = await readNamed(connection, live.images(), names)
      listing?.lookedAt(names, read)
      live.apply(read)
      if (!listing) told.read()
    } else await listing?.goOn()
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
  return { ended: follow(), lookAgain }
}

/** What was read of an engine that has been left is nobody's business any more. */
const until = (signal: AbortSignal, live: Live): Live => ({
  ...live,
  apply: (read) => signal.aborted || live.apply(read),
  replace: (list, since) => signal.aborted || live.replace(list, since),
})

const unknownEvent: EngineEvent = { Type: '', Action: '', Actor: { ID: '', Attributes: {} } }

function parseEvent(line: string): EngineEvent {
  try {
    return v.parse(engineEvent, JSON.parse(line))
  } catch {
    return unknownEvent
  }
}
