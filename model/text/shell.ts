/** Commands to copy, as a shell takes them, and commands that are typed as in a shell. */

/** A word as a POSIX shell reads it back: quoted only where it must be. */
export const quoted = (word: string): string =>
  /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`

/**
 * The words of a text as a POSIX shell splits them, but that nothing is expanded: `$`, `*`, `;` and the like are
 * themselves. Undefined where a quote is not closed, or a backslash has nothing after it.
 * Source: POSIX.1-2017, Shell Command Language, 2.2 "Quoting".
 */
export function shellWords(text: string): string[] | undefined {
  const words: string[] = []
  let word: string | undefined
  for (let at = 0; at < text.length; at++) {
    const character = text[at]!
    if (/[ \t\n]/.test(character)) {
      if (word !== undefined) words.push(word)
      word = undefined
      continue
    }
    word ??= ''
    if (character === "'" || character === '"') {
      const end = closing(text, at)
      if (end === undefined) return undefined
      const inside = text.slice(at + 1, end)
      word += character === "'" ? inside : inside.replace(/\\([$`"\\\n])/g, (_, kept) => (kept === '\n' ? '' : kept))
      at = end
    } else if (character === '\\') {
      const next = text[++at]
      if (next === undefined) return undefined
      if (next !== '\n') word += next
    } else word += character
  }
  return word === undefined ? words : [...words, word]
}

/** Where the quote that opens at `open` is closed. */
function closing(text: string, open: number): number | undefined {
  const quote = text[open]
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === quote) return at
    if (text[at] === '\\' && quote === '"') at++
  }
  return undefined
}
