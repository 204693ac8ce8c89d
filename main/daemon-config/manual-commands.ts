/** The shell commands that make a planned change of daemon.json by hand. */
import { existsSync } from 'node:fs'
import { manualCommandsFor } from '../../model/daemon-config/commands.ts'
import type { DaemonFileAccess, FileContent } from './access.ts'
import type { DaemonInstallation } from './environment.ts'

export async function manualCommands(
  { installation, pidFile }: DaemonInstallation,
  { resolvePath }: Pick<DaemonFileAccess, 'resolvePath'>,
  {
    before,
    after,
    starts = false,
  }: { readonly before: FileContent; readonly after: string; readonly starts?: boolean },
): Promise<string> {
  return manualCommandsFor({
    ...{ installation, file: await resolvePath(), oldHash: before.hash, text: after, starts },
    // Without systemd, the commands send SIGHUP to dockerd instead of calling systemctl.
    ...(!existsSync('/run/systemd/system') && { pidFile }),
  })
}
