/**
 * A terminal's output on its way to the window: the last of it is kept for a window that reloads, and no more is sent
 * than the window can take.
 */
import type { TerminalReplay } from '../../preload/contract/index.ts'

interface Needs {
  readonly send: (data: TerminalReplay) => void
  /** Stops, and goes on with, the stream that the output comes from. */
  readonly hold: (holds: boolean) => void
}

/** So much may be sent that the window has not taken yet. */
export const outputBound = 256 * 1024
/** So much is kept: with what comes before the stream is held, all that a window has not taken. */
const kept = 2 * outputBound
/** At most so much together. */
const piece = 64 * 1024
/** What comes within so many milliseconds of the last piece is sent together; a key's echo after a pause, at once. */
const gather = 4
/** A replay that begins in the middle begins at a line's start, if there is one so soon. */
const longestLine = 4096
const lineEnd = 10

export class Output {
  readonly #needs: Needs
  /** The byte number `n` stands at `n % kept`. */
  readonly #ring = Buffer.alloc(kept)
  #end = 0
  #sent = 0
  #taken = 0
  #holds = false
  #timer: NodeJS.Timeout | undefined

  constructor(needs: Needs) {
    this.#needs = needs
  }

  receive(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const at = this.#end % kept
      const copied = bytes.copy(this.#ring, at, from)
      from += copied
      this.#end += copied
    }
    if (this.#end - this.#taken >= outputBound) this.#hold(true)
    if (!this.#timer) this.#flush()
  }

  get holds(): boolean {
    return this.#holds
  }

  /** The window has drawn all before `upTo`. */
  took(upTo: number): void {
    this.#taken = Math.max(this.#taken, Math.min(upTo, this.#sent))
    if (!this.#timer) this.#flush()
    if (this.#end - this.#taken < outputBound) this.#hold(false)
  }

  /** All that is kept; a window that asks for it has drawn nothing yet, and will. */
  replay(): TerminalReplay {
    const first = Math.max(0, this.#end - kept)
    const bytes = this.#slice(first, this.#end)
    const line = first === 0 ? 0 : bytes.subarray(0, longestLine).indexOf(lineEnd) + 1
    this.#sent = this.#end
    this.took(this.#end)
    return { at: first + line, bytes: bytes.subarray(line) }
  }

  /** No more will come. */
  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flush()
  }

  #hold(holds: boolean) {
    if (this.#holds === holds) return
    this.#holds = holds
    this.#needs.hold(holds)
  }

  #flush() {
    const from = this.#sent
    while (this.#sent < this.#end) {
      const to = Math.min(this.#end, this.#sent + piece, this.#taken + outputBound)
      if (to === this.#sent) break
      const bytes = this.#slice(this.#sent, to)
      const at = this.#sent
      this.#sent = to
      this.#needs.send({ at, bytes })
    }
    if (this.#sent === from) return
    this.#timer = setTimeout(() => {
      this.#timer = undefined
      this.#flush()
    }, gather)
  }

  #slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(to - from)
    const start = from % kept
    const first = this.#ring.subarray(start, start + bytes.length)
    bytes.set(first)
    bytes.set(this.#ring.subarray(0, bytes.length - first.length), first.length)
    return bytes
  }
}
