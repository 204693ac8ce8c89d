/** Calls a function at a given time of `performance.now()`. The timer does not keep the process alive. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined
  #at = Infinity
  readonly #callback: () => void

  constructor(callback: () => void) {
    this.#callback = callback
  }

  /** Has no effect if an earlier time is already set, or if `at` is `Infinity`. */
  set(at: number): void {
    if (at >= this.#at) return
    clearTimeout(this.#timer)
    this.#at = at
    this.#timer = setTimeout(
      () => {
        this.#at = Infinity
        this.#callback()
      },
      Math.max(0, at - performance.now()),
    ).unref()
  }
}
