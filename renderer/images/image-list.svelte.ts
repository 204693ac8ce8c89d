/** Which rows the list of images shows, in which order, and where the user is in it. */
import { rowKey, rowsOf, type Image, type ImageRow } from '../../model/image.ts'
import { Cursor } from '../ui/cursor.svelte.ts'
import { live } from '../engine/live.svelte.ts'
import { sortedBy, type Order, type Sortable } from './order.ts'

export class ImageList {
  query = $state('')
  order = $state.raw<Order>({ column: 'size', descending: true })

  readonly #all: readonly Sortable[] = $derived(live.images.flatMap(rowsOf).map(sortable))
  // Sorted first, filtered then: a keystroke pays for the filter alone.
  readonly #sorted = $derived(sortedBy(this.#all, this.order))
  readonly #words = $derived(this.query.toLowerCase().split(/\s+/).filter(Boolean))

  readonly rows: readonly Sortable[] = $derived(
    this.#words.length === 0
      ? this.#sorted
      : this.#sorted.filter(({ text }) => this.#words.every((word) => text.includes(word))),
  )
  readonly cursor = new Cursor<Sortable>(() => this.rows, rowKey)

  readonly count = $derived(live.images.length)
  readonly largest = $derived(live.images.reduce((most, { size }) => Math.max(most, size), 1))
  /** The bytes of all images if none shared a layer with another. */
  readonly alone = $derived(live.images.reduce((sum, { size }) => sum + size, 0))

  sortBy(column: Order['column']) {
    this.order = {
      column,
      descending: this.order.column === column ? !this.order.descending : startsDescending(column),
    }
  }
}

const startsDescending = (column: Order['column']) => column === 'size' || column === 'created' || column === 'used'

function sortable(row: ImageRow): Sortable {
  const { image, repository = '<none>', tag = '<none>' } = row
  return { ...row, text: `${repository}:${tag} ${image.id}`.toLowerCase(), used: usedBy(image) }
}

const usedBy = (image: Image) => live.usedBy.get(image.id)?.length ?? 0
