/**
 * A JSON scanner that accepts what JSON.parse accepts (RFC 8259), except texts that are not an object. The scanner also
 * reports the position of each member of the outermost object, so that a member can be replaced, and the position and
 * kind of the first fault.
 */
import { createScanner } from 'jsonc-parser'

/** `start` is the first character's offset; `end` is exclusive. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Member {
  /** The name with escapes decoded: `registry\u002dmirrors` is `registry-mirrors`. */
  readonly key: string
  readonly name: Span
  readonly value: Span
}

export interface JsonObject extends Span {
  readonly members: readonly Member[]
}

export type JsonFaultCode =
  | 'comment'
  /** A comma before a closing bracket. */
  | 'trailing-comma'
  | 'missing-comma'
  | 'missing-colon'
  /** A quote, comma or colon that JSON does not allow: `'`, `“`, `，`. */
  | 'punctuation'
  /** A quote, bracket or brace that is never closed; the position is that of the opening one. */
  | 'unclosed'
  /** A closing bracket or brace that closes nothing. */
  | 'extra-bracket'
  /** A word that should be in quotes. */
  | 'unquoted'
  /** `True`, `False`, `None`: Python's forms of `true`, `false` and `null`. */
  | 'capital-word'
  /** `\\"` outside a string, as in a text that was copied out of another one. */
  | 'escaped-quote'
  /** A backslash in a string that starts no escape of JSON: `C:\\docker`. */
  | 'escape'
  /** A space that JSON does not allow, such as a no-break space or a tab in a string, or an invisible character. */
  | 'space'
  /** Text after the outermost value. Docker 20.10 ignores it; later versions reject it. */
  | 'after-end'
  | 'not-object'
  /** The text is HTML. */
  | 'web-page'
  | 'syntax'

export interface JsonFault {
  readonly code: JsonFaultCode
  readonly at: number
}

export type ScanResult =
  { readonly ok: true; readonly object: JsonObject } | { readonly ok: false; readonly fault: JsonFault }

type Token = Span & { readonly kind: '{' | '}' | '[' | ']' | ':' | ',' | 'text' | 'word' | 'end' | JsonFaultCode }

const space = /[ \t\n\r]*/y
// A string without its closing quote, up to the end of the text or its first invalid character.
const stringStart = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
const word = /[\w+.-]+/y
const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/
const nonJsonPunctuation = /[;'`“”„‘’，、：；｛｝［］【】＂＇]/
const invisible = /[\s\p{Cc}\u200b-\u200d\u2060\ufeff]/u
const pythonWord = /^(?:true|false|null|none)$/i
const webPage = /^\s*<(?:!doctype|!--|\?xml|html|head|body|script|meta|title|div|h1|p\b)/i

function matchEnd(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

function tokenAt(text: string, from: number): Token {
  const start = matchEnd(space, text, from)
  const first = text[start]
  const span = { start, end: start + 1 }
  switch (first) {
    case undefined:
      return { kind: 'end', start, end: start }
    case '{':
    case '}':
    case '[':
    case ']':
    case ':':
    case ',':
      return { kind: first, ...span }
    case '"': {
      const end = matchEnd(stringStart, text, start)
      const next = text[end]
      if (next === '"') return { kind: 'text', start, end: end + 1 }
      if (next === undefined || next === '\n' || next === '\r') return { kind: 'unclosed', ...span }
      return { kind: next === '\\' ? 'escape' : 'space', start: end, end: end + 1 }
    }
    default: {
      const end = matchEnd(word, text, start)
      if (scalar.test(text.slice(start, end))) return { kind: 'word', start, end }
      if (pythonWord.test(text.slice(start, end))) return { kind: 'capital-word', ...span }
      return { kind: kindOfInvalid(first, text[start + 1]), ...span }
    }
  }
}

function kindOfInvalid(first: string, second: string | undefined): JsonFaultCode {
  if (first === '#' || (first === '/' && (second === '/' || second === '*'))) return 'comment'
  if (first === '\\' && second === '"') return 'escaped-quote'
  if (nonJsonPunctuation.test(first)) return 'punctuation'
  if (invisible.test(first)) return 'space'
  return /[\p{L}_/]/u.test(first) ? 'unquoted' : 'syntax'
}

/** An unclosed object or array. These are kept in a list instead of recursing, so nesting depth is unlimited. */
interface OpenBracket {
  readonly closes: '}' | ']'
  readonly start: number
}

type Expected = 'first-key' | 'key' | 'colon' | 'first-value' | 'value' | 'next' | 'end'

/** The fault of a token that is not allowed at its position; undefined if the token is allowed. */
function faultOf(
  token: Token,
  expected: Expected,
  open: readonly OpenBracket[],
  previous: Token,
): JsonFault | undefined {
  const { kind, start: at } = token
  const current = open.at(-1)
  const misplaced = { code: expected === 'end' ? 'after-end' : 'syntax', at } as const
  switch (kind) {
    case 'end':
      return expected === 'end' ? undefined : current ? { code: 'unclosed', at: current.start } : misplaced
    case ':':
      // The next key stands in a list that is not closed.
      if (expected === 'next' && current?.closes === ']') return { code: 'unclosed', at: current.start }
      return expected === 'colon' ? undefined : misplaced
    case ',':
      return expected === 'next' ? undefined : misplaced
    case '}':
    case ']':
      if (current && kind !== current.closes && !open.some(({ closes }) => closes === kind))
        return { code: 'extra-bracket', at }
      if (expected === 'end') return { code: 'extra-bracket', at }
      if (expected === 'next' && kind !== current?.closes) return { code: 'unclosed', at: current!.start }
      if (kind !== current?.closes || expected === 'colon') return misplaced
      if (expected === 'next' || expected === 'first-key' || expected === 'first-value') return undefined
      return previous.kind === ',' ? { code: 'trailing-comma', at: previous.start } : misplaced
    case '{':
    case '[':
    case 'text':
    case 'word':
      if (expected === 'next') return { code: 'missing-comma', at: previous.end }
      if (expected === 'end') return { code: 'after-end', at }
      if (expected === 'colon') return { code: 'missing-colon', at: previous.end }
      return kind !== 'text' && (expected === 'key' || expected === 'first-key') ? misplaced : undefined
    case 'unquoted':
    case 'capital-word':
      if (expected === 'end') return { code: 'after-end', at }
      if (!current) return misplaced
      return { code: expected === 'key' || expected === 'first-key' ? 'unquoted' : kind, at }
    default:
      return { code: kind, at }
  }
}

/** The mistake behind a fault, which may be earlier in the text. */
function causeOf(fault: JsonFault, text: string, start: number, previous: Token): JsonFault {
  if (webPage.test(text)) return { code: 'web-page', at: start }
  if (fault.code === 'after-end' && text[start] !== '{') return { code: 'not-object', at: start }
  // The string before was closed with a quote that is none in JSON: `"x”, "y"`.
  const wrongQuote = /[“”’＂](?=\s*[,，:：\]}])/.exec(
    previous.kind === 'text' ? text.slice(previous.start, previous.end) : '',
  )
  return wrongQuote ? { code: 'punctuation', at: previous.start + wrongQuote.index } : fault
}

