/** The mirrors in Docker's configuration, as last read by main. */
import type { DaemonMirrors } from '../../preload/contract/index.ts'

class Daemon {
  config = $state.raw<DaemonMirrors>()

  async load() {
    const answer = await slipway.call('daemon-config.get')
    if (answer.ok) this.config = answer.value
  }
}

export const daemon = new Daemon()
