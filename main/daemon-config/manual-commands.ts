/** Shell commands that make a planned change of daemon.json, for a user without the helper. */
import { existsSync } from 'node:fs'
import { commandsFor } from '../../model/daemon-config/commands.ts'
import type { DaemonFileAccess, FileText } from './access.ts'
import type { DaemonInstallation } from './environment.ts'

export async function manualCommands(
  { installation, pidFile }: DaemonInstallation,
  { resolvePath }: Pick<DaemonFileAccess, 'resolvePath'>,
  { before, after }: { readonly before: FileText; readonly after: string },
): Promise<string> {
  return commandsFor({
    ...{ installation, file: await resolvePath(), oldHash: before.hash, text: after },
    // Without systemd, dockerd reloads on SIGHUP.
    ...(!existsSync('/run/systemd/system') && { pidFile }),
  })
}
