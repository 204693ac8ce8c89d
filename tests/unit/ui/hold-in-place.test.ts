import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holdInPlace } from '../../../renderer/ui/hold-in-place.ts'

const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij'))
const identity = (name: string) => name

test('if no row is in use, the better results are shown in their own order', () => {
  expect(holdInPlace(['a', 'b'], ['c', 'a'], identity, undefined)).toEqual(['c', 'a'])
})

test('the row in use stays at its index, and the other better results keep their order', () => {
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
