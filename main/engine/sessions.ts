/**
 * Keeps one connection for each engine in use. The window shows one session. Terminals, and jobs that use an engine,
 * lease their sessions: a leased session stays connected when the window switches to another engine, and can reconnect
 * after a failure.
 */
import type { EngineFailure, Result } from '../../preload/contract/index.ts'
import { isSameEngine, type EngineIdentity, type EngineSession } from './api/session.ts'
import { Backoff, socketFingerprint, awaitRetry } from './connect/backoff.ts'
import type { Connection } from './connect/connection.ts'

export interface Lease {
  readonly identity: EngineIdentity
  /** The current session or, while the engine is not connected, the last one, whose signal is aborted. */
  readonly session: EngineSession
  /** How long `awaitReconnect` waits for the engine. */
  readonly reconnectTimeoutMs: number
  /**
   * After the session ended, connects to the same engine again.
   * @returns undefined if this takes longer than `reconnectTimeoutMs`, `signal` aborts, or the lease is released
   */
  awaitReconnect(signal?: AbortSignal): Promise<EngineSession | undefined>
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
  const poolController = new AbortController()
  const find = ({ identity }: EngineSession) =>
    entries.find(({ connection }) => isSameEngine(connection.identity, identity))

  function closeIfUnused(entry: Entry) {
    if (entry.shown || entry.leases > 0) return
    entry.connection.close()
    const index = entries.indexOf(entry)
    if (index >= 0) entries.splice(index, 1)
  }

  /** Adds a connection to its engine's entry, or closes it if the entry has an open one. @returns the open connection */
  function useConnection(entry: Entry, connection: Connection): Connection {
    if (entry.connection === connection) return connection
    if (entry.connection.signal.aborted) entry.connection = connection
    else connection.close()
    return entry.connection
  }

  async function awaitReconnect(entry: Entry, signals: readonly AbortSignal[]): Promise<EngineSession | undefined> {
    const stopSignal = AbortSignal.any([...signals, poolController.signal, AbortSignal.timeout(reconnectTimeoutMs)])
    const { candidate, identity } = entry.connection
    const backoff = new Backoff(maxRetryMs)
    const isConnected = () => !entry.connection.signal.aborted
    // The window may connect to the same engine at the same time, so the fingerprint includes the connection's state.
    const fingerprint = () => [isConnected(), socketFingerprint(candidate.endpoint)]
    while (!isConnected() && !stopSignal.aborted) {
      const before = fingerprint()
      const opened = await connect(candidate, stopSignal)
      if (opened.ok && !stopSignal.aborted && isSameEngine(opened.value.identity, identity))
        useConnection(entry, opened.value)
      else {
        if (opened.ok) opened.value.close()
        await awaitRetry({ backoff, fingerprint, before, signal: stopSignal })
      }
    }
    return isConnected() ? entry.connection : undefined
  }

  return {
    /** @returns the connection that the window should show: the given one, or an open one to the same engine */
    show(connection: Connection): Connection {
      const existing = find(connection)
      const entry = existing ?? { connection, shown: true, leases: 0 }
      if (!existing) entries.push(entry)
      entry.shown = true
      return useConnection(entry, connection)
    },
    /** Call this when the window no longer shows the connection. Closes the connection if it is not leased. */
    hide(connection: Connection) {
      const entry = find(connection)
      if (!entry) return connection.close()
      entry.shown = false
      closeIfUnused(entry)
    },
    lease(session: EngineSession): Lease {
      const existing = find(session)
      // The session may have just ended; `awaitReconnect` then waits for its engine.
      const entry = existing ?? { connection: session as Connection, shown: false, leases: 0 }
      if (!existing) entries.push(entry)
      entry.leases++
      const released = new AbortController()
      return {
        identity: session.identity,
        get session() {
          return entry.connection
        },
        reconnectTimeoutMs,
        awaitReconnect: (signal) => awaitReconnect(entry, signal ? [released.signal, signal] : [released.signal]),
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
      poolController.abort()
      for (const { connection } of entries.splice(0)) connection.close()
    },
  }
}
