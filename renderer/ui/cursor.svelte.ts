/** Where the user is in a list: at a thing, not at a number, so that it stays put while rows come and go around it. */
export class Cursor<Row> {
  readonly #rows: () => readonly Row[]
  readonly #keyOf: (row: Row) => string
  #key = $state.raw<string>()
  /** Where the thing last stood: should it vanish, its neighbour is at hand. */
  #last = 0

  /** -1 in an empty list. */
  readonly index: number
  readonly row: Row | undefined

  constructor(rows: () => readonly Row[], keyOf: (row: Row) => string) {
    this.#rows = rows
    this.#keyOf = keyOf
    this.index = $derived.by(() => {
      const at = this.#key === undefined ? -1 : rows().findIndex((row) => keyOf(row) === this.#key)
      return at >= 0 ? at : Math.min(this.#last, rows().length - 1)
    })
    this.row = $derived(rows()[this.index])
  }

  moveTo(index: number) {
    const rows = this.#rows()
    this.#last = Math.max(0, Math.min(index, rows.length - 1))
    const row = rows[this.#last]
    this.#key = row && this.#keyOf(row)
  }

  moveBy(rows: number) {
    this.moveTo(this.index + rows)
  }
}
