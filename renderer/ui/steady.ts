/**
 * A better answer in place of one that is on screen: in its own order, but that the thing the user is at stays where
 * it stands, also where the better answer does not know it.
 */
export function steadily<Thing>(
  shown: readonly Thing[],
  better: readonly Thing[],
  keyOf: (thing: Thing) => string,
  held: string | undefined,
): readonly Thing[] {
  const at = held === undefined ? -1 : shown.findIndex((thing) => keyOf(thing) === held)
  if (at < 0) return better
  const kept = better.find((thing) => keyOf(thing) === held) ?? shown[at]!
  const others = better.filter((thing) => keyOf(thing) !== held)
  return [...others.slice(0, at), kept, ...others.slice(at)]
}
