/** The current language: messages, and the formats of sizes, numbers and dates. */
import type { Bytes, UnixTime } from '../../model/image/image.ts'
import type { ByteRange } from '../../model/layers/sizes.ts'
import type { Language } from '../../preload/contract/index.ts'
import type { Catalogue, MessageArguments, MessageKey } from '../../resources/messages/index.ts'
import { phrase } from '../../resources/messages/translate.ts'
import { formatters, type Formatters } from './format.ts'

/** Each catalogue is a chunk of its own, so that only the current language is loaded. */
const catalogueLoaders: Record<Language, () => Promise<Catalogue>> = {
  en: async () => (await import('../../resources/messages/en.ts')).en,
  'zh-CN': async () => (await import('../../resources/messages/zh-CN.ts')).zhCN,
}

let language = $state.raw<Language>('en')
let messages = $state.raw<Catalogue>()
const format = $derived<Formatters>(formatters(language))

/** The language of the last call of `setLanguage`. */
let requestedLanguage: Language | undefined

/** Switches the language. Await this once before the first text is shown. */
export async function setLanguage(next: Language) {
  requestedLanguage = next
  const loaded = await catalogueLoaders[next]()
  if (requestedLanguage !== next) return
  messages = loaded
  language = next
}

/** A message in the current language. In markup or `$derived` it updates when the language changes. */
export const t = <Key extends MessageKey>(key: Key, ...[values]: MessageArguments<Key>): string =>
  phrase(messages![key], values ?? {}, language)

export const resolvedLanguage = (): Language => language

export const size = (bytes: Bytes): string => format.size(bytes)
export const ago = (time: UnixTime): string => format.ago(time)
export const dateTime = (time: UnixTime): string => format.dateTime(time)
export const count = (n: number): string => format.count(n)
export const duration = (seconds: number): string => format.duration(seconds)

/** Joins sentences as the language requires. */
export const joinSentences = (...all: readonly string[]): string =>
  all.filter(Boolean).join(language === 'zh-CN' ? '' : ' ')
/** Ends a heading like a sentence. */
export const asSentence = (text: string): string =>
  /[.。]$/.test(text) ? text : `${text}${language === 'zh-CN' ? '。' : '.'}`
/** Joins names with the language's separator. */
export const joinNames = (names: readonly string[]): string => names.join(language === 'zh-CN' ? '、' : ', ')

/** Formats an exact number of bytes or a range. */
export function sizeRange({ min, max }: ByteRange): string {
  const [lower, upper] = [size(min), size(max)]
  if (lower === upper) return lower
  return min === 0 ? t('bytes.upTo', { max: upper }) : t('bytes.between', { min: lower, max: upper })
}
