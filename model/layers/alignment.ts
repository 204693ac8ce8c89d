/** The ways to lay an image's history along its layers, each with a cost. */

/** What one step costs. `Infinity` is a way that cannot be. */
export interface Costs {
  /** Entry `entry` of the history made layer `layer`. */
  makes(entry: number, layer: number): number
  /** Entry `entry` made no layer. */
  skips(entry: number): number
  /** The history ends before layer `layer`. `reachable` tells whether any way tells of all layers. */
  ends(layer: number, reachable: boolean): number
}

export interface Alignment {
  /** The cost of the cheapest way; `Infinity` if there is none. */
  readonly cost: number
  /** The cost of the cheapest way in which entry `entry` made layer `layer`. */
  through(entry: number, layer: number): number
  /** How many layers, from the base up, every way tells of. */
  readonly shortest: number
  /** The entry that made each layer in the cheapest way, for the layers that it tells of. Earlier entries win ties. */
  cheapest(): number[]
}

/**
 * Ways are not counted one by one: what it costs to tell of the first `j` layers by the first `k` entries, and of the
 * rest by the rest, is enough to know what each entry costs as the maker of each layer.
 */
export function align(entries: number, layers: number, { makes, skips, ends }: Costs): Alignment {
  const width = layers + 1
  const at = (entry: number, layer: number) => entry * width + layer
  const table = () => new Float64Array((entries + 1) * width).fill(Infinity)
  // A way has no more layers than entries; there are never enough entries left for more layers than `layers`.
  const before = table()
  before[0] = 0
  for (let k = 0; k < entries; k++)
    for (let j = 0; j <= Math.min(k, layers); j++) {
      const cost = before[at(k, j)]!
      if (cost === Infinity) continue
      before[at(k + 1, j)] = Math.min(before[at(k + 1, j)]!, cost + skips(k))
      if (j < layers) before[at(k + 1, j + 1)] = Math.min(before[at(k + 1, j + 1)]!, cost + makes(k, j))
    }

  const after = table()
  const reachable = before[at(entries, layers)]! < Infinity
  for (let j = 0; j <= layers; j++) if (before[at(entries, j)]! < Infinity) after[at(entries, j)] = ends(j, reachable)
  const asLayer = (k: number, j: number) => (j < layers ? makes(k, j) + after[at(k + 1, j + 1)]! : Infinity)
  for (let k = entries - 1; k >= 0; k--)
    for (let j = 0; j <= Math.min(k, layers); j++)
      after[at(k, j)] = Math.min(asLayer(k, j), skips(k) + after[at(k + 1, j)]!)

  return {
    cost: after[0]!,
    through: (entry, layer) => before[at(entry, layer)]! + asLayer(entry, layer),
    shortest: Math.max(
      0,
      after.subarray(at(entries, 0)).findIndex((cost) => cost < Infinity),
    ),
    cheapest() {
      const made: number[] = []
      for (let k = 0; k < entries && made.length < layers; k++)
        if (asLayer(k, made.length) <= after[at(k, made.length)]!) made.push(k)
      return made
    },
  }
}
