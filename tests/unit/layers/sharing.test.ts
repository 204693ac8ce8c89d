import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ByteRange } from '../../../model/layers/sizes.ts'
import { Sharing, type SharingChange, type SharingImage } from '../../../model/layers/sharing.ts'

const told = (change: Partial<SharingChange>): SharingChange => ({
  from: 0,
  sizes: [],
  ranges: [],
  images: [],
  gone: [],
  cached: 0,
  ...change,
})
function sharing(sizes: number[], images: SharingImage[], more: Partial<SharingChange> = {}) {
  const sharing = new Sharing()
  sharing.apply(told({ sizes, images, ...more }))
  return sharing
}
const image = (id: string, units: number[]): SharingImage => ({ id, size: 1000, units })
const exact = (size: number) => ({ min: size, max: size })

test('an image frees what it alone holds, and what several share goes with the last of them', () => {
  const two = sharing([100, 10, 1], [image('a', [0, 1]), image('b', [0, 2])])
  expect(two.of(['a'])).toMatchObject({ frees: exact(10), sharedWithStaying: exact(100), sharedAmong: exact(0) })
  expect(two.of(['a', 'b'])).toMatchObject({
    frees: exact(111),
    sharedAmong: exact(100),
    total: exact(111),
    rows: [
      { id: 'a', own: exact(10) },
      { id: 'b', own: exact(1) },
    ],
  })
  expect(two.ofImage('a')).toEqual({ unique: exact(10), shared: exact(100) })
})

test('what a container holds stays, also when its image is selected, hidden or gone from every list', () => {
  const three = sharing([100, 10, 1], [image('a', [0, 1]), image('b', [0, 2]), { ...image('h', [0]), hidden: true }])
  expect(three.of(['a', 'b'], new Set(['a']))).toMatchObject({ frees: exact(1), rows: [{ own: exact(0) }, {}] })
  expect(three.of(['a', 'b'], new Set(['h'])).frees).toEqual(exact(11))
  expect(three.of(['a', 'b'], new Set(['never read'])).frees).toEqual({ min: 0, max: 111 })
})

test('as long as another image is not read, what a set frees is only bounded', () => {
  const unread: SharingImage = { id: 'u', size: 500 }
  const half = sharing([100, 10], [image('a', [0, 1]), unread])
  expect(half.complete).toBe(false)
  expect(half.of(['a']).frees).toEqual({ min: 0, max: 110 })
  expect(half.of(['a', 'u']).frees).toEqual({ min: 110, max: 610 })
  half.apply(told({ images: [image('u', [0])] }))
  expect(half.of(['a']).frees).toEqual(exact(10))
})

test('layers that an image stands on and does not keep go with the last that keeps them', () => {
  const two = sharing([100, 10, 1], [image('keeps', [0, 1]), { ...image('stands', [2]), borrowed: [0] }])
  expect(two.of(['keeps']).frees).toEqual(exact(110))
  expect(two.of(['stands'])).toMatchObject({ frees: exact(1), sharedWithStaying: exact(100) })
  expect(two.of(['stands', 'keeps'])).toMatchObject({ frees: exact(111), sharedAmong: exact(0), total: exact(111) })
  expect(two.of(['stands', 'keeps'], new Set(['stands']))).toMatchObject({ frees: exact(10) })
  expect(two.ofImage('stands')).toEqual({ unique: exact(1), shared: exact(100) })
  expect(two.sharers([0]).get(0)).toEqual(['keeps', 'stands'])
  two.apply(told({ gone: ['keeps'] }))
  // They are gone until they are unpacked again.
  expect(two.of(['stands'])).toMatchObject({ frees: exact(1), sharedWithStaying: exact(0) })
  expect(two.ofImage('stands')).toEqual({ unique: exact(1), shared: exact(0) })
})

test("with BuildKit's cache present, some of it may stay", () => {
  const cached = sharing([100, 10], [image('a', [0, 1])], { cached: 30 })
  expect(cached.of(['a'])).toMatchObject({ frees: { min: 80, max: 110 }, mayStay: 30 })
  expect(cached.of([])).toMatchObject({ frees: exact(0), mayStay: 0 })
})

