import fc from 'fast-check'
import { expect, test } from 'vitest'
import { presentLayers, checkDiskSpace } from '../../../model/pull/disk-space.ts'

const MB = 1_000_000

test('unpacked layers take about 2.5 times their compressed size; the containerd store keeps both', () => {
  const layers = [10 * MB, 30 * MB]
  expect(checkDiskSpace({ layers, present: 0, store: 'classic', free: 100 * MB })).toEqual({
    needed: 100 * MB,
    fits: true,
  })
  expect(checkDiskSpace({ layers, present: 0, store: 'containerd', free: 100 * MB })).toEqual({
    needed: 140 * MB,
    fits: false,
  })
})

test('layers that already exist need no space', () => {
  const layers = [90 * MB, 4 * MB]
  expect(checkDiskSpace({ layers, present: 1, store: 'classic', free: 11 * MB })).toEqual({
    needed: 10 * MB,
    fits: true,
  })
  expect(checkDiskSpace({ layers, present: 2, store: 'classic', free: 0 })).toEqual({ needed: 0, fits: true })
})

test('a pull that leaves little space is allowed, and one that cannot fit is not', () => {
  const tight = { layers: [40 * MB], present: 0, store: 'classic' } as const
  expect(checkDiskSpace({ ...tight, free: 101 * MB }).fits).toBe(true)
  expect(checkDiskSpace({ ...tight, free: 99 * MB }).fits).toBe(false)
})

test('more free space or more existing layers never turn a pull that fits into one that does not', () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 10 ** 11 }), { maxLength: 20 })
  fc.assert(
    fc.property(
      sizes,
      fc.nat(20),
      fc.nat(10 ** 12),
      fc.constantFrom('classic', 'containerd'),
      (layers, present, free, store) => {
        const result = checkDiskSpace({ layers, present, store, free })
        expect(result.fits).toBe(result.needed <= free)
        if (!result.fits) return
        expect(checkDiskSpace({ layers, present, store, free: free + 1 }).fits).toBe(true)
        expect(checkDiskSpace({ layers, present: present + 1, store, free }).fits).toBe(true)
      },
    ),
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
