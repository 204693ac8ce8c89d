/**
 * Replaces the rows on screen with better ones in their order, but keeps the row `held` at its index, even if the
 * better rows do not contain it.
 */
export function holdInPlace<Row>(
  shown: readonly Row[],
  better: readonly Row[],
  keyOf: (row: Row) => string,
  held: string | undefined,
): readonly Row[] {
  const at = held === undefined ? -1 : shown.findIndex((row) => keyOf(row) === held)
  if (at < 0) return better
  const heldRow = better.find((row) => keyOf(row) === held) ?? shown[at]!
  const others = better.filter((row) => keyOf(row) !== held)
  return [...others.slice(0, at), heldRow, ...others.slice(at)]
}
