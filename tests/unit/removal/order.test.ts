import fc from 'fast-check'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { runItems } from '../../../main/removal/run-items.ts'
import { predecessorsOf } from '../../../model/removal/order.ts'

/** The layers of each image; undefined where they were not read. */
const forests = fc.array(fc.option(fc.uniqueArray(fc.nat(8), { maxLength: 4 }), { nil: undefined }), { maxLength: 12 })
const orderOf = (forest: readonly (readonly number[] | undefined)[]) =>
  predecessorsOf(
    forest.map((_, at) => String(at)),
    (image) => forest[Number(image)],
  )
const mayShare = (a: readonly number[] = [], b: readonly number[] = []) =>
  a.length === 0 || b.length === 0 || a.some((layer) => b.includes(layer))

describe('images of one removal', () => {
  test('wait for every earlier one that they may share a layer with, and for no other', () => {
    fc.assert(
      fc.property(forests, (forest) => {
        const order = orderOf(forest)
        const waitsFor = (at: number, earlier: number): boolean =>
          order[at]!.includes(earlier) || order[at]!.some((between) => waitsFor(between, earlier))
        forest.forEach((layers, at) => {
          for (let earlier = 0; earlier < at; earlier++)
            expect(!mayShare(layers, forest[earlier]) || waitsFor(at, earlier)).toBe(true)
          for (const earlier of order[at]!) expect(mayShare(layers, forest[earlier])).toBe(true)
        })
      }),
    )
  })

  test('are never worked on at once where they may share a layer; all are done', async () => {
    await fc.assert(
      fc.asyncProperty(forests, async (forest) => {
        const [running, done] = [new Set<number>(), new Set<number>()]
        await runItems(
          orderOf(forest),
          async (at, predecessors) => {
            await predecessors.ended()
            for (const other of running) expect(mayShare(forest[at], forest[other])).toBe(false)
            running.add(at)
            await delay(at % 2)
            running.delete(at)
            done.add(at)
          },
          () => true,
        )
        expect(done.size).toBe(forest.length)
      }),
      { numRuns: 30 },
    )
  })

  test('that wait are told when nothing more should be done', async () => {
    const told: boolean[] = []
    let goesOn = true
    await runItems(
      [[], [0], [1]],
      async (at, predecessors) => {
        told[at] = await predecessors.ended()
        goesOn = false
      },
      () => goesOn,
    )
    expect(told).toEqual([true, false, false])
  })
})
