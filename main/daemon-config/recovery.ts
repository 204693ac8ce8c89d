/**
 * Restores the daemon.json of a rootless Docker after a crash interrupted a change. The system's file is restored when
 * the user next enters a password for a change.
 */
import { ok, type EngineState } from '../../preload/contract/index.ts'
import type { DaemonFileAccess } from './access.ts'

export interface Recovery {
  /** Call this when the engine's state changes. Restores the user's own file on the first connection only. */
  engineChanged(engine: EngineState, access: DaemonFileAccess): void
  /** Resolves once a restore in progress has ended; the file may change until then. */
  settled(): Promise<void>
}

export function recovery(): Recovery {
  let restoring: Promise<void> | undefined
  return {
    engineChanged({ status }, access) {
      if (status === 'connected' && access.way === 'own') restoring ??= restore(access)
    },
    settled: async () => await restoring,
  }
}

/** Starts the helper, which restores the file if its journal has an interrupted change. */
async function restore({ withHelper }: DaemonFileAccess): Promise<void> {
  const recovery = await withHelper(async ({ recovered }) => ok(recovered))
  if (!recovery.ok) console.error('could not check for an interrupted change of daemon.json:', recovery.error)
  else if (recovery.value) console.warn('recovered an interrupted change of daemon.json:', recovery.value)
}
