import fc from 'fast-check'
import { expect, test } from 'vitest'
import { holdInPlace } from '../../../renderer/ui/hold-in-place.ts'

const names = fc.uniqueArray(fc.constantFrom(...'abcdefghij'))
const same = (name: string) => name

test('without focus or pointer on a row, the better answer is shown in its own order', () => {
  expect(holdInPlace(['a', 'b'], ['c', 'a'], same, undefined)).toEqual(['c', 'a'])
})

test('the row in use keeps its place, and the rest of the better answer follows in order', () => {
  fc.assert(
    fc.property(names, names, fc.nat(), (shown, better, at) => {
      const held = shown[at % Math.max(1, shown.length)]
      const rows = holdInPlace(shown, better, same, held)
      expect(rows.filter((name) => name !== held)).toEqual(better.filter((name) => name !== held))
      if (held === undefined) return
      const others = better.filter((name) => name !== held).length
      expect(rows.indexOf(held)).toBe(Math.min(shown.indexOf(held), others))
    }),
  )
})
