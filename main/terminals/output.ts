/**
 * A terminal's output buffer. It keeps the most recent bytes for a window that reloads, and limits how many bytes are
 * sent before the window has acknowledged them.
 */
import type { OutputChunk } from '../../preload/contract/index.ts'

interface Needs {
  readonly send: (data: OutputChunk) => void
  /** Pauses (true) or resumes (false) the stream that the output comes from. */
  readonly setPaused: (paused: boolean) => void
}

/** How many bytes may be sent without an acknowledgement. */
export const maxUnacknowledgedBytes = 256 * 1024
/** Size of the ring buffer. It holds every unacknowledged byte, including those received before the stream pauses. */
const ringBytes = 2 * maxUnacknowledgedBytes
const maxChunkBytes = 64 * 1024
/**
 * Output within this time of the last chunk is batched. Output after a longer silence, such as the echo of a key, is
 * sent at once.
 */
const batchDelayMs = 4
/** A replay of a ring that has wrapped starts at a line's start, if there is one within this many bytes. */
const maxLineBytes = 4096
const newline = 10

export class Output {
  readonly #needs: Needs
  /** The byte with stream offset `n` is at `n % ringBytes`. */
  readonly #ring = Buffer.alloc(ringBytes)
  #end = 0
  #sent = 0
  #acknowledged = 0
  #paused = false
  #timer: NodeJS.Timeout | undefined

  constructor(needs: Needs) {
    this.#needs = needs
  }

  receive(bytes: Buffer): void {
    for (let from = 0; from < bytes.length;) {
      const ringOffset = this.#end % ringBytes
      const copied = bytes.copy(this.#ring, ringOffset, from)
      from += copied
      this.#end += copied
    }
    if (this.#end - this.#acknowledged >= maxUnacknowledgedBytes) this.#setPaused(true)
    if (!this.#timer) this.#flush()
  }

  get paused(): boolean {
    return this.#paused
  }

  /** Acknowledges that the window has drawn every byte before the offset `upTo`. */
  acknowledge(upTo: number): void {
    this.#acknowledged = Math.max(this.#acknowledged, Math.min(upTo, this.#sent))
    if (!this.#timer) this.#flush()
    if (this.#end - this.#acknowledged < maxUnacknowledgedBytes) this.#setPaused(false)
  }

  /** The bytes in the ring. They count as acknowledged, since the window that asks for a replay draws them. */
  replay(): OutputChunk {
    const start = Math.max(0, this.#end - ringBytes)
    const bytes = this.#slice(start, this.#end)
    const lineStart = start === 0 ? 0 : bytes.subarray(0, maxLineBytes).indexOf(newline) + 1
    this.#sent = this.#end
    this.acknowledge(this.#end)
    return { at: start + lineStart, bytes: bytes.subarray(lineStart) }
  }

  /** Sends the remaining output. Call this after the stream has ended. */
  end(): void {
    clearTimeout(this.#timer)
    this.#timer = undefined
    this.#flush()
  }

  #setPaused(paused: boolean) {
    if (this.#paused === paused) return
    this.#paused = paused
    this.#needs.setPaused(paused)
  }

  #flush() {
    const from = this.#sent
    while (this.#sent < this.#end) {
      const to = Math.min(this.#end, this.#sent + maxChunkBytes, this.#acknowledged + maxUnacknowledgedBytes)
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
    }, batchDelayMs)
  }

  #slice(from: number, to: number): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(to - from)
    const ringOffset = from % ringBytes
    const beforeWrap = this.#ring.subarray(ringOffset, ringOffset + bytes.length)
    bytes.set(beforeWrap)
    bytes.set(this.#ring.subarray(0, bytes.length - beforeWrap.length), beforeWrap.length)
    return bytes
  }
}
