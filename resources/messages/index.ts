/** Every word that the user sees, in every language. */
import { en } from './en.ts'
import type { Arguments, Misnamed, Text } from './translate.ts'
import { zhCN } from './zh-CN.ts'

export const catalogues = { en, 'zh-CN': zhCN }

export type MessageKey = keyof typeof en
export type Catalogue = Readonly<Record<MessageKey, Text>>
export type MessageArguments<Key extends MessageKey> = Arguments<(typeof en)[Key]>

/** Fails the type check by naming the keys whose parameters differ between the languages. */
const misnamed: Misnamed<typeof en, typeof zhCN> extends never ? true : Misnamed<typeof en, typeof zhCN> = true
void misnamed

export { phrase } from './translate.ts'
