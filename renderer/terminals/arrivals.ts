/** Puts a terminal's output in order: what was kept first, then each piece that begins where drawing has come to. */
import type { TerminalReplay } from '../../preload/contract/index.ts'

export class Arrivals {
  /** The byte at which the next piece begins; unknown until the replay is here. */
  #next: number | undefined
  #early: TerminalReplay[] = []

  /** What is to be drawn: what was kept, and what came while it was waited for. */
  begin({ at, bytes }: TerminalReplay): Uint8Array[] {
    this.#next = at + bytes.length
    const early = this.#early
    this.#early = []
    return [bytes, ...early.flatMap((piece) => this.take(piece))]
  }

  /** What is to be drawn now. */
  take(piece: TerminalReplay): Uint8Array[] {
    if (this.#next === undefined) this.#early.push(piece)
    if (piece.at !== this.#next) return []
    this.#next += piece.bytes.length
    return [piece.bytes]
  }
}
