/** The shell commands that make a planned change of daemon.json by hand. */
import { join } from 'node:path'
import { manualCommandsFor, restoreCommandsFor } from '../../model/daemon-config/commands.ts'
import { readHostFacts, type HostEnvironment } from '../engine/index.ts'
import type { DaemonFileAccess, FileContent } from './access.ts'
import type { DaemonInstallation } from './environment.ts'

export async function manualCommands(
  daemon: DaemonInstallation,
  { resolvePath }: Pick<DaemonFileAccess, 'resolvePath'>,
  {
    before,
    after,
    start,
  }: { readonly before: FileContent; readonly after: string; readonly start?: string | undefined },
): Promise<string> {
  return manualCommandsFor({
    ...{ ...reloadOf(daemon), file: await resolvePath(), oldHash: before.hash, text: after, start },
  })
}

interface ManualRestore {
  readonly oldHash: string
  /** The hash of the helper's backup. */
  readonly backup: string
  /** The command that starts Docker, if no engine answers. */
  readonly start: string | undefined
}

export async function manualRestoreCommands(
  daemon: DaemonInstallation,
  { resolvePath }: Pick<DaemonFileAccess, 'resolvePath'>,
  { env, home }: HostEnvironment,
  { oldHash, backup, start }: ManualRestore,
): Promise<string> {
  const userFolder = env['XDG_STATE_HOME'] || join(home, '.local/state')
  const folder = daemon.installation === 'rootless' ? join(userFolder, 'slipway') : '/var/lib/slipway'
  return restoreCommandsFor({
    ...{ ...reloadOf(daemon), file: await resolvePath(), oldHash, start },
    backup: join(folder, 'backups', backup),
  })
}

/** Without systemd, the commands send SIGHUP to dockerd instead of calling systemctl. */
function reloadOf({ installation, pidFile }: DaemonInstallation) {
  const { manager, userManager } = readHostFacts()
  const isManaged = installation === 'rootless' ? userManager : manager === 'systemd'
  return { installation, ...(!isManaged && { pidFile }) }
}
