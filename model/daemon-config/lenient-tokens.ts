/** Reads the tokens of a daemon.json that is not JSON: with wrong or missing quotes, and full-width punctuation. */

export type LenientToken = { readonly end: number } & (
  | { readonly kind: '{' | '}' | '[' | ']' | ',' | ':' | 'end' | 'invalid' }
  /** A string, number or literal. `json` is its text in JSON. */
  | { readonly kind: 'value'; readonly json: string }
)

export interface LenientRules {
  /** The token should be a key, which ends at a colon. */
  readonly isKey: boolean
  /** A string may end with another quote than it begins with: `"x”`. */
  readonly mixedQuotes: boolean
}

const doubleQuotes = '"“”„‟＂'
const singleQuotes = "'`‘’‚‛＇"
const asciiForms: Readonly<Record<string, '{' | '}' | '[' | ']' | ',' | ':'>> = {
  ...{ '{': '{', '}': '}', '[': '[', ']': ']', ',': ',', ':': ':', '｛': '{', '｝': '}', '［': '[', '］': ']' },
  ...{ '【': '[', '】': ']', '，': ',', '、': ',', '：': ':' },
}
const spacePattern = /[\s\u0085\u200b-\u200d\u2060]*/y
const keyWord = /[\p{L}\p{N}_.~/\\*@%+$-][^\s,:，、："“”„‟＂'`‘’‚‛＇[\]{}［］｛｝【】]*/uy
const valueWord = /[\p{L}\p{N}_.~/\\*@%+$-][^\s,，、"“”„‟＂'`‘’‚‛＇[\]{}［］｛｝【】]*/uy
const scalar = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/
const stringContent = /^(?:[ !#-[\]-\uffff]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))+$/
const afterUnclosed = /[\s,，、\]］】}｝]+$/

const match = (pattern: RegExp, text: string, from: number): string => {
  pattern.lastIndex = from
  return pattern.exec(text)?.[0] ?? ''
}

/** @returns the white space at this position, and the same as JSON allows it */
export function readSpace(text: string, from: number): { readonly end: number; readonly json: string } {
  const space = match(spacePattern, text, from)
  const json = space.replace(/[\ufeff\u200b-\u200d\u2060]/g, '').replace(/[^ \t\r\n]/g, ' ')
  return { end: from + space.length, json }
}

export function readLenientToken(text: string, from: number, rules: LenientRules): LenientToken {
  const first = text[from]
  if (first === undefined) return { kind: 'end', end: from }
  const ascii = asciiForms[first]
  if (ascii !== undefined) return { kind: ascii, end: from + 1 }
  return isQuote(first) ? readString(text, from, rules) : readWord(text, from, rules)
}

const isQuote = (character: string) => doubleQuotes.includes(character) || singleQuotes.includes(character)

function readString(text: string, from: number, { isKey, mixedQuotes }: LenientRules): LenientToken {
  const opener = text[from]!
  const line = match(/[^\r\n]*/y, text, from)
  const isPlain = opener === '"' && !mixedQuotes
  const closers = isPlain ? '"' : doubleQuotes.includes(opener) ? doubleQuotes : singleQuotes
  for (let index = 1; index < line.length; index += line[index] === '\\' ? 2 : 1) {
    if (!closers.includes(line[index]!)) continue
    const [, next = ''] = /^\s*(.?)/.exec(line.slice(index + 1)) ?? []
    if (isPlain || next === '' || asciiForms[next] !== undefined || isQuote(next))
      return stringToken(line.slice(1, index), from + index + 1)
  }
  const rest = line.slice(1)
  const content = (isKey ? /^[^:：]*/.exec(rest)![0] : rest).replace(afterUnclosed, '')
  return stringToken(content, from + 1 + content.length)
}

function readWord(text: string, from: number, { isKey }: LenientRules): LenientToken {
  const word = match(isKey ? keyWord : valueWord, text, from)
  const end = from + word.length
  // A comment is not JSON, `True` is not a string, and a semicolon is no comma.
  const isInvalid =
    word === '' || /^\/[/*]|[;；]$/.test(word) || (/^(?:true|false|null|none)$/i.test(word) && !scalar.test(word))
  if (isInvalid) return { kind: 'invalid', end }
  if (!isKey && scalar.test(word)) return { kind: 'value', json: word, end }
  // The opening quote is missing.
  const strayQuote = text[end]
  return stringToken(word, strayQuote !== undefined && isQuote(strayQuote) ? end + 1 : end)
}

function stringToken(content: string, end: number): LenientToken {
  // White space or a comma at its edge shows that a quote is missing elsewhere.
  const isOdd = /^[\s,，、:：]|[\s,，、]$/.test(content)
  return isOdd || !stringContent.test(content) ? { kind: 'invalid', end } : { kind: 'value', json: `"${content}"`, end }
}
