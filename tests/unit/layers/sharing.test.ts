import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ByteRange } from '../../../model/layers/sizes.ts'
import { Sharing, type SharingChange, type SharingImage } from '../../../model/layers/sharing.ts'

const sharingChange = (change: Partial<SharingChange>): SharingChange => ({
  from: 0,
  sizes: [],
  ranges: [],
  images: [],
  gone: [],
  cached: 0,
  ...change,
})
function createSharing(sizes: number[], images: SharingImage[], overrides: Partial<SharingChange> = {}) {
  const sharing = new Sharing()
  sharing.apply(sharingChange({ sizes, images, ...overrides }))
  return sharing
}
const image = (id: string, units: number[]): SharingImage => ({ id, size: 1000, units })
const exact = (size: number) => ({ min: size, max: size })

test('an image frees the units that only it has, and shared units are freed with the last image that has them', () => {
  const graph = createSharing([100, 10, 1], [image('a', [0, 1]), image('b', [0, 2])])
  expect(graph.of(['a'])).toMatchObject({ frees: exact(10), sharedWithStaying: exact(100), sharedAmong: exact(0) })
  expect(graph.of(['a', 'b'])).toMatchObject({
    frees: exact(111),
    sharedAmong: exact(100),
    total: exact(111),
    rows: [
      { id: 'a', ownBytes: exact(10) },
      { id: 'b', ownBytes: exact(1) },
    ],
  })
  expect(graph.ofImage('a')).toEqual({ unique: exact(10), shared: exact(100) })
})

test('the layers that a container uses stay, even if its image is selected, hidden or was never read', () => {
  const graph = createSharing(
    [100, 10, 1],
    [image('a', [0, 1]), image('b', [0, 2]), { ...image('h', [0]), hidden: true }],
  )
  expect(graph.of(['a', 'b'], new Set(['a']))).toMatchObject({ frees: exact(1), rows: [{ ownBytes: exact(0) }, {}] })
  expect(graph.of(['a', 'b'], new Set(['h'])).frees).toEqual(exact(11))
  expect(graph.of(['a', 'b'], new Set(['never read'])).frees).toEqual({ min: 0, max: 111 })
})

test('while another image has not been read, the freed space is only a range', () => {
  const unread: SharingImage = { id: 'u', size: 500 }
  const graph = createSharing([100, 10], [image('a', [0, 1]), unread])
  expect(graph.complete).toBe(false)
  expect(graph.of(['a']).frees).toEqual({ min: 0, max: 110 })
  expect(graph.of(['a', 'u']).frees).toEqual({ min: 110, max: 610 })
  graph.apply(sharingChange({ images: [image('u', [0])] }))
  expect(graph.of(['a']).frees).toEqual(exact(10))
})

test('layers that an image borrows are freed with the last image that keeps them', () => {
  const graph = createSharing([100, 10, 1], [image('owner', [0, 1]), { ...image('borrower', [2]), borrowed: [0] }])
  expect(graph.of(['owner']).frees).toEqual(exact(110))
  expect(graph.of(['borrower'])).toMatchObject({ frees: exact(1), sharedWithStaying: exact(100) })
  expect(graph.of(['borrower', 'owner'])).toMatchObject({ frees: exact(111), sharedAmong: exact(0), total: exact(111) })
  expect(graph.of(['borrower', 'owner'], new Set(['borrower']))).toMatchObject({ frees: exact(10) })
  expect(graph.ofImage('borrower')).toEqual({ unique: exact(1), shared: exact(100) })
  expect(graph.sharers([0]).get(0)).toEqual(['owner', 'borrower'])
  graph.apply(sharingChange({ gone: ['owner'] }))
  // The borrowed layers are gone until the engine unpacks them again.
  expect(graph.of(['borrower'])).toMatchObject({ frees: exact(1), sharedWithStaying: exact(0) })
  expect(graph.ofImage('borrower')).toEqual({ unique: exact(1), shared: exact(0) })
})

test('if there is build cache, it may retain some of the bytes', () => {
  const graph = createSharing([100, 10], [image('a', [0, 1])], { cached: 30 })
  expect(graph.of(['a'])).toMatchObject({ frees: { min: 80, max: 110 }, maxRetained: 30 })
  expect(graph.of([])).toMatchObject({ frees: exact(0), maxRetained: 0 })
})

