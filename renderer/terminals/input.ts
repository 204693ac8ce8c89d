/** Text that is sent to a program as keyboard input. */

/** Maximum length of one call's text in UTF-16 code units; the contract allows 1,000,000. */
const maxChunkLength = 500_000

/** Splits a long text into chunks, never between the two halves of a surrogate pair. */
export function* splitText(text: string, maxLength = maxChunkLength): Generator<string> {
  for (let from = 0; from < text.length;) {
    const lastUnit = text.charCodeAt(from + maxLength - 1)
    const to = from + maxLength - (lastUnit >= 0xd800 && lastUnit < 0xdc00 ? 1 : 0)
    yield text.slice(from, to)
    from = to
  }
}

/**
 * Removes from pasted text what a terminal would treat as keys: control characters, above all Escape, except tab and
 * newline. A single line loses its trailing newline, so that the user, not the source of the text, submits it.
 */
export function sanitizePaste(text: string): string {
  const clean = text.replace(/\r\n?/g, '\n').replace(/(?![\n\t])\p{Cc}/gu, '')
  return clean.replace(/^([^\n]*)\n+$/, '$1')
}

/** @returns the lines of a text, without empty lines at its end */
export const linesOf = (text: string): string[] => text.replace(/\n+$/, '').split('\n')
