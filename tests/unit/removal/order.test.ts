import fc from 'fast-check'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { runItems } from '../../../main/removal/run-items.ts'
import { predecessorsOf } from '../../../model/removal/order.ts'

/** The layers of each image, or undefined if they were not read. */
const forests = fc.array(fc.option(fc.uniqueArray(fc.nat(8), { maxLength: 4 }), { nil: undefined }), { maxLength: 12 })
const orderOf = (forest: readonly (readonly number[] | undefined)[]) =>
  predecessorsOf(
    forest.map((_, index) => String(index)),
    (image) => forest[Number(image)],
  )
const mayShare = (a: readonly number[] = [], b: readonly number[] = []) =>
  a.length === 0 || b.length === 0 || a.some((layer) => b.includes(layer))

describe('images of one removal', () => {
  test('wait for every earlier image that may share a layer with them, and directly for no other', () => {
    fc.assert(
      fc.property(forests, (forest) => {
        const order = orderOf(forest)
        const waitsFor = (index: number, earlier: number): boolean =>
          order[index]!.includes(earlier) || order[index]!.some((predecessor) => waitsFor(predecessor, earlier))
        forest.forEach((layers, index) => {
          for (let earlier = 0; earlier < index; earlier++)
            expect(!mayShare(layers, forest[earlier]) || waitsFor(index, earlier)).toBe(true)
          for (const earlier of order[index]!) expect(mayShare(layers, forest[earlier])).toBe(true)
        })
      }),
    )
  })

  test('are never removed at the same time if they may share a layer, and all are removed', async () => {
    await fc.assert(
      fc.asyncProperty(forests, async (forest) => {
        const [running, removed] = [new Set<number>(), new Set<number>()]
        await runItems(
          orderOf(forest),
          async (index, predecessors) => {
            await predecessors.ended()
            for (const other of running) expect(mayShare(forest[index], forest[other])).toBe(false)
            running.add(index)
            await delay(index % 2)
            running.delete(index)
            removed.add(index)
          },
          () => true,
        )
        expect(removed.size).toBe(forest.length)
      }),
      { numRuns: 30 },
    )
  })

  test('are told, once the images that they waited for are done, whether to continue', async () => {
    const mayContinue: boolean[] = []
    let canContinue = true
    await runItems(
      [[], [0], [1]],
      async (index, predecessors) => {
        mayContinue[index] = await predecessors.ended()
        canContinue = false
      },
      () => canContinue,
    )
    expect(mayContinue).toEqual([true, false, false])
  })
})
