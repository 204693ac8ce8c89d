/** Which engine the window looks at, and whether it answers. */
import type { EngineState } from '../../preload/contract/index.ts'

class EngineView {
  state = $state.raw<EngineState>({ status: 'connecting' })
  readonly connected = $derived(this.state.status === 'connected')

  async load() {
    slipway.on('engine.changed', (state) => (this.state = state))
    const answer = await slipway.call('engine.state')
    if (answer.ok) this.state = answer.value
  }
}

export const engine = new EngineView()
