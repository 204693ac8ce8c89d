/** Interprets the text in the search box: search words, an image name, or an image name with a typo. */
import { parseReference, parseTag, type ImageName } from '../image/reference.ts'

export type NameFault = 'capitals' | 'no-tag' | 'tag' | 'digest' | 'characters'

export type SearchInput =
  | { readonly kind: 'nothing' }
  /** `possibleName`: the words read as an image name, if they may be one. */
  | { readonly kind: 'words'; readonly words: string; readonly possibleName?: ImageName }
  | { readonly kind: 'name'; readonly name: ImageName }
  | { readonly kind: 'wrong'; readonly why: NameFault }

/** A `docker pull` command pasted in front of the name. */
const command = /^\$?\s*(?:sudo\s+)?docker\s+(?:image\s+)?pull\s+/

/** A text with a tag, a digest or a registry host is an image name; any other text is search words. */
export function parseSearch(input: string): SearchInput {
  const text = input.trim().replace(command, '').trim()
  if (text === '') return { kind: 'nothing' }
  const [first, ...others] = text.split('/')
  const isName = !/\s/.test(text) && (/[:@]/.test(text) || (others.length > 0 && /\.|^localhost$/.test(first!)))
  const name = parseReference(text)
  if (!isName) return { kind: 'words', words: text, ...(name && text.includes('/') && { possibleName: name }) }
  return name ? { kind: 'name', name } : { kind: 'wrong', why: findNameFault(text) }
}

/** Why a text is not a valid image name. */
function findNameFault(text: string): NameFault {
  if (text.includes('@')) return 'digest'
  const colon = text.lastIndexOf(':')
  const hasTag = colon > text.lastIndexOf('/')
  const path = (hasTag ? text.slice(0, colon) : text).split('/').slice(text.includes('/') ? 1 : 0)
  if (/[A-Z]/.test(path.join('/'))) return 'capitals'
  if (hasTag && colon === text.length - 1) return 'no-tag'
  return hasTag && parseTag(text.slice(0, colon)) ? 'tag' : 'characters'
}
