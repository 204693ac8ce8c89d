/** The engine that a change of its configuration is for: it may restart in the middle, and come back. */
import { fail, ok, type Result } from '../../preload/contract/index.ts'
import { readMirrors, type Engine, type EngineSession } from '../engine/index.ts'

/** @returns the mirrors in force, each once, as the engine uses them; undefined if it does not answer */
export const mirrorsInForce = async (
  session: Result<EngineSession>,
  signal?: AbortSignal,
): Promise<readonly string[] | undefined> =>
  session.ok ? await readMirrors(session.value, signal).catch(() => undefined) : undefined

export interface ChangedEngine {
  /** Its session, while it answers. */
  session(): Result<EngineSession>
  release(): void
}

/** The engine that the window shows, also when it shows another later; while none answers, the one that comes. */
export function changedEngine({ session, lease }: Pick<Engine, 'session' | 'lease'>): ChangedEngine {
  const shown = session()
  if (!shown.ok) return { session, release() {} }
  const held = lease(shown.value)
  let reconnecting: Promise<unknown> | undefined
  return {
    session() {
      if (!held.session.signal.aborted) return ok(held.session)
      reconnecting ??= held.reconnected().finally(() => (reconnecting = undefined))
      return fail({ code: 'engine-stopped', endpoint: held.identity.endpoint })
    },
    release: held.release,
  }
}
