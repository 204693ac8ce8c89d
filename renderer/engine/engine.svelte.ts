/** The current engine and its connection state. */
import { plain } from '../../model/text/plain.ts'
import type { ContextChoice, EngineContext, EngineState } from '../../preload/contract/index.ts'
import { failureText } from '../ui/failure-text.ts'
import { notices } from '../ui/notice.svelte.ts'
import { t } from '../ui/i18n.svelte.ts'

class CurrentEngine {
  state = $state.raw<EngineState>({ status: 'connecting' })
  readonly connected = $derived(this.state.status === 'connected')

  async load() {
    slipway.on('engine.changed', (state) => (this.state = state))
    const answer = await slipway.call('engine.state')
    if (answer.ok) this.state = answer.value
  }

  async switchTo(context: ContextChoice) {
    if (context.current) return
    const answer = await slipway.call('engine.switch', context.name)
    notices.show(answer.ok ? t('engine.switched', { context: contextName(context) }) : failureText(answer.error).title)
  }
}

export const engine = new CurrentEngine()

/** The name of a context as the user sees it. */
export const contextName = ({ name }: Pick<EngineContext, 'name'>): string =>
  name === 'default' ? t('engine.defaultContext') : plain(name)
