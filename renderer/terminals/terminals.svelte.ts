/** STAND-IN until the terminal branch is merged. */
import type { ContainerId } from '../../model/image.ts'
import type { Result, TerminalId } from '../../preload/contract/index.ts'

class Terminals {
  open(container: ContainerId, kind: 'attach' | 'shell' | 'logs'): Promise<Result<TerminalId>> {
    return slipway.call('terminals.open', { container, kind, size: { columns: 80, rows: 24 } })
  }
  show(_id: TerminalId) {}
}
export const terminals = new Terminals()
