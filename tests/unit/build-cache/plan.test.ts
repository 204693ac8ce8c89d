import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSamePlan, planCacheRemoval, type CacheRecord } from '../../../model/build-cache/plan.ts'

const record = (id: string, overrides: Partial<CacheRecord> = {}): CacheRecord => ({
  ...{ id, description: `step ${id}`, size: 100, inUse: false, shared: false, parents: [] },
  ...overrides,
})
const plan = planCacheRemoval
const ids = (rows: readonly { readonly id: string }[]) => rows.map(({ id }) => id)

test('records that no build and no image uses are removed, children before parents', () => {
  const records = [record('base'), record('middle', { parents: ['base'] }), record('top', { parents: ['middle'] })]
  expect(ids(plan(records).deletes)).toEqual(['top', 'middle', 'base'])
  expect(plan(records).frees).toBe(300)
})

test('records that a build uses or an image shares are kept, and so are their parents', () => {
  const { deletes, stays, frees } = plan([
    record('base'),
    record('used', { parents: ['base'], inUse: true }),
    record('shared', { shared: true }),
    record('alone', { size: 7 }),
  ])
  expect(ids(deletes)).toEqual(['alone'])
  expect(new Map(stays.map(({ id, reason }) => [id, reason]))).toEqual(
    new Map([
      ['base', 'needed'],
      ['used', 'in-use'],
      ['shared', 'shared'],
    ]),
  )
  expect(frees).toBe(7)
})

test('a parent that is not listed is ignored, and a chain of 20,000 records can be planned', () => {
  expect(ids(plan([record('a', { parents: ['gone'] })]).deletes)).toEqual(['a'])
  const chain = Array.from({ length: 20_000 }, (_, index) =>
    record(`${index}`, { parents: index > 0 ? [`${index - 1}`] : [] }),
  )
  expect(plan(chain).deletes[0]?.id).toBe('19999')
})

test('two plans are the same if they remove the same records with the same size and last use', () => {
  const [a, b] = [record('a'), record('b')]
  expect(isSamePlan(plan([a, b]), plan([b, a]))).toBe(true)
  expect(isSamePlan(plan([a, b]), plan([a]))).toBe(false)
  expect(isSamePlan(plan([a]), plan([{ ...a, size: 101 }]))).toBe(false)
  expect(isSamePlan(plan([a]), plan([{ ...a, lastUsed: 1 }]))).toBe(false)
})

describe('for any cache', () => {
  const records = fc
    .array(
      fc.record({
        size: fc.nat(10 ** 9),
        inUse: fc.boolean(),
        shared: fc.boolean(),
        parents: fc.array(fc.nat(40), { maxLength: 3 }),
      }),
      { maxLength: 30 },
    )
    .map((all) =>
      // A parent is always older than its child, or not listed.
      all.map(({ parents, ...rest }, index) =>
        record(`${index}`, { ...rest, parents: parents.map((parent) => (parent < index ? `${parent}` : 'gone')) }),
      ),
    )

  test('each record is in the plan once, the rows add up to the headline, and no record in use or shared is removed', () => {
    fc.assert(
      fc.property(records, (all) => {
        const { deletes, stays, frees } = plan(all)
        expect([...ids(deletes), ...ids(stays)].sort()).toEqual(ids(all).sort())
        expect(deletes.reduce((sum, { size }) => sum + size, 0)).toBe(frees)
        const byId = new Map(all.map((item) => [item.id, item]))
        expect(deletes.filter(({ id }) => byId.get(id)?.inUse || byId.get(id)?.shared)).toEqual([])
      }),
    )
  })

  test('no record is removed before its children', () => {
    fc.assert(
      fc.property(records, (all) => {
        const { deletes } = plan(all)
        const position = new Map(deletes.map(({ id }, index) => [id, index]))
        const removedTooEarly = deletes.filter(({ id }) =>
          all.some((child) => child.parents.includes(id) && (position.get(child.id) ?? Infinity) > position.get(id)!),
        )
        expect(removedTooEarly).toEqual([])
      }),
    )
  })
})
