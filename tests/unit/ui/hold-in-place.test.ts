import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holdInPlace } from '../../../renderer/ui/hold-in-place.ts'

const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij'))
const identity = (name: string) => name

test('if no row is in use, the new rows replace the shown rows', () => {
  expect(holdInPlace(['a', 'b'], ['c', 'a'], identity, undefined)).toEqual(['c', 'a'])
})

test('the row in use stays at its index, or last if there are fewer rows; the other new rows keep their order', () => {
  fc.assert(
    fc.property(names, names, fc.nat(), (shown, better, seed) => {
      const rowInUse = shown[seed % Math.max(1, shown.length)]
      const rows = holdInPlace(shown, better, identity, rowInUse)
      expect(rows.filter((name) => name !== rowInUse)).toEqual(better.filter((name) => name !== rowInUse))
      if (rowInUse === undefined) return
      const otherCount = better.filter((name) => name !== rowInUse).length
      expect(rows.indexOf(rowInUse)).toBe(Math.min(shown.indexOf(rowInUse), otherCount))
    }),
  )
})
