/** SELinux labels of mounted folders. */
import { readFile, realpath } from 'node:fs/promises'
import { cleanPath } from '../../model/run/path.ts'
import type { RunOptions } from '../../model/run/run.ts'
import { mayLabelFolder, needsFolderLabels } from '../../model/run/selinux.ts'
import type { RunFailure } from '../../preload/contract/index.ts'
import { readSecurityOptions, type EngineSession } from '../engine/index.ts'

const enforceFile = '/sys/fs/selinux/enforce'

/** Whether containers of the session's engine can use a folder only with a label. Only known for a local engine. */
export async function readsOnlyLabelledFolders(session: EngineSession): Promise<boolean> {
  if (!session.context.local) return false
  const enforce = await readFile(enforceFile, 'utf8').catch(() => '')
  return enforce !== '' && needsFolderLabels(enforce, await readSecurityOptions(session))
}

/**
 * Checks the folders to be labelled, following symbolic links as the engine does. With `-v`, the engine would create a
 * missing folder as root.
 * @returns undefined if all of them exist and may be labelled
 */
export async function folderLabelFailure({ volumes }: RunOptions): Promise<RunFailure | undefined> {
  for (const [row, { source, selinuxLabel }] of volumes.entries()) {
    if (!selinuxLabel || !source.startsWith('/')) continue
    try {
      if (mayLabelFolder(await realpath(cleanPath(source)))) continue
      return { code: 'run-fault', field: 'volumes', fault: { field: 'volumes', row, code: 'volume-label-system' } }
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === 'ENOENT' || code === 'ENOTDIR') return { code: 'mount-missing', field: 'volumes', row, source }
      return { code: 'run-refused', field: 'volumes', detail: message }
    }
  }
  return undefined
}
