/** The shell commands that make a planned change of daemon.json by hand. */
import { manualCommandsFor } from '../../model/daemon-config/commands.ts'
import { readHostFacts } from '../engine/index.ts'
import type { DaemonFileAccess, FileContent } from './access.ts'
import type { DaemonInstallation } from './environment.ts'

export async function manualCommands(
  { installation, pidFile }: DaemonInstallation,
  { resolvePath }: Pick<DaemonFileAccess, 'resolvePath'>,
  {
    before,
    after,
    start,
  }: { readonly before: FileContent; readonly after: string; readonly start?: string | undefined },
): Promise<string> {
  const { manager, userManager } = readHostFacts()
  const isManaged = installation === 'rootless' ? userManager : manager === 'systemd'
  return manualCommandsFor({
    ...{ installation, file: await resolvePath(), oldHash: before.hash, text: after, start },
    // Without systemd, the commands send SIGHUP to dockerd instead of calling systemctl.
    ...(!isManaged && { pidFile }),
  })
}
