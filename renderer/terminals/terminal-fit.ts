/** Fits a terminal to its container element and reports its size in columns and rows. */
import type { FitAddon } from '@xterm/addon-fit'
import type { Terminal } from '@xterm/xterm'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The contract's limit for the number of columns and for the number of rows. */
const maxDimension = 1000

/** Estimated size of the first terminal, until the terminal is visible and can be measured. */
export const estimateSize = (): Size => ({
  columns: Math.max(20, Math.min(maxDimension, Math.floor((innerWidth - 240) / 7.83))),
  rows: Math.max(5, Math.min(maxDimension, Math.floor((innerHeight - 190) / 17))),
})

export class TerminalFit {
  readonly #xterm: Terminal
  readonly #fitAddon: FitAddon
  readonly #onResize: (size: Size) => void
  #frame: number | undefined

  constructor(xterm: Terminal, fitAddon: FitAddon, onResize: (size: Size) => void) {
    this.#xterm = xterm
    this.#fitAddon = fitAddon
    this.#onResize = onResize
    xterm.onResize(() => onResize(this.size))
  }

  get size(): Size {
    return { columns: this.#xterm.cols, rows: this.#xterm.rows }
  }

  /** Call this when the terminal becomes visible for the first time. */
  start() {
    this.fit()
    // Main may still have the size from before the window was reloaded.
    this.#onResize(this.size)
  }

  fit() {
    const { cols = NaN, rows = NaN } = this.#fitAddon.proposeDimensions() ?? {}
    // A terminal that is not visible has no dimensions.
    if (cols > 0 && rows > 0) this.#xterm.resize(Math.min(cols, maxDimension), Math.min(rows, maxDimension))
  }

  /** Schedules a fit for the next frame; further calls before that frame are ignored. */
  schedule() {
    if (this.#frame !== undefined) return
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined
      this.fit()
    })
  }
}
