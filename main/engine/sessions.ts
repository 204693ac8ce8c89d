/**
 * Sessions by engine. The window shows one; jobs, undo, terminals and pulls lease theirs, so that it stays connected
 * when the window goes to another engine, and comes back when it breaks. Nobody else asks for "the current engine".
 */
import type { EngineFailure, Result } from '../../preload/contract/index.ts'
import { isSameEngine, type EngineIdentity, type EngineSession } from './api/session.ts'
import { Backoff, socketTrace, untilRetry } from './connect/backoff.ts'
import type { Connection } from './connect/connection.ts'

export interface Lease {
  readonly identity: EngineIdentity
  /** The session that was connected last; its signal tells whether it has ended. */
  readonly session: EngineSession
  /** How long its engine is waited for. */
  readonly reconnectWithinMs: number
  /**
   * Waits for the same engine after its session ended.
   * @returns undefined if another or none answers within that time, and once the lease is released
   */
  reconnected(signal?: AbortSignal): Promise<EngineSession | undefined>
  release(): void
}

interface Entry {
  connection: Connection
  /** The window shows it. */
  shown: boolean
  leases: number
}

const longestRetryMs = 8_000

type Open = (candidate: Connection['candidate'], signal: AbortSignal) => Promise<Result<Connection, EngineFailure>>

/** Only tests wait for less than a minute. */
export function sessionBook(open: Open, reconnectWithinMs = 60_000) {
  const entries: Entry[] = []
  const ended = new AbortController()
  const find = ({ identity }: EngineSession) =>
    entries.find(({ connection }) => isSameEngine(connection.identity, identity))

  function closeIfUnused(entry: Entry) {
    if (entry.shown || entry.leases > 0) return
    entry.connection.close()
    const at = entries.indexOf(entry)
    if (at >= 0) entries.splice(at, 1)
  }

  /** Keeps a new connection, unless one to the same engine is open already. */
  function keep(entry: Entry, connection: Connection): Connection {
    if (entry.connection === connection) return connection
    if (entry.connection.signal.aborted) entry.connection = connection
    else connection.close()
    return entry.connection
  }

  async function reconnected(entry: Entry, signals: readonly AbortSignal[]): Promise<EngineSession | undefined> {
    const over = AbortSignal.any([...signals, ended.signal, AbortSignal.timeout(reconnectWithinMs)])
    const { candidate, identity } = entry.connection
    const backoff = new Backoff(longestRetryMs)
    const isConnected = () => !entry.connection.signal.aborted
    // The window may reconnect it as well.
    const traces = () => [isConnected(), socketTrace(candidate.endpoint)]
    while (!isConnected() && !over.aborted) {
      const before = traces()
      const opened = await open(candidate, over)
      if (opened.ok && !over.aborted && isSameEngine(opened.value.identity, identity)) keep(entry, opened.value)
      else {
        if (opened.ok) opened.value.close()
        await untilRetry({ backoff, traces, before, signal: over })
      }
    }
    return isConnected() ? entry.connection : undefined
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
      const released = new AbortController()
      return {
        identity: session.identity,
        get session() {
          return entry.connection
        },
        reconnectWithinMs,
        reconnected: (signal) => reconnected(entry, signal ? [released.signal, signal] : [released.signal]),
        release() {
          if (released.signal.aborted) return
          released.abort()
          entry.leases--
          closeIfUnused(entry)
        },
      }
    },
    /** The app ends. */
    closeAll() {
      ended.abort()
      for (const { connection } of entries.splice(0)) connection.close()
    },
  }
}
