/** Runs the items of a plan in parallel, as far as their order allows. */

/** The predecessors of an item that is about to run. */
export interface Predecessors {
  /** Waits until all predecessors of the item have ended. @returns whether the item should still be done */
  ended(): Promise<boolean>
  /** Resolves once no predecessor of the item is waiting for its own predecessors any more. */
  started(): Promise<unknown>
}

/** With two CPUs, 20.10 removes 200 images without common layers in 70 % of the sequential time (measured). */
const maxConcurrent = 8

/**
 * Starts items in their order, up to 8 at a time, while `shouldContinue` returns true.
 * @param after for each item, the indices of the earlier items that must end first
 */
export async function runItems(
  after: readonly (readonly number[])[],
  work: (at: number, predecessors: Predecessors) => Promise<void>,
  shouldContinue: () => boolean,
): Promise<void> {
  const started = after.map(() => Promise.withResolvers<void>())
  const ended = after.map(() => Promise.withResolvers<void>())
  let next = 0

  async function worker() {
    while (next < after.length && shouldContinue()) {
      const at = next++
      const all = (events: typeof started) => Promise.all(after[at]!.map((earlier) => events[earlier]!.promise))
      await work(at, {
        started: () => all(started),
        async ended() {
          await all(ended)
          started[at]!.resolve()
          return shouldContinue()
        },
      }).finally(() => {
        started[at]!.resolve()
        ended[at]!.resolve()
      })
    }
  }
  await Promise.all(Array.from({ length: maxConcurrent }, worker))
}
