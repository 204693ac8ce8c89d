/** The engine that `docker` uses in the user's terminal. */
import { plain } from '../../model/text/plain.ts'
import type { TerminalEngine } from '../../preload/contract/index.ts'
import { failureText } from '../ui/failure-text.ts'
import { t } from '../ui/i18n.svelte.ts'
import { notices } from '../ui/notice.svelte.ts'

class CurrentTerminalEngine {
  #state = $state.raw<TerminalEngine>({})
  /** The name of the offered engine: its address, unless it has a context. */
  readonly offer = $derived(this.#state.offer && nameOf(this.#state.offer))
  readonly offerAddress = $derived(plain(this.#state.offer?.endpoint ?? ''))
  /** Says which variable of the login shell names the engine; undefined if none does. */
  readonly sourceText = $derived(
    this.#state.source &&
      t('engine.source', {
        variable: this.#state.source.variable,
        shell: plain(this.#state.source.shell.replace(/^.*\//, '')),
      }),
  )

  async load() {
    slipway.on('environment.changed', (state) => (this.#state = state))
    const answer = await slipway.call('environment.terminalEngine')
    if (answer.ok) this.#state = answer.value
  }

  async use() {
    const context = this.offer ?? ''
    const answer = await slipway.call('environment.useTerminalEngine')
    notices.show(answer.ok ? t('engine.switched', { context }) : failureText(answer.error).title)
  }
}

const nameOf = ({ name, endpoint }: NonNullable<TerminalEngine['offer']>) => plain(name === 'default' ? endpoint : name)

export const terminalEngine = new CurrentTerminalEngine()
