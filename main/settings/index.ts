/** The app's settings, and the language that `system` resolves to on this desktop. */
import {
  ok,
  type Appearance,
  type Handlers,
  type Language,
  type Publish,
  type Settings,
} from '../../preload/contract/index.ts'
import type { Store } from '../store/index.ts'

interface Needs {
  readonly settings: Store['settings']
  /** The desktop's languages as BCP 47 tags, preferred first. */
  readonly systemLanguages: readonly string[]
  readonly applyTheme: (theme: Settings['theme']) => void
  readonly publish: Publish
}

export function settingsService({ settings, systemLanguages, applyTheme, publish }: Needs) {
  const appearance = (): Appearance => ({
    ...settings.value,
    resolvedLanguage:
      settings.value.language === 'system' ? supportedLanguage(systemLanguages) : settings.value.language,
  })
  applyTheme(settings.value.theme)
  return {
    language: () => appearance().resolvedLanguage,
    handlers: {
      'settings.get': () => ok(appearance()),
      'settings.change': (change) => {
        settings.write({ ...settings.value, ...change })
        applyTheme(settings.value.theme)
        publish('settings.changed', appearance())
        return ok(appearance())
      },
    } satisfies Handlers<'settings'>,
  }
}

const supportedLanguage = ([first = 'en']: readonly string[]): Language =>
  first.toLowerCase().startsWith('zh') ? 'zh-CN' : 'en'
