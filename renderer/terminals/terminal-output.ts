/** Orders a terminal's output: the replay first, then each piece that starts at the next expected byte. */
import type { TerminalReplay } from '../../preload/contract/index.ts'

export class TerminalOutput {
  /** Offset of the next byte to draw; undefined until the replay has arrived. */
  #next: number | undefined
  #early: TerminalReplay[] = []

  /** @returns the chunks to draw: the replay, then the pieces that arrived before it */
  begin({ at, bytes }: TerminalReplay): Uint8Array[] {
    this.#next = at + bytes.length
    const early = this.#early
    this.#early = []
    return [bytes, ...early.flatMap((piece) => this.take(piece))]
  }

  /** @returns the chunks to draw now; empty if the piece is early or a duplicate */
  take(piece: TerminalReplay): Uint8Array[] {
    if (this.#next === undefined) this.#early.push(piece)
    if (piece.at !== this.#next) return []
    this.#next += piece.bytes.length
    return [piece.bytes]
  }
}
