/** Which lines of a list are selected: things, not places, so that sorting, filtering and changes leave it as it is. */
export class Selection {
  #keys = $state.raw<ReadonlySet<string>>(new Set())
  /** Where a range begins and where it ended last, and what was selected before it. */
  #anchor = 0
  #end = 0
  #before: ReadonlySet<string> = new Set()

  get keys(): ReadonlySet<string> {
    return this.#keys
  }
  readonly has = (key: string): boolean => this.#keys.has(key)

  clear() {
    this.#keys = this.#before = new Set()
  }

  /** Selects these and no others. */
  replace(keys: Iterable<string>) {
    this.#keys = this.#before = new Set(keys)
  }

  /** Takes all of these in, or out where all of them are in already. */
  toggle(keys: readonly string[]) {
    const next = new Set(this.#keys)
    const out = keys.every(this.has)
    for (const key of keys)
      if (out) next.delete(key)
      else next.add(key)
    this.#keys = this.#before = next
  }

  /** The place from which the next range is drawn. */
  anchor(index: number) {
    this.#anchor = this.#end = index
    this.#before = this.#keys
  }

  /**
   * What was selected before, and all between the anchor and `to`; `keysAt` gives those of each place. A user who
   * comes from elsewhere than where the last range ended (the list was sorted meanwhile) begins a new one there.
   */
  extend(from: number, to: number, keysAt: (index: number) => readonly string[]) {
    if (from !== this.#end) this.anchor(from)
    this.#end = to
    const next = new Set(this.#before)
    for (let at = Math.min(this.#anchor, to); at <= Math.max(this.#anchor, to); at++)
      for (const key of keysAt(at)) next.add(key)
    this.#keys = next
  }
}
