import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bytesLeft, bytesNeeded, presentLayers } from '../../../model/pull/disk-space.ts'

const MB = 1_000_000

test('unpacked layers take about 2.5 times their compressed size; the containerd store keeps both', () => {
  const layers = [10 * MB, 30 * MB]
  expect(bytesNeeded({ layers, present: 0, store: 'classic' })).toBe(100 * MB)
  expect(bytesNeeded({ layers, present: 0, store: 'containerd' })).toBe(140 * MB)
})

test('layers that already exist need no space', () => {
  const layers = [90 * MB, 4 * MB]
  expect(bytesNeeded({ layers, present: 1, store: 'classic' })).toBe(10 * MB)
  expect(bytesNeeded({ layers, present: 2, store: 'classic' })).toBe(0)
})

test('a running pull reserves the space that it needs, less what it has already written', () => {
  const pull = { needed: 40 * MB, freeAtStart: 100 * MB }
  expect(bytesLeft(100 * MB, [])).toBe(100 * MB)
  expect(bytesLeft(100 * MB, [pull])).toBe(60 * MB)
  expect(bytesLeft(75 * MB, [pull])).toBe(60 * MB)
  expect(bytesLeft(50 * MB, [pull])).toBe(50 * MB)
})

test('the space left for a new pull never exceeds the free space, and is never less with fewer running pulls', () => {
  const reservation = fc.record({ needed: fc.nat(10 ** 11), freeAtStart: fc.nat(10 ** 12) })
  fc.assert(
    fc.property(fc.nat(10 ** 12), fc.nat(10 ** 9), fc.array(reservation), (free, more, pulls) => {
      expect(bytesLeft(free, pulls)).toBeLessThanOrEqual(free)
      expect(bytesLeft(free, pulls.slice(1))).toBeGreaterThanOrEqual(bytesLeft(free, pulls))
      // With running pulls, the same difference in free space may count as written by several of them.
      expect(bytesLeft(free + more, [])).toBe(bytesLeft(free, []) + more)
    }),
  )
})

test('a layer already exists if a local image has it on top of the same layers', () => {
  expect(presentLayers(['a', 'b', 'c'], [])).toBe(0)
  expect(
    presentLayers(
      ['a', 'b', 'c'],
      [
        ['a', 'x'],
        ['a', 'b'],
        ['b', 'c'],
      ],
    ),
  ).toBe(2)
  expect(presentLayers(['a', 'b'], [['a', 'b', 'c']])).toBe(2)
})
