/** The settings of language and theme, and the language in use. (Main applies the theme.) */
import type { Appearance, Settings } from '../../preload/contract/index.ts'
import { setLanguage } from '../ui/i18n.svelte.ts'

class AppearanceState {
  current = $state.raw<Appearance>({ language: 'system', theme: 'system', resolvedLanguage: 'en' })

  async load() {
    slipway.on('settings.changed', (appearance) => void this.#apply(appearance))
    const answer = await slipway.call('settings.get')
    await this.#apply(answer.ok ? answer.value : this.current)
  }

  async change(settings: Partial<Settings>) {
    await slipway.call('settings.change', settings)
  }

  async #apply(appearance: Appearance) {
    this.current = appearance
    document.documentElement.lang = appearance.resolvedLanguage
    await setLanguage(appearance.resolvedLanguage)
  }
}

export const appearance = new AppearanceState()
