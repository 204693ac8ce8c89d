/** The app's settings. */
import * as v from 'valibot'
import { call, event, type } from './define.ts'

export const languages = ['en', 'zh-CN'] as const
export type Language = (typeof languages)[number]

const language = v.picklist(['system', ...languages])
const theme = v.picklist(['system', 'light', 'dark'])

export const settings = v.object({ language: v.optional(language, 'system'), theme: v.optional(theme, 'system') })
export type Settings = v.InferOutput<typeof settings>

/** The settings, and the language that `system` resolves to. */
export interface Appearance extends Settings {
  readonly resolvedLanguage: Language
}

export const calls = {
  'settings.get': call(v.undefined(), type<Appearance>()),
  'settings.change': call(
    v.object({ language: v.exactOptional(language), theme: v.exactOptional(theme) }),
    type<Appearance>(),
  ),
}
export const events = { 'settings.changed': event<Appearance>() }
