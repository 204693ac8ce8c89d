/** The items of a plan, side by side as far as they may be. */

export interface Turn {
  /** Resolves once all that the item has to wait for has ended. @returns whether it should still be done */
  comes(): Promise<boolean>
  /** Resolves once what the item has to wait for waits for nothing any more. */
  isNear(): Promise<unknown>
}

/** On two processors 20.10 removes 200 images that share nothing in 0.7 of the time that one after another takes (tried). */
const lanes = 8

/**
 * Works on items in their order, a few at a time, as long as `goesOn`.
 * @param after for each item the earlier ones that have to end first
 */
export async function inLanes(
  after: readonly (readonly number[])[],
  work: (at: number, turn: Turn) => Promise<void>,
  goesOn: () => boolean,
): Promise<void> {
  const came = after.map(() => Promise.withResolvers<void>())
  const ended = after.map(() => Promise.withResolvers<void>())
  let next = 0

  async function lane() {
    while (next < after.length && goesOn()) {
      const at = next++
      const all = (those: typeof came) => Promise.all(after[at]!.map((earlier) => those[earlier]!.promise))
      await work(at, {
        isNear: () => all(came),
        async comes() {
          await all(ended)
          came[at]!.resolve()
          return goesOn()
        },
      }).finally(() => {
        came[at]!.resolve()
        ended[at]!.resolve()
      })
    }
  }
  await Promise.all(Array.from({ length: lanes }, lane))
}
