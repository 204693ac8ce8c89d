/**
 * Sessions by engine. The window shows one session. Jobs, undo, terminals and pulls lease theirs, which stay connected
 * when the window switches to another engine, and reconnect after a failure.
 */
import type { EngineFailure, Result } from '../../preload/contract/index.ts'
import { isSameEngine, type EngineIdentity, type EngineSession } from './api/session.ts'
import { Backoff, socketFingerprint, waitForRetry } from './connect/backoff.ts'
import type { Connection } from './connect/connection.ts'

export interface Lease {
  readonly identity: EngineIdentity
  /** The session that was connected last; its signal is aborted once it has ended. */
  readonly session: EngineSession
  /** How long `reconnected` waits for the engine. */
  readonly reconnectTimeoutMs: number
  /**
   * Waits for the same engine after its session ended.
   * @returns undefined after `reconnectTimeoutMs`, when `signal` aborts, and once the lease is released
   */
  reconnected(signal?: AbortSignal): Promise<EngineSession | undefined>
  release(): void
}

interface Entry {
  connection: Connection
  /** Whether the window shows this session. */
  shown: boolean
  leases: number
}

const maxRetryMs = 8_000

type Connect = (candidate: Connection['candidate'], signal: AbortSignal) => Promise<Result<Connection, EngineFailure>>

/** Only tests set `reconnectTimeoutMs`. */
export function sessionPool(connect: Connect, reconnectTimeoutMs = 60_000) {
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

  /** Uses a new connection, or closes it if one to the same engine is already open. @returns the open connection */
  function useConnection(entry: Entry, connection: Connection): Connection {
    if (entry.connection === connection) return connection
    if (entry.connection.signal.aborted) entry.connection = connection
    else connection.close()
    return entry.connection
  }

  async function reconnected(entry: Entry, signals: readonly AbortSignal[]): Promise<EngineSession | undefined> {
    const over = AbortSignal.any([...signals, ended.signal, AbortSignal.timeout(reconnectTimeoutMs)])
    const { candidate, identity } = entry.connection
    const backoff = new Backoff(maxRetryMs)
    const isConnected = () => !entry.connection.signal.aborted
    // The window may reconnect the same entry at the same time.
    const fingerprint = () => [isConnected(), socketFingerprint(candidate.endpoint)]
    while (!isConnected() && !over.aborted) {
      const before = fingerprint()
      const opened = await connect(candidate, over)
      if (opened.ok && !over.aborted && isSameEngine(opened.value.identity, identity))
        useConnection(entry, opened.value)
      else {
        if (opened.ok) opened.value.close()
        await waitForRetry({ backoff, fingerprint, before, signal: over })
      }
    }
    return isConnected() ? entry.connection : undefined
  }

  return {
    /** @returns the connection for the window to show: this one, or one to the same engine that is already open */
    show(connection: Connection): Connection {
      const known = find(connection)
      const entry = known ?? { connection, shown: true, leases: 0 }
      if (!known) entries.push(entry)
      entry.shown = true
      return useConnection(entry, connection)
    },
    /** Call this when the window does not show the connection any more. Closes the connection unless it is leased. */
    hide(connection: Connection) {
      const entry = find(connection)
      if (!entry) return connection.close()
      entry.shown = false
      closeIfUnused(entry)
    },
    lease(session: EngineSession): Lease {
      const known = find(session)
      // The session may have just ended; `reconnected` then waits for its engine.
      const entry = known ?? { connection: session as Connection, shown: false, leases: 0 }
      if (!known) entries.push(entry)
      entry.leases++
      const released = new AbortController()
      return {
        identity: session.identity,
        get session() {
          return entry.connection
        },
        reconnectTimeoutMs,
        reconnected: (signal) => reconnected(entry, signal ? [released.signal, signal] : [released.signal]),
        release() {
          if (released.signal.aborted) return
          released.abort()
          entry.leases--
          closeIfUnused(entry)
        },
      }
    },
    /** Call this when the app quits. */
    closeAll() {
      ended.abort()
      for (const { connection } of entries.splice(0)) connection.close()
    },
  }
}
