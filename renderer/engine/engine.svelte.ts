/** Which engine the window looks at, and whether it answers. */
import { plain } from '../../model/text/plain.ts'
import type { EngineContext, EngineState } from '../../preload/contract/index.ts'
import { t } from '../ui/words.svelte.ts'

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

export const contextName = ({ name }: Pick<EngineContext, 'name'>): string =>
  name === 'default' ? t('engine.defaultContext') : plain(name)
