/** The engine whose mirrors are changed. It may restart during the change. */
import { fail, ok, type Result } from '../../preload/contract/index.ts'
import { readMirrors, type Engine, type EngineSession } from '../engine/index.ts'

/** @returns the mirrors in force, without duplicates, in the engine's order; undefined if the engine does not answer */
export const mirrorsInForce = async (
  session: Result<EngineSession>,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> =>
  session.ok ? await readMirrors(session.value, signal).catch(() => undefined) : undefined

export interface TargetEngine {
  /** The current session; fails while the engine does not answer. */
  session(): Result<EngineSession>
  release(): void
}

/**
 * Keeps the target on the engine that the window shows now, even if the window switches to another one later. If no
 * engine is connected now, `session` always returns the session that the window shows.
 */
export function pinTargetEngine({ session, lease }: Pick<Engine, 'session' | 'lease'>): TargetEngine {
  const shownSession = session()
  if (!shownSession.ok) return { session, release() {} }
  const engineLease = lease(shownSession.value)
  let reconnecting: Promise<unknown> | undefined
  return {
    session() {
      if (!engineLease.session.signal.aborted) return ok(engineLease.session)
      reconnecting ??= engineLease.reconnected().finally(() => (reconnecting = undefined))
      return fail({ code: 'engine-stopped', endpoint: engineLease.identity.endpoint })
    },
    release: engineLease.release,
  }
}
