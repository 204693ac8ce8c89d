/** The order of the list of images. */
import type { ImageRow } from '../../model/image.ts'

export const columns = ['repository', 'tag', 'id', 'created', 'size', 'used'] as const
export type Column = (typeof columns)[number]

export interface Order {
  readonly column: Column
  readonly descending: boolean
}

export interface Sortable extends ImageRow {
  /** What the filter looks through, in lower case. */
  readonly text: string
  /** By how many containers. */
  readonly used: number
}

type Compare = (a: Sortable, b: Sortable) => number

// Plain comparison of code units: a collator takes ten times as long for 5,000 names that are ASCII by Docker's rules.
const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)
const byName: Compare = (a, b) => byText(a.repository ?? '', b.repository ?? '') || byText(a.tag ?? '', b.tag ?? '')

const compare: Record<Column, Compare> = {
  repository: byName,
  tag: (a, b) => byText(a.tag ?? '', b.tag ?? ''),
  id: (a, b) => byText(a.image.id, b.image.id),
  created: (a, b) => a.image.created - b.image.created,
  size: (a, b) => a.image.size - b.image.size,
  used: (a, b) => a.used - b.used,
}

/** A new array; equal rows stand by name, so that the order never depends on what arrived first. */
export function sortedBy(rows: readonly Sortable[], { column, descending }: Order): Sortable[] {
  const first = compare[column]
  const sign = descending ? -1 : 1
  return rows.toSorted((a, b) => sign * first(a, b) || byName(a, b) || byText(a.image.id, b.image.id))
}
