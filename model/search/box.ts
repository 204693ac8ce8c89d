/** What a text in the search box means: words to look for, the name of an image, or a name with a slip in it. */
import { parseReference, parseTag, type ImageName } from '../image/reference.ts'

export type WrongName = 'capitals' | 'no-tag' | 'tag' | 'digest' | 'characters'

export type Asked =
  | { readonly kind: 'nothing' }
  /** `offer`: they may be a whole name as well. */
  | { readonly kind: 'words'; readonly words: string; readonly offer?: ImageName }
  | { readonly kind: 'name'; readonly name: ImageName }
  | { readonly kind: 'wrong'; readonly why: WrongName }

/** What tutorials print in front of a name. */
const command = /^\$?\s*(?:sudo\s+)?docker\s+(?:image\s+)?pull\s+/

/** Whoever writes a tag, a digest or a registry's host means one image; all else is words. */
export function understand(typed: string): Asked {
  const text = typed.trim().replace(command, '').trim()
  if (text === '') return { kind: 'nothing' }
  const [first, ...rest] = text.split('/')
  const isName = !/\s/.test(text) && (/[:@]/.test(text) || (rest.length > 0 && /\.|^localhost$/.test(first!)))
  const name = parseReference(text)
  if (!isName) return { kind: 'words', words: text, ...(name && text.includes('/') && { offer: name }) }
  return name ? { kind: 'name', name } : { kind: 'wrong', why: slip(text) }
}

function slip(text: string): WrongName {
  if (text.includes('@')) return 'digest'
  const colon = text.lastIndexOf(':')
  const hasTag = colon > text.lastIndexOf('/')
  const path = (hasTag ? text.slice(0, colon) : text).split('/').slice(text.includes('/') ? 1 : 0)
  if (/[A-Z]/.test(path.join('/'))) return 'capitals'
  if (hasTag && colon === text.length - 1) return 'no-tag'
  return hasTag && parseTag(text.slice(0, colon)) ? 'tag' : 'characters'
}
