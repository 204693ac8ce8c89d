/** Finds the cheapest alignment of an image's history entries with its layers. */

/** The cost of each step of an alignment; `Infinity` if the step is impossible. */
export interface Costs {
  /** The cost of assuming that history entry `entry` made layer `layer`. */
  makes(entry: number, layer: number): number
  /** The cost of assuming that history entry `entry` made no layer. */
  skips(entry: number): number
  /**
   * The cost of assuming that the history ends before layer `layer`. If the history covers all layers, `layer` is their
   * number.
   * @param coversAll whether at least one alignment assigns an entry to every layer
   */
  ends(layer: number, coversAll: boolean): number
}

export interface Alignment {
  /** The cost of the cheapest alignment; `Infinity` if none is possible. */
  readonly cost: number
  /** The cost of the cheapest alignment in which entry `entry` made layer `layer`. */
  through(entry: number, layer: number): number
  /** The number of layers, counted from the base, that have an entry in every possible alignment. */
  readonly alwaysCovered: number
  /** The entry of each layer in the cheapest alignment, base first. Earlier entries win ties. */
  cheapest(): number[]
}

/**
 * Uses dynamic programming. `before[k, j]` is the lowest cost of aligning the first `k` entries with the first `j`
 * layers; `after[k, j]` is the lowest cost of aligning the remaining entries with the remaining layers.
 */
export function align(entries: number, layers: number, { makes, skips, ends }: Costs): Alignment {
  const width = layers + 1
  const at = (entry: number, layer: number) => entry * width + layer
  const table = () => new Float64Array((entries + 1) * width).fill(Infinity)
  // `j` is at most `k`: each layer needs an entry.
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
  const coversAll = before[at(entries, layers)]! < Infinity
  for (let j = 0; j <= layers; j++) if (before[at(entries, j)]! < Infinity) after[at(entries, j)] = ends(j, coversAll)
  const costAsLayer = (k: number, j: number) => (j < layers ? makes(k, j) + after[at(k + 1, j + 1)]! : Infinity)
  for (let k = entries - 1; k >= 0; k--)
    for (let j = 0; j <= Math.min(k, layers); j++)
      after[at(k, j)] = Math.min(costAsLayer(k, j), skips(k) + after[at(k + 1, j)]!)

  return {
    cost: after[0]!,
    through: (entry, layer) => before[at(entry, layer)]! + costAsLayer(entry, layer),
    alwaysCovered: Math.max(
      0,
      after.subarray(at(entries, 0)).findIndex((cost) => cost < Infinity),
    ),
    cheapest() {
      const layerEntries: number[] = []
      for (let k = 0; k < entries && layerEntries.length < layers; k++)
        if (costAsLayer(k, layerEntries.length) <= after[at(k, layerEntries.length)]!) layerEntries.push(k)
      return layerEntries
    },
  }
}
