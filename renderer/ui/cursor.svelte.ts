/** The current row of a list. The cursor stays on the row with its key when other rows are added or removed. */
export class Cursor<Row> {
  readonly #rows: () => readonly Row[]
  readonly #keyOf: (row: Row) => string
  #key = $state.raw<string>()
  /** The index to which the cursor was last moved. If its row disappears, the cursor is on the row at this index. */
  #lastIndex = 0

  /** Index of the current row; -1 in an empty list. */
  readonly index: number
  readonly row: Row | undefined

  constructor(rows: () => readonly Row[], keyOf: (row: Row) => string) {
    this.#rows = rows
    this.#keyOf = keyOf
    this.index = $derived.by(() => {
      const index = this.#key === undefined ? -1 : rows().findIndex((row) => keyOf(row) === this.#key)
      return index >= 0 ? index : Math.min(this.#lastIndex, rows().length - 1)
    })
    this.row = $derived(rows()[this.index])
  }

  moveTo(index: number) {
    const rows = this.#rows()
    this.#lastIndex = Math.max(0, Math.min(index, rows.length - 1))
    const row = rows[this.#lastIndex]
    this.#key = row && this.#keyOf(row)
  }

  moveBy(rows: number) {
    this.moveTo(this.index + rows)
  }
}
