/** Interprets the text in the search box: search words, an image name, or an image name with a typo. */
import { parseReference, parseTag, type ImageName } from '../image/reference.ts'
import { toAscii, trimName, unwrap, withoutInvisible } from './characters.ts'
import { readPasted } from './pasted.ts'

export type NameFault = 'capitals' | 'no-tag' | 'tag' | 'digest' | 'characters' | 'page'

export type SearchInput =
  | { readonly kind: 'nothing' }
  /** `possibleName`: the words read as an image name, if they may be one. */
  | { readonly kind: 'words'; readonly words: string; readonly possibleName?: ImageName }
  /** `platform`: the platform that a pasted command asks for. */
  | { readonly kind: 'name'; readonly name: ImageName; readonly platform?: string }
  | { readonly kind: 'wrong'; readonly why: NameFault }

/** Searches take no longer words (`search.query` in the contract). */
const maxWordsLength = 200

/**
 * A text with a tag, a digest or a registry host is an image name, and so is what a command or a web address names.
 * Any other text is search words.
 */
export function parseSearch(input: string): SearchInput {
  const typed = withoutInvisible(input).trim()
  const pasted = readPasted(typed)
  if (pasted?.kind === 'page') return { kind: 'wrong', why: 'page' }
  if (pasted?.kind === 'image') {
    const name = parseReference(pasted.image)
    if (!name) return { kind: 'wrong', why: findNameFault(pasted.image) }
    return { kind: 'name', name, ...(pasted.platform !== undefined && { platform: pasted.platform }) }
  }
  return parseWords(pasted?.words ?? typed)
}

function parseWords(typed: string): SearchInput {
  const text = trimName(unwrap(toAscii(typed)))
  if (text === '') return { kind: 'nothing' }
  const isAscii = /^[ -~]+$/.test(text)
  const name = parseReference(text)
  if (looksLikeName(text)) {
    if (name) return { kind: 'name', name }
    // A full-width colon or slash in another language's words is punctuation.
    if (isAscii || looksLikeName(typed)) return { kind: 'wrong', why: findNameFault(text) }
  }
  const words = (isAscii ? text : unwrap(typed)).replaceAll(/\s+/g, ' ').slice(0, maxWordsLength)
  return { kind: 'words', words, ...(name && text.includes('/') && { possibleName: name }) }
}

function looksLikeName(text: string): boolean {
  const [first = '', ...others] = text.split('/')
  return !/\s/.test(text) && (/[:@]/.test(text) || (others.length > 0 && /\.|^localhost$/.test(first)))
}

/** Why a text is not a valid image name. */
function findNameFault(text: string): NameFault {
  if (text.includes('@')) return 'digest'
  const colon = text.lastIndexOf(':')
  const hasTag = colon > text.lastIndexOf('/')
  if (/[A-Z]/.test(text) && parseReference(text.toLowerCase())) return 'capitals'
  if (hasTag && colon === text.length - 1) return 'no-tag'
  return hasTag && parseTag(text.slice(0, colon)) ? 'tag' : 'characters'
}
