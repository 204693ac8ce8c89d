/** Orders a terminal's output: the replay first, then each chunk that starts at the next expected byte. */
import type { OutputChunk } from '../../preload/contract/index.ts'

export class TerminalOutput {
  /** Offset of the next byte to draw; undefined until the replay has arrived. */
  #nextOffset: number | undefined
  #earlyChunks: OutputChunk[] = []

  /** @returns the bytes to draw: the replay, then the chunks that arrived before it */
  startFromReplay({ at, bytes }: OutputChunk): Uint8Array[] {
    this.#nextOffset = at + bytes.length
    const earlyChunks = this.#earlyChunks
    this.#earlyChunks = []
    return [bytes, ...earlyChunks.flatMap((chunk) => this.receive(chunk))]
  }

  /** @returns the bytes to draw now; empty if the chunk arrives before the replay or was in it */
  receive(chunk: OutputChunk): Uint8Array[] {
    if (this.#nextOffset === undefined) this.#earlyChunks.push(chunk)
    if (chunk.at !== this.#nextOffset) return []
    this.#nextOffset += chunk.bytes.length
    return [chunk.bytes]
  }
}
