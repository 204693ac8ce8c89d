/**
 * Restores the daemon.json of a rootless Docker after a crash interrupted a change. The system's file is restored when
 * the user next enters a password for a change.
 */
import { ok, type EngineState } from '../../preload/contract/index.ts'
import type { DaemonFileAccess } from './access.ts'

export interface Recovery {
  /** Call this when the engine's state changes. Restores the user's own file on the first connection only. */
  engineChanged(engine: EngineState, file: DaemonFileAccess): void
  /** Resolves once a restore in progress has ended; the file may change until then. */
  settled(): Promise<void>
}

export function recovery(): Recovery {
  let restoring: Promise<void> | undefined
  return {
    engineChanged({ status }, file) {
      if (status === 'connected' && file.way === 'own') restoring ??= restore(file)
    },
    settled: async () => await restoring,
  }
}

/** The helper restores the file as it starts, if its journal has an interrupted change. */
async function restore({ withHelper }: DaemonFileAccess): Promise<void> {
  const state = await withHelper(async ({ recovered }) => ok(recovered))
  if (!state.ok) console.error('could not check for an interrupted change of daemon.json:', state.error)
  else if (state.value) console.warn('recovered an interrupted change of daemon.json:', state.value)
}
