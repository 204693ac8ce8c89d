/** The user's language and theme, as settings say and as they come out here. */
import type { Appearance, Settings } from '../../preload/contract/index.ts'
import { speak } from '../ui/words.svelte.ts'

class AppearanceState {
  current = $state.raw<Appearance>({ language: 'system', theme: 'system', shownLanguage: 'en' })

  async load() {
    slipway.on('settings.changed', (appearance) => this.#show(appearance))
    const answer = await slipway.call('settings.get')
    if (answer.ok) this.#show(answer.value)
  }

  async change(settings: Partial<Settings>) {
    await slipway.call('settings.change', settings)
  }

  #show(appearance: Appearance) {
    this.current = appearance
    document.documentElement.lang = appearance.shownLanguage
    speak(appearance.shownLanguage)
  }
}

export const appearance = new AppearanceState()
