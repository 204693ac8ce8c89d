/** Reads mirrors from the text of a file: lines of addresses, a JSON list, or a daemon.json. */
import { parseMirrorAddress } from './address.ts'

export interface ListedMirrors {
  /** At most 500. */
  readonly addresses: readonly string[]
  /** Number of further addresses. */
  readonly more: number
  /** Invalid addresses by line number; in JSON (`isJson`), by position in the list. Both start at 1. At most 500. */
  readonly invalid: readonly { readonly line: number; readonly text: string }[]
  /** Whether the text is JSON: a list or an object. */
  readonly isJson: boolean
}

const maxAddresses = 500
const maxInvalid = 500
const maxShownCharacters = 80
/** Longer than any address: a host name has at most 253 characters. */
const maxWordCharacters = 300
/** Words after which the rest of a file is not read. No list of mirrors is that long. */
const maxWords = 5_000

/** Parses a file of mirrors in linear time. Each address is returned once. */
export function parseMirrorList(file: string): ListedMirrors {
  const text = file.replace(/^\uFEFF/, '')
  const addresses = new Set<string>()
  const invalid: { line: number; text: string }[] = []
  const list = parseJsonList(text)
  let wordsRead = 0
  for (const { line, content, words } of list ? entriesOf(list) : linesOf(text)) {
    const reject = (rejected: string) => {
      if (invalid.length < maxInvalid) invalid.push({ line, text: rejected.slice(0, maxShownCharacters) })
    }
    let hasAddress = false
    for (const word of words) {
      if (wordsRead++ === maxWords) break
      if (word.length > maxWordCharacters || !(list || looksLikeAddress.test(word))) continue
      hasAddress = true
      const parsed = parseMirrorAddress(word)
      if (parsed.ok) addresses.add(parsed.address)
      else reject(word)
    }
    if (wordsRead > maxWords) break
    if (!hasAddress) reject(content)
  }
  const more = Math.max(0, addresses.size - maxAddresses)
  return { addresses: [...addresses].slice(0, maxAddresses), more, invalid, isJson: list !== undefined }
}

/** A line of the text that is not empty, or an entry of the JSON list. */
interface Entry {
  readonly line: number
  /** The text; for a line, without its comment. */
  readonly content: string
  readonly words: Iterable<string>
}

/**
 * A line may contain a comment (`#`), several addresses separated by commas or spaces, and other words. A line that
 * contains only other words is reported as a whole.
 */
function* linesOf(text: string): Generator<Entry> {
  let line = 1
  for (let start = 0; start < text.length; line++) {
    let end = start
    while (end < text.length && text[end] !== '\n' && text[end] !== '\r') end++
    const content = withoutComment(text.slice(start, end)).trim()
    if (content !== '') yield { line, content, words: wordsOf(content) }
    start = text.startsWith('\r\n', end) ? end + 2 : end + 1
  }
}

function withoutComment(line: string): string {
  const start = line.search(/(?:^|\s)#/)
  return start < 0 ? line : line.slice(0, start)
}

function* wordsOf(line: string): Generator<string> {
  for (const [word] of line.matchAll(/[^\s,;，、；：]+/g)) yield word
}

function* entriesOf(list: readonly unknown[]): Generator<Entry> {
  for (const [index, entry] of list.entries()) {
    const content = typeof entry === 'string' ? entry : jsonOf(entry)
    yield { line: index + 1, content, words: [content] }
  }
}

function jsonOf(value: unknown): string {
  try {
    return JSON.stringify(value)
  } catch {
    // Too deep for JSON.stringify, but not for JSON.parse.
    return Array.isArray(value) ? '[…]' : '{…}'
  }
}

/** Contains a scheme, an inner dot or a port. */
const looksLikeAddress = /:\/\/|[^\s.]\.[^\s.]|[^\s:]:\d/

/** @returns undefined if `text` is not a JSON list or object; an empty list if the object has no mirrors */
function parseJsonList(text: string): readonly unknown[] | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof value !== 'object') return undefined
  const list = value && 'registry-mirrors' in value ? value['registry-mirrors'] : value
  return Array.isArray(list) ? list : []
}
