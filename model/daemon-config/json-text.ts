/**
 * Reads JSON (RFC 8259) with jsonc-parser, which must be an object: the positions of its members, or the kind and
 * position of the first fault.
 */
import { createScanner, parseTree, printParseErrorCode, visit, type ParseErrorCode } from 'jsonc-parser'

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
  /** Too long, or nested too deeply, to be parsed. */
  | 'huge'
  | 'syntax'

export interface JsonFault {
  readonly code: JsonFaultCode
  readonly at: number
}

export type ScanResult =
  { readonly ok: true; readonly object: JsonObject } | { readonly ok: false; readonly fault: JsonFault }

const space = /[ \t\n\r]*/y
// A string without its closing quote, up to the end of the text or its first invalid character.
const stringStart = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
const nonJsonPunctuation = /[;'`“”„‘’，、：；｛｝［］【】＂＇]/
const invisible = /[\s\p{Cc}\u200b-\u200d\u2060\ufeff]/u
const pythonWord = /(?:true|false|null|none)(?![\w+.-])/iy
const jsonWord = /(?:true|false|null)(?![\w+.-])/y
const webPage = /^\s*<(?:!doctype|!--|\?xml|html|head|body|script|meta|title|div|h1|p\b)/i

function matchEnd(pattern: RegExp, text: string, from: number): number {
  pattern.lastIndex = from
  return pattern.test(text) ? pattern.lastIndex : from
}

/** jsonc-parser and the helper read objects and lists recursively. Docker itself reads up to 10,000 levels. */
const maxDepth = 500

function isNestedTooDeeply(text: string): boolean {
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
  if (isNestedTooDeeply(text)) return { ok: false, fault: { code: 'huge', at: 0 } }
  const fault = findFault(text)
  if (fault) return { ok: false, fault }
  const root = parseTree(text)
  if (root?.type !== 'object') return { ok: false, fault: { code: 'not-object', at: matchEnd(space, text, 0) } }
  const members = (root.children ?? []).flatMap(({ children: [name, value] = [] }): Member[] =>
    name && value ? [{ key: String(name.value), name: spanOf(name), value: spanOf(value) }] : [],
  )
  return { ok: true, object: { ...spanOf(root), members } }
}

const spanOf = ({ offset, length }: { readonly offset: number; readonly length: number }): Span => ({
  start: offset,
  end: offset + length,
})

/** An object or a list that is not closed yet. */
interface OpenBracket {
  readonly closes: '}' | ']'
  readonly start: number
}

function findFault(text: string): JsonFault | undefined {
  const open: OpenBracket[] = []
  const from = matchEnd(space, text, 0)
  let lastString: Span = { start: 0, end: 0 }
  let fault: JsonFault | undefined
  let lastOpen: OpenBracket | undefined
  const close = () => void (lastOpen = open.pop())
  const readString = (_: unknown, offset: number, length: number) => (lastString = spanOf({ offset, length }))
  visit(
    text,
    {
      onObjectBegin: (start) => void open.push({ closes: '}', start }),
      onArrayBegin: (start) => void open.push({ closes: ']', start }),
      onObjectEnd: close,
      onArrayEnd: close,
      onObjectProperty: readString,
      onLiteralValue: readString,
      onError(error, at) {
        if (fault) return
        // jsonc-parser ends an object or list before it finds that its bracket is missing.
        if (/^Close.*Expected$/.test(printParseErrorCode(error)) && lastOpen) open.push(lastOpen)
        fault = causeOf(faultOf({ error, at, text, open, from }), text, from, lastString)
      },
    },
    { disallowComments: true },
  )
  return fault
}

interface ParseError {
  readonly error: ParseErrorCode
  readonly at: number
  readonly text: string
  readonly open: readonly OpenBracket[]
  /** Where the text begins after white space. */
  readonly from: number
}

/** What jsonc-parser has found at a token that it does not expect, or that is none of JSON. */
function faultOf({ error, at, text, open, from }: ParseError): JsonFault {
  const name = printParseErrorCode(error)
  const first = text[at]
  const current = open.at(-1)
  let previousEnd = at
  while (/^[ \t\n\r]$/.test(text[previousEnd - 1] ?? '')) previousEnd -= 1
  const previous = text[previousEnd - 1]
  const isAfterEnd = !current && at > from
  const misplaced = { code: isAfterEnd ? 'after-end' : 'syntax', at } as const

  if (first === '"' && matchEnd(stringStart, text, at) > at && isInvalid(name)) return stringFault(text, at)
  const word = /[\w+.-]+$/.exec(text.slice(Math.max(0, at - 100), at))?.[0]
  if (word !== undefined && /^[\w+.-]$/.test(first ?? '')) return { code: 'syntax', at: at - word.length }
  if (name === 'InvalidSymbol') {
    // jsonc-parser reads `true;` as one word.
    const wordEnd = matchEnd(jsonWord, text, at)
    if (wordEnd > at) return { code: kindOfInvalid(text, wordEnd), at: wordEnd }
    const code = kindOfInvalid(text, at)
    if (code !== 'unquoted' && code !== 'capital-word') return { code, at }
    if (!current) return misplaced
    return { code: current.closes === '}' && (previous === '{' || previous === ',') ? 'unquoted' : code, at }
  }
  if (name === 'InvalidCommentToken' || name === 'UnexpectedEndOfComment') return { code: 'comment', at }
  if (first === undefined) return current ? { code: 'unclosed', at: current.start } : misplaced
  if (first === '}' || first === ']') {
    if (isAfterEnd || (current && !open.some(({ closes }) => closes === first))) return { code: 'extra-bracket', at }
    if (first === current?.closes) return previous === ',' ? { code: 'trailing-comma', at: previousEnd - 1 } : misplaced
    return current && name === 'CommaExpected' ? { code: 'unclosed', at: current.start } : misplaced
  }
  // The next key stands in a list that is not closed.
  if (first === ':' && name === 'CommaExpected' && current?.closes === ']')
    return { code: 'unclosed', at: current.start }
  if (first === ',' || first === ':') return misplaced
  if (name === 'CommaExpected') return { code: 'missing-comma', at: previousEnd }
  return name === 'ColonExpected' ? { code: 'missing-colon', at: previousEnd } : misplaced
}

/** Whether the token itself is invalid, wherever it is. */
const isInvalid = (name: string) => name.startsWith('Invalid') || name.startsWith('UnexpectedEnd')

function stringFault(text: string, start: number): JsonFault {
  const at = matchEnd(stringStart, text, start)
  const next = text[at]
  if (next === undefined || next === '\n' || next === '\r') return { code: 'unclosed', at: start }
  return { code: next === '\\' ? 'escape' : 'space', at }
}

function kindOfInvalid(text: string, at: number): JsonFaultCode {
  const [first = '', second] = text.slice(at, at + 2)
  if (matchEnd(pythonWord, text, at) > at) return 'capital-word'
  if (first === '#') return 'comment'
  if (first === '\\' && second === '"') return 'escaped-quote'
  if (nonJsonPunctuation.test(first)) return 'punctuation'
  if (invisible.test(first)) return 'space'
  return /[\p{L}_/]/u.test(first) ? 'unquoted' : 'syntax'
}

/** The mistake behind a fault, which may be earlier in the text. */
function causeOf(fault: JsonFault, text: string, from: number, lastString: Span): JsonFault {
  if (webPage.test(text)) return { code: 'web-page', at: from }
  if (fault.code === 'after-end' && text[from] !== '{') return { code: 'not-object', at: from }
  // The string before was closed with a quote that is none in JSON: `"x”, "y"`.
  const wrongQuote = /[“”’＂](?=\s*[,，:：\]}])/.exec(text.slice(lastString.start, lastString.end))
  return wrongQuote ? { code: 'punctuation', at: lastString.start + wrongQuote.index } : fault
}
