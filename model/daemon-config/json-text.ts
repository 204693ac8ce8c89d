/**
 * JSON as it stands in a file. What JSON.parse takes is taken and nothing more (RFC 8259), but with the place of each
 * member of the outermost object, so that one can be changed without touching the rest, and with the place of a fault.
 */

/** From the first character to behind the last. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Member {
  /** Its name as it is meant: `registry\u002dmirrors` is `registry-mirrors`. */
  readonly key: string
  readonly name: Span
  readonly value: Span
}

export interface JsonObject extends Span {
  readonly members: readonly Member[]
}

export type JsonFaultCode =
  | 'comment'
  /** A comma before the bracket that closes. */
  | 'trailing-comma'
  | 'missing-comma'
  /** A quote, comma or colon of another kind: `'`, `“`, `，`. */
  | 'punctuation'
  /** A quote, bracket or brace that nothing closes; its place is where it opens. */
  | 'unclosed'
  /** Twice in one object: which of them counts, JSON leaves open. */
  | 'duplicate-key'
  /** Something follows after the outermost value. Docker 20.10 does not see it, later ones refuse it. */
  | 'after-end'
  | 'not-object'
  | 'syntax'

export interface JsonFault {
  readonly code: JsonFaultCode
  readonly at: number
  readonly key?: string
}

export type Scan =
  { readonly ok: true; readonly object: JsonObject } | { readonly ok: false; readonly fault: JsonFault }

type Token = Span & { readonly kind: '{' | '}' | '[' | ']' | ':' | ',' | 'text' | 'word' | 'end' | JsonFaultCode }

const space = /[ \t\n\r]*/y
// In a string stands anything but a control character, a quote and a backslash.
const openText = /"(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*/y
const word = /[\w+.-]+/y
const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/
const foreign = /['`“”‘’，、：；｛｝［］＂＇]/

function behind(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

function tokenAt(text: string, from: number): Token {
  const start = behind(space, text, from)
  const first = text[start]
  const one = { start, end: start + 1 }
  switch (first) {
    case undefined:
      return { kind: 'end', start, end: start }
    case '{':
    case '}':
    case '[':
    case ']':
    case ':':
    case ',':
      return { kind: first, ...one }
    case '"': {
      const end = behind(openText, text, start)
      const stop = text[end]
      if (stop === '"') return { kind: 'text', start, end: end + 1 }
      const unclosed = stop === undefined || stop === '\n' || stop === '\r'
      return unclosed ? { kind: 'unclosed', ...one } : { kind: 'syntax', start: end, end: end + 1 }
    }
    default: {
      const end = behind(word, text, start)
      if (scalar.test(text.slice(start, end))) return { kind: 'word', start, end }
      return {
        kind: first === '/' || first === '#' ? 'comment' : foreign.test(first) ? 'punctuation' : 'syntax',
        ...one,
      }
    }
  }
}

/** An object or array that is not closed yet. They are kept in a list, not on the call stack: no depth is too deep. */
interface Level {
  readonly closes: '}' | ']'
  readonly start: number
  /** Of an object. */
  readonly keys?: Set<string>
}

type Awaited = 'first-key' | 'key' | 'colon' | 'first-value' | 'value' | 'next' | 'end'

/** Why a token cannot stand where it stands. */
function misplaced(token: Token, awaited: Awaited, level: Level | undefined, last: Token): JsonFault | undefined {
  const { kind, start: at } = token
  const stray = { code: awaited === 'end' ? 'after-end' : 'syntax', at } as const
  switch (kind) {
    case 'end':
      return awaited === 'end' ? undefined : level ? { code: 'unclosed', at: level.start } : stray
    case ':':
      return awaited === 'colon' ? undefined : stray
    case ',':
      return awaited === 'next' ? undefined : stray
    case '}':
    case ']':
      if (awaited === 'next' && kind !== level?.closes) return { code: 'unclosed', at: level!.start }
      if (kind !== level?.closes || awaited === 'colon') return stray
      if (awaited === 'next' || awaited === 'first-key' || awaited === 'first-value') return undefined
      return last.kind === ',' ? { code: 'trailing-comma', at: last.start } : stray
    case '{':
    case '[':
    case 'text':
    case 'word':
      if (awaited === 'next') return { code: 'missing-comma', at: last.end }
      if (awaited === 'end') return { code: 'after-end', at }
      if (awaited === 'colon') return stray
      return kind !== 'text' && (awaited === 'key' || awaited === 'first-key') ? stray : undefined
    default:
      return { code: kind, at }
  }
}

/** The outermost object of a text, or the first fault in it. */
export function scanObject(text: string): Scan {
  const levels: Level[] = []
  const members: Member[] = []
  const from = behind(space, text, 0)
  let awaited: Awaited = 'value'
  let name: (Span & { readonly key: string }) | undefined
  let last: Token = { kind: 'end', start: 0, end: 0 }
  const complete = (value: Span) => {
    if (levels.length === 1 && name) members.push({ key: name.key, name, value })
    awaited = levels.length === 0 ? 'end' : 'next'
  }

  for (let token = tokenAt(text, from); ; last = token, token = tokenAt(text, token.end)) {
    const level = levels.at(-1)
    const { kind, start, end } = token
    const fault = misplaced(token, awaited, level, last)
    if (fault) return { ok: false, fault }
    if (kind === 'end') break
    if (kind === ':') awaited = 'value'
    else if (kind === ',') awaited = level!.closes === '}' ? 'key' : 'value'
    else if (kind === '}' || kind === ']') {
      levels.pop()
      complete({ start: level!.start, end })
    } else if (awaited === 'key' || awaited === 'first-key') {
      const key = JSON.parse(text.slice(start, end)) as string
      if (level!.keys!.has(key)) return { ok: false, fault: { code: 'duplicate-key', at: start, key } }
      level!.keys!.add(key)
      if (levels.length === 1) name = { key, start, end }
      awaited = 'colon'
    } else if (kind === '{' || kind === '[') {
      levels.push(kind === '{' ? { closes: '}', start, keys: new Set() } : { closes: ']', start })
      awaited = kind === '{' ? 'first-key' : 'first-value'
    } else complete(token)
  }
  if (text[from] !== '{') return { ok: false, fault: { code: 'not-object', at: from } }
  return { ok: true, object: { start: from, end: last.end, members } }
}
