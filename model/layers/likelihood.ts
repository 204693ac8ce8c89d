/**
 * Chooses the likeliest of a layer's possible sizes.
 *
 * RUN, COPY and ADD make a layer; ENV, CMD and similar instructions hardly ever do. There are exceptions: after a base
 * made by `docker import --change 'WORKDIR /app'`, the classic builder's next step always makes a layer, because its
 * container creates the folder. So the likely size is only displayed; plans use the bounds.
 *
 * The `SharedSize` that the engine reports for an image is not used: the engine and Slipway cannot count the same images at
 * the same moment, and a wrong size would never be corrected. `tests/engine/layers/sizes.test.ts` compares the computed
 * sizes with `SharedSize`.
 */
import type { Bytes } from '../image/image.ts'
import { align, type Alignment } from './alignment.ts'
import { isSetting, parseInstruction } from './instruction.ts'
import { isExact, possibilityCosts, type ImageLayers, type Domain, type LayerSizes } from './sizes.ts'

export interface LikelyLayer {
  /** Index of the history entry that probably made the layer; absent if the history does not cover the layer. */
  readonly entry?: number
  /** Within the layer's bounds. Absent if the size is not exact and the history has no usable entry for the layer. */
  readonly size?: Bytes
}

/** Costs for an entry of size 0. The cheaper assumption is the likelier one. */
interface EmptyEntryCosts {
  /** The cost of assuming that the entry made a layer. */
  readonly make: number
  /** The cost of assuming that the entry made no layer. */
  readonly skip: number
}
type CostsOf = (createdBy: string) => EmptyEntryCosts

const settingCosts: EmptyEntryCosts = { make: 100, skip: 0 }
/** Cost of a layer that the history does not cover, and of a size that does not occur in another image's history. */
const uncoveredCost = 1000
/** Limits the time. Thousands of images with the same base usually have the same history up to the base's last layer. */
const maxOtherImages = 200
/** Cost of a step that contradicts the image. */
const contradictionCost = 1_000_000

export function emptyEntryCosts(createdBy: string): EmptyEntryCosts {
  const step = parseInstruction(createdBy)
  if (isSetting(step)) return settingCosts
  // The classic builder omits a layer without changes (moby image/image.go, NewChildImage); BuildKit keeps it.
  const isBuildKit = /^(?:RUN|COPY|ADD|WORKDIR)\s|# buildkit\s*$/.test(createdBy)
  if (step.verb !== 'WORKDIR') return { make: 0, skip: isBuildKit ? 50 : 3 }
  return step.text === '/' ? { make: 10, skip: 0 } : { make: 0, skip: isBuildKit ? 10 : 1 }
}

/**
 * @returns the likely entry and size of each layer, base first. The histories of other images with the same layers are
 * taken into account.
 */
export function likelyLayers(sizes: LayerSizes, image: ImageLayers): LikelyLayer[] {
  const cache = new Map<string, EmptyEntryCosts>()
  const costsOf: CostsOf = (createdBy) => {
    const costs = cache.get(createdBy) ?? emptyEntryCosts(createdBy)
    cache.set(createdBy, costs)
    return costs
  }
  const { history, chain } = image
  const domains = chain.map((layer) => sizes.domain(layer))
  const sizeCosts = sizeCostsOfOthers(sizes, image, domains, costsOf)
  const possibleAlignment = cheapestAlignment(
    image,
    domains,
    costsOf,
    (entry, layer) => sizeCosts[layer]?.(history[entry]!.size) ?? 0,
  )
  const isConsistent = possibleAlignment.cost < Infinity
  const layerEntries = (isConsistent ? possibleAlignment : closestAlignment(image, costsOf)).cheapestEntries()
  return domains.map((domain, layer): LikelyLayer => {
    const entry = layerEntries[layer]
    const size = isExact(domain) ? domain.min : isConsistent && entry !== undefined ? history[entry]!.size : undefined
    return { ...(entry !== undefined && { entry }), ...(size !== undefined && { size }) }
  })
}

function cheapestAlignment(
  image: ImageLayers,
  domains: readonly Domain[],
  costsOf: CostsOf,
  extraCost: (entry: number, layer: number) => number = () => 0,
): Alignment {
  const { history, chain } = image
  const possibleCosts = possibilityCosts(image, domains)
  // There is nothing to guess if the entry has a size, or if the engine reports whether the entry made a layer.
  const guessCost = (entry: number, guess: keyof EmptyEntryCosts) =>
    history[entry]!.size > 0 || history[entry]!.empty !== undefined ? 0 : costsOf(history[entry]!.createdBy)[guess]
  return align(history.length, chain.length, {
    make: (entry, layer) => possibleCosts.make(entry, layer) + guessCost(entry, 'make') + extraCost(entry, layer),
    skip: (entry) => possibleCosts.skip(entry) + guessCost(entry, 'skip'),
    end: (layer, coversAll) => possibleCosts.end(layer, coversAll) + uncoveredCost * (chain.length - layer),
  })
}

/** Finds the best alignment if a history contradicts its image. The sizes in such a history are not displayed. */
function closestAlignment({ history, chain }: ImageLayers, costsOf: CostsOf): Alignment {
  return align(history.length, chain.length, {
    make: (entry) =>
      history[entry]!.empty === true
        ? Infinity
        : history[entry]!.size > 0
          ? 0
          : costsOf(history[entry]!.createdBy).make,
    skip: (entry) =>
      history[entry]!.size > 0 || history[entry]!.empty === false
        ? contradictionCost
        : costsOf(history[entry]!.createdBy).skip,
    end: (layer) => uncoveredCost * (chain.length - layer),
  })
}

type SizeCost = (size: Bytes) => number

/**
 * @returns for each layer whose size is not exact: a function that returns how much a size costs in the other images that
 * have the layer; undefined for the other layers, and if no other image has a usable history
 */
function sizeCostsOfOthers(
  sizes: LayerSizes,
  image: ImageLayers,
  domains: readonly Domain[],
  costsOf: CostsOf,
): (SizeCost | undefined)[] {
  const costs = domains.map(() => [] as SizeCost[])
  const others = sizes.imagesWithInexact(image.chain).filter(({ id }) => id !== image.id)
  for (const other of others.slice(0, maxOtherImages)) {
    const alignment = cheapestAlignment(
      other,
      other.chain.map((layer) => sizes.domain(layer)),
      costsOf,
    )
    if (alignment.cost === Infinity) continue
    // A chain id covers all layers below it, so shared layers are always the first layers of both images.
    for (let layer = 0; layer < alignment.alwaysCovered && other.chain[layer] === image.chain[layer]; layer++)
      if (!isExact(domains[layer]!)) costs[layer]!.push(sizeCostOf(other, alignment, layer))
  }
  return costs.map((sizeCosts) =>
    sizeCosts.length === 0 ? undefined : (size) => sizeCosts.reduce((sum, costOf) => sum + costOf(size), 0),
  )
}

function sizeCostOf({ history }: ImageLayers, alignment: Alignment, layer: number): SizeCost {
  const costs = new Map<Bytes, number>()
  for (let entry = layer; entry < history.length; entry++) {
    const cost = alignment.costThrough(entry, layer) - alignment.cost
    const { size } = history[entry]!
    if (cost < (costs.get(size) ?? Infinity)) costs.set(size, cost)
  }
  return (size) => costs.get(size) ?? uncoveredCost
}
