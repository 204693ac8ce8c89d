/** Finds the cheapest alignment of an image's history entries with its layers. */

/** The cost of each step of an alignment; `Infinity` if the step is impossible. */
export interface Costs {
  /** The cost of assuming that history entry `entry` made layer `layer`. */
  make(entry: number, layer: number): number
  /** The cost of assuming that history entry `entry` made no layer. */
  skip(entry: number): number
  /**
   * The cost of assuming that the history ends before layer `layer`. If the history covers all layers, `layer` is their
   * number.
   * @param coversAll whether at least one alignment assigns an entry to every layer
   */
  end(layer: number, coversAll: boolean): number
}

export interface Alignment {
  /** The cost of the cheapest alignment; `Infinity` if none is possible. */
  readonly cost: number
  /** The cost of the cheapest alignment in which entry `entry` made layer `layer`. */
  costThrough(entry: number, layer: number): number
  /** The number of layers, counted from the base, that have an entry in every possible alignment. */
  readonly alwaysCovered: number
  /** The entry of each layer in the cheapest alignment, base first. Earlier entries win ties. */
  cheapestEntries(): number[]
}

/**
 * Uses dynamic programming. `before[entry, layer]` is the lowest cost of aligning all entries before `entry` with all
 * layers before `layer`; `after[entry, layer]` is the lowest cost of aligning the remaining entries with the remaining
 * layers.
 */
export function align(entryCount: number, layerCount: number, { make, skip, end }: Costs): Alignment {
  const width = layerCount + 1
  const cell = (entry: number, layer: number) => entry * width + layer
  const createTable = () => new Float64Array((entryCount + 1) * width).fill(Infinity)
  // `layer` is at most `entry`: each layer needs an entry.
  const before = createTable()
  before[0] = 0
  for (let entry = 0; entry < entryCount; entry++)
    for (let layer = 0; layer <= Math.min(entry, layerCount); layer++) {
      const cost = before[cell(entry, layer)]!
      if (cost === Infinity) continue
      const [skipped, made] = [cell(entry + 1, layer), cell(entry + 1, layer + 1)]
      before[skipped] = Math.min(before[skipped]!, cost + skip(entry))
      if (layer < layerCount) before[made] = Math.min(before[made]!, cost + make(entry, layer))
    }

  const after = createTable()
  const coversAll = before[cell(entryCount, layerCount)]! < Infinity
  for (let layer = 0; layer <= layerCount; layer++)
    if (before[cell(entryCount, layer)]! < Infinity) after[cell(entryCount, layer)] = end(layer, coversAll)
  const costAsLayer = (entry: number, layer: number) =>
    layer < layerCount ? make(entry, layer) + after[cell(entry + 1, layer + 1)]! : Infinity
  for (let entry = entryCount - 1; entry >= 0; entry--)
    for (let layer = 0; layer <= Math.min(entry, layerCount); layer++)
      after[cell(entry, layer)] = Math.min(costAsLayer(entry, layer), skip(entry) + after[cell(entry + 1, layer)]!)

  return {
    cost: after[0]!,
    costThrough: (entry, layer) => before[cell(entry, layer)]! + costAsLayer(entry, layer),
    alwaysCovered: Math.max(
      0,
      after.subarray(cell(entryCount, 0)).findIndex((cost) => cost < Infinity),
    ),
    cheapestEntries() {
      const layerEntries: number[] = []
      for (let entry = 0; entry < entryCount && layerEntries.length < layerCount; entry++)
        if (costAsLayer(entry, layerEntries.length) <= after[cell(entry, layerEntries.length)]!)
          layerEntries.push(entry)
      return layerEntries
    },
  }
}