test('if only the sum of two layers is known, an image with both layers frees exactly this sum', () => {
  const ranges = [
    [0, 0, 30],
    [1, 0, 30],
  ] as const
  const graph = createSharing([0, 0], [{ ...image('a', [0, 1]), total: 30 }], { ranges })
  expect(graph.of(['a']).frees).toEqual(exact(30))
  graph.apply(sharingChange({ images: [image('b', [0])] }))
  expect(graph.of(['a']).frees).toEqual({ min: 0, max: 30 })
})

const graphs = fc
  .array(fc.record({ size: fc.nat(50), below: fc.nat(20), above: fc.nat(20), hasRange: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((units) => {
    const indices = fc.uniqueArray(fc.nat(units.length - 1), { maxLength: units.length })
    return fc.record({
      units: fc.constant(units),
      images: fc.array(fc.tuple(indices, indices), { minLength: 1, maxLength: 8 }),
      selected: fc.array(fc.nat(7), { maxLength: 8 }),
      used: fc.array(fc.nat(7), { maxLength: 2 }),
      hasRanges: fc.boolean(),
    })
  })

const difference = <T>(all: ReadonlySet<T>, excluded: ReadonlySet<T>) => [...all].filter((item) => !excluded.has(item))
const expectWithin = (size: number, { min, max }: ByteRange) => {
  expect(size).toBeGreaterThanOrEqual(min)
  expect(size).toBeLessThanOrEqual(max)
}
const addRanges = (ranges: readonly ByteRange[]) =>
  ranges.reduce((sum, range) => ({ min: sum.min + range.min, max: sum.max + range.max }), exact(0))

test('in any graph of layers, images removed together free as much as one after another, and the rows add up', () => {
  fc.assert(
    fc.property(graphs, ({ units, images, selected, used, hasRanges }) => {
      const sizes = units.map((unit) => unit.size)
      const ranges = units.flatMap(({ size, below, above, hasRange }, index) =>
        hasRanges && hasRange ? [[index, Math.max(0, size - below), size + above] as const] : [],
      )
      const sharingImages = images.map(([own, borrowed], index) => ({
        ...image(`i${index}`, own),
        units: own,
        borrowed: borrowed.filter((unit) => !own.includes(unit)),
        total: own.reduce((sum, unit) => sum + sizes[unit]!, 0),
      }))
      const idsAt = (numbers: readonly number[]) => new Set(numbers.map((index) => `i${index % sharingImages.length}`))
      const [selectedIds, usedIds] = [[...idsAt(selected)], idsAt(used)]
      const graph = createSharing(sizes, sharingImages, { ranges })
      const impact = graph.of(selectedIds, usedIds)

      const keptUnits = new Set(
        sharingImages.filter(({ id }) => !selectedIds.includes(id) || usedIds.has(id)).flatMap(({ units }) => units),
      )
      const borrowedByUsed = sharingImages.filter(({ id }) => usedIds.has(id)).flatMap(({ borrowed }) => borrowed)
      const stayingUnits = new Set([...keptUnits, ...borrowedByUsed])
      const selectedUnits = new Set(
        sharingImages.filter(({ id }) => selectedIds.includes(id)).flatMap(({ units }) => units),
      )
      // A unit that a selected image borrows counts too if the unit stays.
      const borrowed = sharingImages.filter(({ id }) => selectedIds.includes(id)).flatMap(({ borrowed }) => borrowed)
      for (const unit of borrowed) if (stayingUnits.has(unit)) selectedUnits.add(unit)
      const bytesOf = (units: Iterable<number>) => [...units].reduce((sum, unit) => sum + sizes[unit]!, 0)
      expectWithin(bytesOf(difference(selectedUnits, stayingUnits)), impact.frees)
      expectWithin(bytesOf([...selectedUnits].filter((unit) => stayingUnits.has(unit))), impact.sharedWithStaying)
      expectWithin(bytesOf(selectedUnits), impact.total)
      expect(addRanges([...impact.rows.map(({ ownBytes }) => ownBytes), impact.sharedAmong])).toEqual(impact.frees)

      if (hasRanges) return
      expect(impact.frees).toEqual(exact(bytesOf(difference(selectedUnits, stayingUnits))))
      let freed = 0
      for (const id of selectedIds.filter((id) => !usedIds.has(id))) {
        freed += graph.of([id], usedIds).frees.min
        graph.apply(sharingChange({ gone: [id] }))
      }
      expect(freed).toBe(impact.frees.min)
      expect(graph.of(sharingImages.map(({ id }) => id)).total).toEqual(exact(bytesOf(keptUnits)))
    }),
    { numRuns: 500 },
  )
})
