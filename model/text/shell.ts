/** Quotes and splits the words of shell commands. */

import { escapeHidden, hasHidden } from './plain.ts'

/**
 * Quotes a word for a POSIX shell, only if necessary. Hidden characters become escapes in `$'…'`, so that a command
 * looks like what it does. bash, zsh, ksh and BusyBox read these; dash and fish do not.
 * Source: POSIX.1-2024, Shell Command Language, 2.2.4 "Dollar-Single-Quotes".
 */
export function shellQuote(word: string): string {
  // zsh replaces `=name` by the path of a program.
  if (/^(?!=)[\w@%+=:,./-]+$/.test(word)) return word
  if (!hasHidden(word)) return `'${word.replaceAll("'", `'\\''`)}'`
  // bash may look for its history in `$'…'` after an escaped quote.
  const escaped = word
    .replace(/[\\'!]/g, octal)
    .replaceAll('\n', '\\n')
    .replaceAll('\t', '\\t')
  return `$'${escapeHidden(escaped, octal)}'`
}

/** @returns an escape for each byte of the character's UTF-8: older shells do not know `\u` */
const octal = (character: string): string =>
  [...encodeURIComponent(character.toWellFormed()).matchAll(/%(..)|(.)/g)]
    .map(([, hex, ascii = '']) => (hex === undefined ? ascii.charCodeAt(0) : Number.parseInt(hex, 16)))
    .map((byte) => `\\${byte.toString(8).padStart(3, '0')}`)
    .join('')

/** Operands of a command. A first one that starts with a hyphen is not taken for an option. */
export const operands = (words: readonly string[]): string[] => [
  ...(words.some((word) => word.startsWith('-')) ? ['--'] : []),
  ...words,
]

/**
 * Splits a text into words like a POSIX shell, but without expansion: `$`, `*`, `;` and the like are literal.
 * @returns undefined if a quote is not closed, or a backslash ends the text
 * Source: POSIX.1-2017, Shell Command Language, 2.2 "Quoting".
 */
export function splitShellWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let index = 0; index < text.length; index++) {
    const character = text[index]!
    if (/[ \t\n]/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    word ??= ''
    if (character === "'" || character === '"') {
      const end = closingQuote(text, index)
      if (end === undefined) return undefined
      const inside = text.slice(index + 1, end)
      word +=
        character === "'" ? inside : inside.replace(/\\([$`"\\\n])/g, (_, escaped) => (escaped === '\n' ? '' : escaped))
      index = end
    } else if (character === '\\') {
      const next = text[++index]
      if (next === undefined) return undefined
      if (next !== '\n') word += next
    } else word += character
  }
  return word === undefined ? words : [...words, word]
}

/** @returns the index of the quote that closes the one at `open`; undefined if there is none */
function closingQuote(text: string, open: number): number | undefined {
  const quote = text[open]
  for (let index = open + 1; index < text.length; index++) {
    if (text[index] === quote) return index
    if (text[index] === '\\' && quote === '"') index++
  }
  return undefined
}
