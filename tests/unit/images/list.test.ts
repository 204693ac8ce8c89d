import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Image } from '../../../model/image/image.ts'
import { groupsOf, olderThanNewest, toLines } from '../../../renderer/images/groups.ts'
import { linesOf, type ImageLine } from '../../../renderer/images/lines.ts'
import { sortedBy, sortedGroups } from '../../../renderer/images/order.ts'
import { isInPreset, countPresets, monthsBefore } from '../../../renderer/images/presets.ts'
import { Selection } from '../../../renderer/ui/selection.svelte.ts'

const image = (id: string, overrides: Partial<Image> = {}): Image => ({
  id: `sha256:${id}`,
  references: [`${id}:1`],
  digests: [],
  created: 1,
  size: 1,
  ...overrides,
})
const lines = (images: readonly Image[], used = 0): ImageLine[] => images.flatMap((image) => linesOf(image, used))

test('rows of the same size are sorted by name from A to Z, whether sizes ascend or descend', () => {
  const rows = lines([image('c'), image('a'), image('b', { size: 2 })])
  const names = (descending: boolean) =>
    sortedBy(rows, { column: 'size', descending }).map(({ repository }) => repository)
  expect(names(true)).toEqual(['b', 'a', 'c'])
  expect(names(false)).toEqual(['a', 'c', 'b'])
})

test('each row of an image lists its other tags', () => {
  const [first, second] = linesOf(image('a', { references: ['x:1', 'x:2'] }), 0)
  expect([first!.otherTags, second!.otherTags]).toEqual([['x:2'], ['x:1']])
})

test('a group counts an image with several tags once, and groups are sorted by their sums', () => {
  const rows = lines([
    image('big', { references: ['one:1'], size: 5 }),
    image('a', { references: ['two:1', 'two:latest'], size: 3 }),
    image('b', { references: ['two:2'], size: 3 }),
  ])
  const groups = sortedGroups(groupsOf(rows), { column: 'size', descending: true })
  expect(groups.map(({ repository, images, size }) => [repository, images, size])).toEqual([
    ['two', 2, 6],
    ['one', 1, 5],
  ])
})

test('an open group is followed by its rows', () => {
  const groups = groupsOf(lines([image('a'), image('b')]))
  expect(toLines(groups, new Set([groups[0]!.key])).map(({ kind }) => kind)).toEqual(['group', 'image', 'group'])
})

test('“all but the newest” selects the other images with all of their tags', () => {
  const [group] = groupsOf(
    lines([
      image('old', { references: ['x:1', 'x:lts'], created: 10 }),
      image('new', { references: ['x:3'], created: 30 }),
      image('mid', { references: ['x:2'], created: 20 }),
    ]),
  )
  expect(olderThanNewest(group!, 2).map(({ tag }) => tag)).toEqual(['1', 'lts'])
  expect(olderThanNewest(group!, 3)).toEqual([])
})

test('months are counted by the calendar, and an image without a date does not count as old', () => {
  const sixMonthsAgo = monthsBefore(new Date('2026-11-24T12:00:00Z'), 6)
  expect(new Date(sixMonthsAgo * 1000).toISOString()).toMatch(/^2026-05-24/)
  const [undated, dated] = lines([image('a', { created: 0 }), image('b', { created: sixMonthsAgo - 1 })])
  expect([isInPreset('old', undated!, sixMonthsAgo), isInPreset('old', dated!, sixMonthsAgo)]).toEqual([false, true])
})

test('the preset filters count images, not rows', () => {
  const counts = countPresets(lines([image('a', { references: ['x:1', 'x:2'] }), image('b', { references: [] })]), 5)
  expect(counts).toEqual({ all: 2, unused: 2, dangling: 1, old: 2 })
})

test('a range selects everything from its start to its end, and deselects what it no longer covers', () => {
  const position = fc.integer({ min: 0, max: 9 })
  const keysAt = (index: number) => [`key ${index}`]
  fc.assert(
    fc.property(position, fc.array(position, { minLength: 1 }), (start, ends) => {
      const selection = new Selection()
      selection.setAnchor(start)
      let from = start
      for (const to of ends) {
        selection.extend(from, to, keysAt)
        from = to
      }
      expect(selection.keys.size).toBe(Math.abs(from - start) + 1)
      expect(selection.has(`key ${start}`) && selection.has(`key ${from}`)).toBe(true)
    }),
  )
})

test('extending from another row starts a new range, and keeps the selection', () => {
  const selection = new Selection()
  const keysAt = (index: number) => [`key ${index}`]
  selection.setAnchor(1)
  selection.extend(1, 2, keysAt)
  selection.extend(7, 8, keysAt)
  expect([...selection.keys].sort()).toEqual(['key 1', 'key 2', 'key 7', 'key 8'])
})
