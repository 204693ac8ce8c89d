/** Keeps a terminal as large as its place, and main told of its columns and rows. */
import type { FitAddon } from '@xterm/addon-fit'
import type { Terminal } from '@xterm/xterm'

export interface Size {
  readonly columns: number
  readonly rows: number
}

/** The contract's bound. */
const most = 1000

/** About what the first terminal will have: once it is in sight, it is measured. */
export const likelySize = (): Size => ({
  columns: Math.max(20, Math.min(most, Math.floor((innerWidth - 240) / 7.83))),
  rows: Math.max(5, Math.min(most, Math.floor((innerHeight - 190) / 17))),
})

export class Fitting {
  readonly #xterm: Terminal
  readonly #fit: FitAddon
  readonly #tell: (size: Size) => void
  #frame: number | undefined

  constructor(xterm: Terminal, fit: FitAddon, tell: (size: Size) => void) {
    this.#xterm = xterm
    this.#fit = fit
    this.#tell = tell
    xterm.onResize(() => tell(this.size))
  }

  get size(): Size {
    return { columns: this.#xterm.cols, rows: this.#xterm.rows }
  }

  begin() {
    this.fit()
    // Main may know of another size, from before a window was loaded anew.
    this.#tell(this.size)
  }

  fit() {
    const { cols = NaN, rows = NaN } = this.#fit.proposeDimensions() ?? {}
    // Out of sight it has no size.
    if (cols > 0 && rows > 0) this.#xterm.resize(Math.min(cols, most), Math.min(rows, most))
  }

  /** Once a frame, however often it is asked for. */
  soon() {
    if (this.#frame !== undefined) return
    this.#frame = requestAnimationFrame(() => {
      this.#frame = undefined
      this.fit()
    })
  }
}
