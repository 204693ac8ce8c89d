/** Calls a function at a given time of `performance.now()`. The timer does not keep the process alive. */
export class Alarm {
  #timer: NodeJS.Timeout | undefined
  #dueAt = Infinity
  readonly #callback: () => void

  constructor(callback: () => void) {
    this.#callback = callback
  }

  /** Has no effect if an earlier or equal time is already set, or if `time` is `Infinity`. */
  set(time: number): void {
    if (time >= this.#dueAt) return
    clearTimeout(this.#timer)
    this.#dueAt = time
    this.#timer = setTimeout(
      () => {
        this.#dueAt = Infinity
        this.#callback()
      },
      Math.max(0, time - performance.now()),
    ).unref()
  }
}