test('two layers of which only the sum is known are freed together to the byte', () => {
  const ranges = [
    [0, 0, 30],
    [1, 0, 30],
  ] as const
  const open = sharing([0, 0], [{ ...image('a', [0, 1]), total: 30 }], { ranges })
  expect(open.of(['a']).frees).toEqual(exact(30))
  open.apply(told({ images: [image('b', [0])] }))
  expect(open.of(['a']).frees).toEqual({ min: 0, max: 30 })
})

const graphs = fc
  .array(fc.record({ true: fc.nat(50), below: fc.nat(20), above: fc.nat(20), open: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  })
  .chain((units) => {
    const indices = fc.uniqueArray(fc.nat(units.length - 1), { maxLength: units.length })
    return fc.record({
      units: fc.constant(units),
      images: fc.array(fc.tuple(indices, indices), { minLength: 1, maxLength: 8 }),
      chosen: fc.array(fc.nat(7), { maxLength: 8 }),
      held: fc.array(fc.nat(7), { maxLength: 2 }),
      ranged: fc.boolean(),
    })
  })

const without = <T>(all: ReadonlySet<T>, taken: ReadonlySet<T>) => [...all].filter((one) => !taken.has(one))
const within = (size: number, { min, max }: ByteRange) => {
  expect(size).toBeGreaterThanOrEqual(min)
  expect(size).toBeLessThanOrEqual(max)
}
const add = (ranges: readonly ByteRange[]) =>
  ranges.reduce((sum, range) => ({ min: sum.min + range.min, max: sum.max + range.max }), exact(0))

test('in any graph of layers a set frees what its members free one after another, and the rows add up', () => {
  fc.assert(
    fc.property(graphs, ({ units, images, chosen, held, ranged }) => {
      const sizes = units.map((unit) => unit.true)
      const ranges = units.flatMap(({ true: size, below, above, open }, at) =>
        ranged && open ? [[at, Math.max(0, size - below), size + above] as const] : [],
      )
      const all = images.map(([own, lent], at) => ({
        ...image(`i${at}`, own),
        units: own,
        borrowed: lent.filter((unit) => !own.includes(unit)),
        total: own.reduce((sum, unit) => sum + sizes[unit]!, 0),
      }))
      const names = (numbers: readonly number[]) => new Set(numbers.map((at) => `i${at % all.length}`))
      const [set, kept] = [[...names(chosen)], names(held)]
      const graph = sharing(sizes, all, { ranges })
      const sum = graph.of(set, kept)

      const remain = new Set(all.filter(({ id }) => !set.includes(id) || kept.has(id)).flatMap(({ units }) => units))
      const inUse = all.filter(({ id }) => kept.has(id)).flatMap(({ borrowed }) => borrowed)
      const staying = new Set([...remain, ...inUse])
      const going = new Set(all.filter(({ id }) => set.includes(id)).flatMap(({ units }) => units))
      // What the set stands on counts as well, where somebody keeps it.
      const lent = all.filter(({ id }) => set.includes(id)).flatMap(({ borrowed }) => borrowed)
      for (const unit of lent) if (staying.has(unit)) going.add(unit)
      const bytes = (some: Iterable<number>) => [...some].reduce((sum, unit) => sum + sizes[unit]!, 0)
      within(bytes(without(going, staying)), sum.frees)
      within(bytes([...going].filter((unit) => staying.has(unit))), sum.sharedWithStaying)
      within(bytes(going), sum.total)
      expect(add([...sum.rows.map(({ own }) => own), sum.sharedAmong])).toEqual(sum.frees)

      if (ranged) return
      expect(sum.frees).toEqual(exact(bytes(without(going, staying))))
      let freed = 0
      for (const id of set.filter((id) => !kept.has(id))) {
        freed += graph.of([id], kept).frees.min
        graph.apply(told({ gone: [id] }))
      }
      expect(freed).toBe(sum.frees.min)
      expect(graph.of(all.map(({ id }) => id)).total).toEqual(exact(bytes(remain)))
    }),
    { numRuns: 500 },
  )
})
