/** The mirrors in Docker's configuration, as last read by main. */
import type { DaemonMirrors } from '../../preload/contract/index.ts'

class Daemon {
  now = $state.raw<DaemonMirrors>()

  async load() {
    const answer = await slipway.call('daemon-config.get')
    if (answer.ok) this.now = answer.value
  }
}

export const daemon = new Daemon()
