/** Keeps the live state true while one connection holds: read once, then changed by the engine's events. */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { setTimeout as delay } from 'node:timers/promises'
import * as v from 'valibot'
import type { Connection } from './connection.ts'
import { hintsOf, type Hint } from './hints.ts'
import type { Live } from './live.ts'
import { readAll, readNamed } from './reader.ts'
import { engineEvent, type EngineEvent } from './replies.ts'

/** Events come in clusters (a build, a prune): what arrives within this many milliseconds is looked at together. */
const cluster = 40

export interface Watch {
  /** Resolves when the engine closes its events; rejects when it cannot be read. */
  readonly ended: Promise<void>
  /** Reads the whole list again. */
  lookAgain(): void
}

/** Calls `read` after each reading. */
export async function watch(connection: Connection, live: Live, read: () => void, signal: AbortSignal): Promise<Watch> {
  // The stream is open before the list is asked for, so nothing that happens in between is missed.
  const stream = (await connection.docker.getEvents({ abortSignal: signal })) as Readable
  const hints = new Hints()
  let looking: Promise<void> | undefined
  let failed: unknown

  async function look() {
    for (; hints.any && !signal.aborted; await delay(cluster)) {
      const { everything, images, containers } = hints.take()
      if (everything) live.replace(await readAll(connection))
      else live.apply(await readNamed(connection, live, images, containers))
      read()
    }
  }
  function lookSoon(wait = cluster) {
    looking ??= delay(wait)
      .then(look)
      .catch((error: unknown) => {
        failed = error
        stream.destroy()
      })
      .finally(() => (looking = undefined))
  }

  async function follow() {
    try {
      for await (const line of createInterface({ input: stream })) {
        hintsOf(parseEvent(line)).forEach((hint) => hints.add(hint))
        if (hints.any) lookSoon()
      }
    } catch {
      // A broken stream and an ended one mean the same: the engine is away.
    }
    await looking
    if (failed) throw failed
  }
  const lookAgain = () => {
    hints.add({ look: 'everything' })
    lookSoon(0)
  }
  lookAgain()
  return { ended: follow(), lookAgain }
}

/** What is to be looked at, gathered until there is time. */
class Hints {
  #everything = false
  #images = new Set<string>()
  #containers = new Set<string>()

  get any(): boolean {
    return this.#everything || this.#images.size + this.#containers.size > 0
  }

  add(hint: Hint) {
    if (hint.look === 'everything') this.#everything = true
    else if (hint.look === 'image') this.#images.add(hint.name)
    else this.#containers.add(hint.id)
  }

  take() {
    const taken = { everything: this.#everything, images: this.#images, containers: this.#containers }
    this.#everything = false
    this.#images = new Set()
    this.#containers = new Set()
    return taken
  }
}

const unknownEvent: EngineEvent = { Type: '', Action: '', Actor: { ID: '', Attributes: {} } }

function parseEvent(line: string): EngineEvent {
  try {
    return v.parse(engineEvent, JSON.parse(line))
  } catch {
    return unknownEvent
  }
}
