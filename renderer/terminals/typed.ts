/** What goes to a program as if it were typed. */

/** So much goes in one message; the contract takes a million. */
const longest = 500_000

/** A long text in pieces, none of which ends between the two halves of a character. */
export function* pieces(text: string, most = longest): Generator<string> {
  for (let from = 0; from < text.length;) {
    const last = text.charCodeAt(from + most - 1)
    const to = from + most - (last >= 0xd800 && last < 0xdc00 ? 1 : 0)
    yield text.slice(from, to)
    from = to
  }
}

/**
 * A pasted text without what a terminal would take for keys: control characters other than tabs and line ends, an
 * escape above all. A single line loses its line end: it is to be sent by the user, not by whom it was copied from.
 */
export function pasted(text: string): string {
  const clean = text.replace(/\r\n?/g, '\n').replace(/(?![\n\t])\p{Cc}/gu, '')
  return clean.replace(/^([^\n]*)\n+$/, '$1')
}

export const linesOf = (text: string): string[] => text.replace(/\n+$/, '').split('\n')
