/** Text that is sent to a program as keyboard input. */

/** Maximum length of one call's text in UTF-16 code units; the contract allows 1,000,000. */
const maxChunkLength = 500_000

/** @returns the start of a text, at most `maxLength` long, which never ends between the two halves of a surrogate pair */
export function firstChunk(text: string, maxLength = maxChunkLength): string {
  if (text.length <= maxLength) return text
  const lastUnit = text.charCodeAt(maxLength - 1)
  return text.slice(0, maxLength - (lastUnit >= 0xd800 && lastUnit < 0xdc00 ? 1 : 0))
}

/** Sends input in order, one call at a time, so that main need not keep the input of a program that does not read. */
export class InputQueue {
  readonly #send: (text: string) => Promise<unknown>
  #waiting = ''
  #isSending = false

  /** @param send resolves once the text has been passed on */
  constructor(send: (text: string) => Promise<unknown>) {
    this.#send = send
  }

  write(text: string): void {
    this.#waiting += text
    if (!this.#isSending) void this.#sendAll()
  }

  async #sendAll() {
    this.#isSending = true
    try {
      while (this.#waiting !== '') {
        const chunk = firstChunk(this.#waiting)
        this.#waiting = this.#waiting.slice(chunk.length)
        await this.#send(chunk)
      }
    } finally {
      this.#isSending = false
    }
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
