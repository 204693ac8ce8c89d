/**
 * Restores the daemon.json of a rootless Docker after a crash interrupted a change. The system's file is restored the
 * next time that the helper runs as root.
 */
import { ok, type EngineState } from '../../preload/contract/index.ts'
import type { DaemonFileAccess } from './access.ts'

export interface Recovery {
  /** Call this when the engine's state changes. Restores the user's own file on the first connection to a rootless
   * engine only. */
  engineChanged(engine: EngineState, access: DaemonFileAccess): void
  /** Resolves once a restore in progress has ended; the file may change until then. */
  settled(): Promise<void>
}

export function recovery(): Recovery {
  let restoring: Promise<void> | undefined
  return {
    engineChanged({ status }, access) {
      if (status === 'connected' && access.method === 'user-helper') restoring ??= restore(access)
    },
    settled: async () => await restoring,
  }
}

/** Starts the helper, which restores the file if its journal has an interrupted change. */
async function restore({ withHelper }: DaemonFileAccess): Promise<void> {
  const recovery = await withHelper(async ({ recovered }) => ok(recovered))
  if (!recovery.ok) console.error('could not check for an interrupted change of daemon.json:', recovery.error)
  else if (recovery.value)
    console.warn('rolled back an interrupted change of daemon.json; state of the file:', recovery.value)
}
