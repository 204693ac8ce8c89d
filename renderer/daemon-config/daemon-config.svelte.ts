/** The mirrors in Docker's configuration, as main last read it. */
import type { DaemonMirrors } from '../../preload/contract/index.ts'

class DaemonState {
  config = $state.raw<DaemonMirrors>()

  async load() {
    const answer = await slipway.call('daemon-config.get')
    if (answer.ok) this.config = answer.value
  }
}

export const daemon = new DaemonState()