/** jsonc-parser and the helper read objects and lists recursively. Docker itself reads up to 10,000 levels. */
const maxDepth = 500

export function isNestedTooDeeply(text: string): boolean {
  const scanner = createScanner(text)
  let depth = 0
  while (scanner.getPosition() < text.length && depth <= maxDepth) {
    scanner.scan()
    const first = text[scanner.getTokenOffset()]
    if (first === '{' || first === '[') depth += 1
    if (first === '}' || first === ']') depth -= 1
  }
  return depth > maxDepth
}

/** Scans a text for its outermost object. Fails with the first fault. */
export function scanObject(text: string): ScanResult {
  const open: OpenBracket[] = []
  const members: Member[] = []
  const from = matchEnd(space, text, 0)
  let expected: Expected = 'value'
  let name: (Span & { readonly key: string }) | undefined
  let previous: Token = { kind: 'end', start: 0, end: 0 }
  const completeValue = (value: Span) => {
    if (open.length === 1 && name) members.push({ key: name.key, name, value })
    expected = open.length === 0 ? 'end' : 'next'
  }

  for (let token = tokenAt(text, from); ; previous = token, token = tokenAt(text, token.end)) {
    const current = open.at(-1)
    const { kind, start, end } = token
    const fault = faultOf(token, expected, open, previous)
    if (fault) return { ok: false, fault: causeOf(fault, text, from, previous) }
    if (kind === 'end') break
    if (kind === ':') expected = 'value'
    else if (kind === ',') expected = current!.closes === '}' ? 'key' : 'value'
    else if (kind === '}' || kind === ']') {
      open.pop()
      completeValue({ start: current!.start, end })
    } else if (expected === 'key' || expected === 'first-key') {
      if (open.length === 1) name = { key: JSON.parse(text.slice(start, end)) as string, start, end }
      expected = 'colon'
    } else if (kind === '{' || kind === '[') {
      open.push({ closes: kind === '{' ? '}' : ']', start })
      expected = kind === '{' ? 'first-key' : 'first-value'
    } else completeValue(token)
  }
  if (text[from] !== '{') return { ok: false, fault: { code: 'not-object', at: from } }
  return { ok: true, object: { start: from, end: previous.end, members } }
}
