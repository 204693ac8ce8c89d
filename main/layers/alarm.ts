/** Calls back at a time of `performance.now()`; the app may end before. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined
  #at = Infinity
  readonly #ring: () => void

  constructor(ring: () => void) {
    this.#ring = ring
  }

  /** An earlier time that is set already stays. `Infinity` sets none. */
  set(at: number): void {
    if (at >= this.#at) return
    clearTimeout(this.#timer)
    this.#at = at
    this.#timer = setTimeout(
      () => {
        this.#at = Infinity
        this.#ring()
      },
      Math.max(0, at - performance.now()),
    ).unref()
  }
}
