/** Quotes and splits the words of shell commands. */

/** Quotes a word for a POSIX shell, only if necessary. */
export const shellQuote = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

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
