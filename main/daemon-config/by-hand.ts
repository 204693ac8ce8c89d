/** The change of a daemon.json as commands, for whoever makes it without a helper. */
import { existsSync } from 'node:fs'
import { commandsFor } from '../../model/daemon-config/commands.ts'
import type { Access, FileText } from './access.ts'
import type { Found } from './situation.ts'

export async function byHand(
  { installation, pidFile }: Found,
  { place }: Pick<Access, 'place'>,
  { before, after }: { readonly before: FileText; readonly after: string },
): Promise<string> {
  return commandsFor({
    ...{ installation, file: await place(), oldHash: before.hash, text: after },
    // Without a service manager the process is told by itself.
    ...(!existsSync('/run/systemd/system') && { pidFile }),
  })
}
