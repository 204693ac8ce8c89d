import { expect, test } from 'vitest'
import { sortedBy, type Sortable } from '../../renderer/images/order.ts'

const row = (repository: string, size: number): Sortable => ({
  image: { id: `sha256:${repository}`, references: [], digests: [], created: size, size },
  repository,
  tag: '1',
  text: repository,
  used: 0,
})

test('rows of the same size stand by name, whatever came first, in both directions', () => {
  const rows = [row('c', 1), row('a', 1), row('b', 2)]
  const names = (descending: boolean) =>
    sortedBy(rows, { column: 'size', descending }).map(({ repository }) => repository)
  expect(names(true)).toEqual(['b', 'a', 'c'])
  expect(names(false)).toEqual(['a', 'c', 'b'])
})
