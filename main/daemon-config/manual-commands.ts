/** Shell commands with which a user without the helper makes a planned change of daemon.json. */
import { existsSync } from 'node:fs'
import { manualCommandsFor } from '../../model/daemon-config/commands.ts'
import type { DaemonFileAccess, FileText } from './access.ts'
import type { DaemonInstallation } from './environment.ts'

export async function manualCommands(
  { installation, pidFile }: DaemonInstallation,
  { resolvePath }: Pick<DaemonFileAccess, 'resolvePath'>,
  { before, after }: { readonly before: FileText; readonly after: string },
): Promise<string> {
  return manualCommandsFor({
    ...{ installation, file: await resolvePath(), oldHash: before.hash, text: after },
    // Without systemd, dockerd reloads on SIGHUP.
    ...(!existsSync('/run/systemd/system') && { pidFile }),
  })
}
