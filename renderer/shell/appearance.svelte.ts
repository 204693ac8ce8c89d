/** The user's language and theme, as settings say and as they come out here. */
import type { Appearance, Settings } from '../../preload/contract/index.ts'
import { speak } from '../ui/words.svelte.ts'

class AppearanceState {
  current = $state.raw<Appearance>({ language: 'system', theme: 'system', shownLanguage: 'en' })

  async load() {
    slipway.on('settings.changed', (appearance) => void this.#show(appearance))
    const answer = await slipway.call('settings.get')
    await this.#show(answer.ok ? answer.value : this.current)
  }

  async change(settings: Partial<Settings>) {
    await slipway.call('settings.change', settings)
  }

  async #show(appearance: Appearance) {
    this.current = appearance
    document.documentElement.lang = appearance.shownLanguage
    await speak(appearance.shownLanguage)
  }
}

export const appearance = new AppearanceState()
