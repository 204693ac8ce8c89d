/** The language on screen: messages, and the one way to write numbers of bytes and dates. */
import type { Bytes, UnixTime } from '../../model/image/image.ts'
import type { ByteRange } from '../../model/layers/sizes.ts'
import type { Language } from '../../preload/contract/index.ts'
import type { Catalogue, MessageArguments, MessageKey } from '../../resources/messages/index.ts'
import { phrase } from '../../resources/messages/translate.ts'
import { writers, type Writers } from './writers.ts'

/** Only the catalogue of the language that is shown is loaded. */
const load: Record<Language, () => Promise<Catalogue>> = {
  en: async () => (await import('../../resources/messages/en.ts')).en,
  'zh-CN': async () => (await import('../../resources/messages/zh-CN.ts')).zhCN,
}

let language = $state.raw<Language>('en')
let messages = $state.raw<Catalogue>()
const write = $derived<Writers>(writers(language))

let latest: Language | undefined

/** Await this once before the first text is shown. */
export async function speak(next: Language) {
  latest = next
  const loaded = await load[next]()
  if (latest !== next) return
  messages = loaded
  language = next
}

/** The message in the user's language. Read inside markup or `$derived`, it follows a change of language. */
export const t = <Key extends MessageKey>(key: Key, ...[values]: MessageArguments<Key>): string =>
  phrase(messages![key], values ?? {}, language)

export const shownLanguage = (): Language => language

export const size = (bytes: Bytes): string => write.size(bytes)
export const ago = (time: UnixTime): string => write.ago(time)
export const exactly = (time: UnixTime): string => write.exactly(time)
export const count = (n: number): string => write.count(n)
export const span = (seconds: number): string => write.span(seconds)

/** Sentences one after the other, as the language sets them. */
export const sentences = (...all: readonly string[]): string =>
  all.filter(Boolean).join(language === 'zh-CN' ? '' : ' ')
/** Names one after the other, as the language sets them. */
export const listed = (names: readonly string[]): string => names.join(language === 'zh-CN' ? '、' : ', ')

/** A number of bytes that may be known as a range alone. */
export function bytesBetween({ min, max }: ByteRange): string {
  const [least, most] = [size(min), size(max)]
  if (least === most) return least
  return min === 0 ? t('bytes.upTo', { max: most }) : t('bytes.between', { min: least, max: most })
}
