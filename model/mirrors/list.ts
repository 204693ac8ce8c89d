/** Reads mirrors from the text of a file: lines of addresses, a JSON list, or a daemon.json. */
import { parseMirrorAddress, sameMirror } from './address.ts'

export interface ListedMirrors {
  readonly addresses: readonly string[]
  /** Invalid addresses by line number; in JSON (`isJson`), by position in the list. Both start at 1. */
  readonly invalid: readonly { readonly line: number; readonly text: string }[]
  /** Whether the text is JSON: a list or an object. */
  readonly isJson: boolean
}

const maxShownCharacters = 80

/** Parses a file of mirrors. Each address is returned once. */
export function parseMirrorList(file: string): ListedMirrors {
  const text = file.replace(/^\uFEFF/, '')
  const addresses: string[] = []
  const invalid: { line: number; text: string }[] = []
  const list = parseJsonList(text)
  for (const [index, { content, words }] of (list ?? parseLines(text)).entries()) {
    const reject = (rejected: string) => invalid.push({ line: index + 1, text: rejected.slice(0, maxShownCharacters) })
    if (words.length === 0 && content !== '') reject(content)
    for (const word of words) {
      const parsed = parseMirrorAddress(word)
      if (!parsed.ok) reject(word)
      else if (!addresses.some((address) => sameMirror(address, parsed.address))) addresses.push(parsed.address)
    }
  }
  return { addresses, invalid, isJson: list !== undefined }
}

/** A line of the text, or an entry of the JSON list. */
interface Entry {
  /** The text; for a line, without its comment. */
  readonly content: string
  /** The possible addresses. */
  readonly words: readonly string[]
}

/**
 * A line may contain a comment (`#`), several addresses separated by commas or spaces, and other words. A line that
 * contains only other words is reported as a whole.
 */
const parseLines = (text: string): Entry[] =>
  text.split(/\r\n|\r|\n/).map((line) => {
    const content = line.replace(/(?:^|\s)#.*$/, '').trim()
    return { content, words: content.split(/[\s,;，、；：]+/).filter((word) => looksLikeAddress.test(word)) }
  })

/** Contains a scheme, an inner dot or a port. */
const looksLikeAddress = /:\/\/|[^\s.]\.[^\s.]|[^\s:]:\d/

/** @returns undefined if `text` is not a JSON list or object; an empty list if the object has no mirrors */
function parseJsonList(text: string): Entry[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object') return undefined
  const list = value && 'registry-mirrors' in value ? value['registry-mirrors'] : value
  if (!Array.isArray(list)) return []
  return list.map((entry: unknown) => {
    const content = typeof entry === 'string' ? entry : JSON.stringify(entry)
    return { content, words: [content] }
  })
}
