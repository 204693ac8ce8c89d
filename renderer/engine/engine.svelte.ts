/** The current engine and its connection state. */
import { plain } from '../../model/text/plain.ts'
import type { EngineContext, EngineFailure, EngineState } from '../../preload/contract/index.ts'
import { failureText } from '../ui/failure-text.ts'
import { notices } from '../ui/notice.svelte.ts'
import { t } from '../ui/i18n.svelte.ts'

class CurrentEngine {
  state = $state.raw<EngineState>({ status: 'connecting' })
  readonly connected = $derived(this.state.status === 'connected')
  /** The system's daemon.json was found to be faulty, so Docker is installed, even if dockerd is in an unusual folder. */
  foundFaultyFile = $state(false)
  /** Whether the screen shows faults of daemon.json now, which are then the reason why no engine answers. */
  showsFaultyFile = $state(false)
  /** Why no engine is connected. */
  readonly failure = $derived(
    this.state.status !== 'away'
      ? undefined
      : this.foundFaultyFile
        ? asInstalled(this.state.failure)
        : this.state.failure,
  )
  /** Other engines that have answered, to be offered: see `engine.others` of the contract. */
  others = $state.raw<readonly EngineContext[]>([])
  /** What `others` depends on. */
  #situation = ''

  async load() {
    slipway.on('engine.changed', (state) => this.#setState(state))
    const answer = await slipway.call('engine.state')
    if (answer.ok) this.#setState(answer.value)
  }

  #setState(state: EngineState) {
    this.state = state
    const { status, context } = state
    const situation = JSON.stringify([status, context, status === 'away' && state.failure])
    if (situation === this.#situation) return
    this.#situation = situation
    this.others = []
    void this.readOthers()
  }

  /** Asks again which other engines answer. */
  async readOthers() {
    const situation = this.#situation
    const answer = await slipway.call('engine.others')
    if (situation === this.#situation) this.others = answer.ok ? answer.value : []
  }

  async switchTo(context: EngineContext & { readonly current?: boolean }) {
    if (context.current) return
    const answer = await slipway.call('engine.switch', context.name)
    notices.show(answer.ok ? t('engine.switched', { context: contextName(context) }) : failureText(answer.error).title)
  }
}

const asInstalled = (failure: EngineFailure): EngineFailure =>
  failure.code === 'engine-not-found' && failure.kind?.type === 'system'
    ? { ...failure, kind: { ...failure.kind, installed: true } }
    : failure

export const engine = new CurrentEngine()

/** The name of a context as the user sees it. */
export function contextName({ name }: Pick<EngineContext, 'name'>): string {
  if (name === 'default') return t('engine.defaultContext')
  return name === 'system' ? t('engine.systemContext') : plain(name)
}
