/**
 * Sessions by engine. The window shows one; jobs, undo, terminals and pulls lease theirs, so that it stays connected
 * when the window goes to another engine, and comes back when it breaks. Nobody else asks for "the current engine".
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { EngineFailure, Result } from '../../preload/contract/index.ts'
import { isSameEngine, type EngineIdentity, type EngineSession } from './api/session.ts'
import type { Connection } from './connect/connection.ts'

export interface Lease {
  readonly identity: EngineIdentity
  /** The session that was connected last; its signal tells whether it has ended. */
  readonly session: EngineSession
  /** Waits for the same engine after its session ended. @returns undefined if another or none answers for 60 s. */
  reconnected(signal?: AbortSignal): Promise<EngineSession | undefined>
  release(): void
}

interface Entry {
  connection: Connection
  /** The window shows it. */
  shown: boolean
  leases: number
}

const reconnectWithinMs = 60_000
const retryMs = 500

type Open = (candidate: Connection['candidate'], signal: AbortSignal) => Promise<Result<Connection, EngineFailure>>

export function sessionBook(open: Open) {
  const entries: Entry[] = []
  const find = ({ identity }: EngineSession) =>
    entries.find(({ connection }) => isSameEngine(connection.identity, identity))

  function closeIfUnused(entry: Entry) {
    if (entry.shown || entry.leases > 0) return
    entry.connection.close()
    entries.splice(entries.indexOf(entry), 1)
  }

  /** Keeps a new connection, unless one to the same engine is open already. */
  function keep(entry: Entry, connection: Connection): Connection {
    if (entry.connection === connection) return connection
    if (entry.connection.signal.aborted) entry.connection = connection
    else connection.close()
    return entry.connection
  }

  async function reconnected(entry: Entry, signal?: AbortSignal): Promise<EngineSession | undefined> {
    const late = AbortSignal.timeout(reconnectWithinMs)
    const over = signal ? AbortSignal.any([signal, late]) : late
    while (entry.connection.signal.aborted && !over.aborted) {
      const opened = await open(entry.connection.candidate, over)
      if (opened.ok && isSameEngine(opened.value.identity, entry.connection.identity)) keep(entry, opened.value)
      else {
        if (opened.ok) opened.value.close()
        await delay(retryMs, undefined, { signal: over }).catch(() => undefined)
      }
    }
    return entry.connection.signal.aborted ? undefined : entry.connection
  }

  return {
    /** @returns the connection that the window shows from now on: this one, or an open one to the same engine */
    show(connection: Connection): Connection {
      const known = find(connection)
      const entry = known ?? { connection, shown: true, leases: 0 }
      if (!known) entries.push(entry)
      entry.shown = true
      return keep(entry, connection)
    },
    leave(connection: Connection) {
      const entry = find(connection)
      if (!entry) return connection.close()
      entry.shown = false
      closeIfUnused(entry)
    },
    lease(session: EngineSession): Lease {
      const known = find(session)
      // A session that has just ended: whoever leases it waits for its engine.
      const entry = known ?? { connection: session as Connection, shown: false, leases: 0 }
      if (!known) entries.push(entry)
      entry.leases++
      let released = false
      return {
        identity: session.identity,
        get session() {
          return entry.connection
        },
        reconnected: (signal) => reconnected(entry, signal),
        release() {
          if (released) return
          released = true
          entry.leases--
          closeIfUnused(entry)
        },
      }
    },
    /** The app ends. */
    closeAll() {
      for (const { connection } of entries.splice(0)) connection.close()
    },
  }
}
