/**
 * @returns the rows `next`, except that the row with `heldKey` stays at its index in `shown`, even if `next` does not
 * contain it
 */
export function holdInPlace<Row>(
  shown: readonly Row[],
  next: readonly Row[],
  keyOf: (row: Row) => string,
  heldKey: string | undefined,
): readonly Row[] {
  const index = heldKey === undefined ? -1 : shown.findIndex((row) => keyOf(row) === heldKey)
  if (index < 0) return next
  const heldRow = next.find((row) => keyOf(row) === heldKey) ?? shown[index]!
  const others = next.filter((row) => keyOf(row) !== heldKey)
  return [...others.slice(0, index), heldRow, ...others.slice(index)]
}
