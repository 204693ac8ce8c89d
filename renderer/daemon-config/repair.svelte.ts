/** The dialog that repairs daemon.json. The app shows it, because it outlives the page without an engine. */
import type { EngineState, FileRepair, MirrorChange } from '../../preload/contract/index.ts'

type RepairRequest =
  | { readonly way: 'backups' }
  /** `without`: start Docker without the file. */
  | { readonly way: 'mend' | 'without'; readonly repair: FileRepair }

class RepairDialogState {
  /** Undefined while the dialog is closed. */
  request = $state.raw<RepairRequest>()
}

export const repairDialog = new RepairDialogState()

/** Whether the helper can make the repair. */
export const canMend = ({ plan, method }: FileRepair): boolean =>
  plan.isMend && (method === 'root-helper' || method === 'user-helper')

/** Whether the sheet has more to show than the page: a mend, commands, or why there are none. */
export const hasSheet = (repair: FileRepair): boolean =>
  canMend(repair) || repair.commands !== undefined || repair.unsafePath !== undefined

/** Whether the Docker that reads the file answers. Slipway may have found another engine while it is down. */
export const answers = (state: EngineState, { installation }: Pick<FileRepair, 'installation'>): boolean =>
  state.status === 'connected' && state.facts.product === 'Docker' && state.context.kind.type === installation

/**
 * Whether an earlier change of Slipway's may keep Docker down, and can be undone. Right after a repair (which leaves a
 * faulty text) it is not offered: Docker only has to be started.
 *
 * @param changes newest first
 */
export const mayRestore = (changes: readonly MirrorChange[]): boolean =>
  !changes[0]?.faulty && changes.some(({ backup }) => backup !== undefined)
