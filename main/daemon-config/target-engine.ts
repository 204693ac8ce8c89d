/** The engine whose mirrors are changed. It may restart during the change. */
import { fail, ok, type Result } from '../../preload/contract/index.ts'
import { readMirrors, type Engine, type EngineSession } from '../engine/index.ts'

/** @returns the mirrors in force, without duplicates, in the engine's order; undefined if the engine does not answer */
export const mirrorsInForce = async (
  session: Result<EngineSession>,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> =>
  session.ok ? await readMirrors(session.value, signal).catch(() => undefined) : undefined

const stopped = ({ context: { endpoint, kind } }: EngineSession) =>
  ({ code: 'engine-stopped', endpoint, kind }) as const

/** The session that the window shows, or why it shows none. */
export type ShownSession = ReturnType<Engine['session']>

export interface TargetEngine {
  /** The current session; fails while the engine does not answer. */
  session(): Result<EngineSession>
  release(): void
}

/**
 * Pins the engine that the window shows now, even if the window switches to another one later. If no engine answers now
 * (a faulty daemon.json may keep it down), or another one than the target, pins the target once it is shown.
 * @param isTarget whether the shown engine is the one whose file is changed
 */
export function pinTargetEngine(
  { session: shownSession, lease }: Pick<Engine, 'session' | 'lease'>,
  isTarget: () => boolean,
): TargetEngine {
  const pin = (shown: ShownSession) => (shown.ok && isTarget() ? lease(shown.value) : undefined)
  let engineLease = pin(shownSession())
  let reconnecting: Promise<unknown> | undefined
  return {
    session() {
      if (!engineLease) {
        const shown = shownSession()
        if (!shown.ok) return shown
        engineLease = pin(shown)
        if (!engineLease) return fail(stopped(shown.value))
      }
      const { session: current } = engineLease
      if (!current.signal.aborted) return ok(current)
      reconnecting ??= engineLease.awaitReconnect().finally(() => (reconnecting = undefined))
      return fail(stopped(current))
    },
    release: () => engineLease?.release(),
  }
}
