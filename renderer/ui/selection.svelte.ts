/** The selected rows of a list, by key, so that sorting, filtering and updates do not change the selection. */
export class Selection {
  #keys = $state.raw<ReadonlySet<string>>(new Set())
  /** Start and last end of the range, and the selection before it. */
  #setAnchor = 0
  #end = 0
  #before: ReadonlySet<string> = new Set()

  get keys(): ReadonlySet<string> {
    return this.#keys
  }
  readonly has = (key: string): boolean => this.#keys.has(key)

  clear() {
    this.#keys = this.#before = new Set()
  }

  /** Selects exactly these keys. */
  replace(keys: Iterable<string>) {
    this.#keys = this.#before = new Set(keys)
  }

  /** Adds these keys, or removes them if all of them are selected. */
  toggle(keys: readonly string[]) {
    const next = new Set(this.#keys)
    const remove = keys.every(this.has)
    for (const key of keys)
      if (remove) next.delete(key)
      else next.add(key)
    this.#keys = this.#before = next
  }

  /** Sets the start of the next range. */
  setAnchor(index: number) {
    this.#setAnchor = this.#end = index
    this.#before = this.#keys
  }

  /**
   * Selects the range from the anchor to `to`, in addition to the selection before it. `keysAt` returns the keys of a
   * row. If the last range did not end at `from` (the list was sorted since), a new range starts there.
   */
  extend(from: number, to: number, keysAt: (index: number) => readonly string[]) {
    if (from !== this.#end) this.setAnchor(from)
    this.#end = to
    const next = new Set(this.#before)
    for (let index = Math.min(this.#setAnchor, to); index <= Math.max(this.#setAnchor, to); index++)
      for (const key of keysAt(index)) next.add(key)
    this.#keys = next
  }
}
