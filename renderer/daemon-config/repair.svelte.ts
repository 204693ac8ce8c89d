/** The dialog that repairs daemon.json. The app shows it, because it outlives the page without an engine. */
import type { FileRepair } from '../../preload/contract/index.ts'

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
