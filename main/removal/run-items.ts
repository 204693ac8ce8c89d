/** Runs the items of a plan in parallel, as far as their order allows. */

/** Lets an item wait for the earlier items that it depends on. */
export interface Predecessors {
  /** Waits until all predecessors have ended. @returns whether the item should still run */
  ended(): Promise<boolean>
  /** Resolves once every predecessor has ended, or has finished waiting for its own predecessors. */
  started(): Promise<unknown>
}

/** With two CPUs, 20.10 removes 200 images without common layers in 70 % of the sequential time (measured). */
const maxConcurrent = 8

/**
 * Starts items in their order, up to 8 at a time, while `shouldContinue` returns true.
 * @param predecessors for each item, the indices of the earlier items that must end first; `work` waits for them
 */
export async function runItems(
  predecessors: readonly (readonly number[])[],
  work: (index: number, predecessors: Predecessors) => Promise<void>,
  shouldContinue: () => boolean,
): Promise<void> {
  const started = predecessors.map(() => Promise.withResolvers<void>())
  const ended = predecessors.map(() => Promise.withResolvers<void>())
  let next = 0

  async function worker() {
    while (next < predecessors.length && shouldContinue()) {
      const index = next++
      const waitFor = (events: typeof started) =>
        Promise.all(predecessors[index]!.map((earlier) => events[earlier]!.promise))
      await work(index, {
        started: () => waitFor(started),
        async ended() {
          await waitFor(ended)
          started[index]!.resolve()
          return shouldContinue()
        },
      }).finally(() => {
        started[index]!.resolve()
        ended[index]!.resolve()
      })
    }
  }
  await Promise.all(Array.from({ length: maxConcurrent }, worker))
}
