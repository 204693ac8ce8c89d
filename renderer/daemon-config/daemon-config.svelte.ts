/** What Docker's own configuration says of mirrors, as main last read it. */
import type { DaemonMirrors } from '../../preload/contract/index.ts'

class Daemon {
  now = $state.raw<DaemonMirrors>()

  async load() {
    const answer = await slipway.call('daemon-config.get')
    if (answer.ok) this.now = answer.value
  }
}

export const daemon = new Daemon()
