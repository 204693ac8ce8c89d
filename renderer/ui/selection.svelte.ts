/** The selected rows of a list, by key, so that sorting, filtering and updates do not change the selection. */
export class Selection {
  #keys = $state.raw<ReadonlySet<string>>(new Set())
  /** Index of the row at which the range starts. */
  #anchor = 0
  /** Index of the row at which the range ends. */
  #end = 0
  /** The selection without the range. */
  #beforeRange: ReadonlySet<string> = new Set()

  get keys(): ReadonlySet<string> {
    return this.#keys
  }
  readonly has = (key: string): boolean => this.#keys.has(key)

  clear() {
    this.#keys = this.#beforeRange = new Set()
  }

  /** Selects exactly these keys. */
  replace(keys: Iterable<string>) {
    this.#keys = this.#beforeRange = new Set(keys)
  }

  /** Adds these keys, or removes them if all of them are selected. */
  toggle(keys: readonly string[]) {
    const next = new Set(this.#keys)
    const removes = keys.every(this.has)
    for (const key of keys)
      if (removes) next.delete(key)
      else next.add(key)
    this.#keys = this.#beforeRange = next
  }

  /** Sets the start of the next range. */
  setAnchor(index: number) {
    this.#anchor = this.#end = index
    this.#beforeRange = this.#keys
  }

  /**
   * Selects the range from the anchor to `to`, in addition to what was selected before the range. If the range did not
   * end at `from` (the list was sorted meanwhile), a new range starts at `from`. `keysAt` returns the keys of a row.
   */
  extend(from: number, to: number, keysAt: (index: number) => readonly string[]) {
    if (from !== this.#end) this.setAnchor(from)
    this.#end = to
    const next = new Set(this.#beforeRange)
    for (let index = Math.min(this.#anchor, to); index <= Math.max(this.#anchor, to); index++)
      for (const key of keysAt(index)) next.add(key)
    this.#keys = next
  }
}
