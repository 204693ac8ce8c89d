/**
 * @returns the better rows, in their order, except that the row with `heldKey` stays at the index that it has on screen,
 * even if the better rows do not contain it
 */
export function holdInPlace<Row>(
  shown: readonly Row[],
  better: readonly Row[],
  keyOf: (row: Row) => string,
  heldKey: string | undefined,
): readonly Row[] {
  const index = heldKey === undefined ? -1 : shown.findIndex((row) => keyOf(row) === heldKey)
  if (index < 0) return better
  const heldRow = better.find((row) => keyOf(row) === heldKey) ?? shown[index]!
  const others = better.filter((row) => keyOf(row) !== heldKey)
  return [...others.slice(0, index), heldRow, ...others.slice(index)]
}
