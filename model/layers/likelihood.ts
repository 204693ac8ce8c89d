/**
 * Chooses the likeliest of a layer's possible sizes.
 *
 * RUN, COPY and ADD make a layer; ENV, CMD and similar instructions hardly ever do. There are exceptions: after a base
 * made by `docker import --change 'WORKDIR /app'`, the classic builder's next step always makes a layer, because its
 * container creates the folder. So the likely size is only displayed; plans use the bounds.
 *
 * The `SharedSize` of images is not a source: the engine and Slipway cannot count the same images at the same moment,
 * and a wrong size would never be corrected. `tests/engine/layers/sizes.test.ts` compares the sizes with it.
 */
import type { Bytes } from '../image/image.ts'
import { align, type Alignment } from './alignment.ts'
import { isSetting, parseInstruction } from './instruction.ts'
import { isExact, possibleAlignments, type ImageLayers, type Domain, type LayerSizes } from './sizes.ts'

export interface LikelyLayer {
  /** Index of the history entry that probably made the layer; absent if the history does not cover the layer. */
  readonly entry?: number
  /** Within the layer's bounds; absent if no history covers the layer. */
  readonly size?: Bytes
}

/** Costs for an entry of size 0. Only their order matters. */
interface EmptyEntryCosts {
  /** The cost of assuming that the entry made a layer. */
  readonly makes: number
  /** The cost of assuming that the entry made no layer. */
  readonly skips: number
}
type CostsOf = (createdBy: string) => EmptyEntryCosts

const settingCosts: EmptyEntryCosts = { makes: 100, skips: 0 }
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
  if (step.verb !== 'WORKDIR') return { makes: 0, skips: isBuildKit ? 50 : 3 }
  return step.text === '/' ? { makes: 10, skips: 0 } : { makes: 0, skips: isBuildKit ? 10 : 1 }
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
  const possible = cheapestAlignment(image, domains, costsOf, (k, j) => sizeCosts[j]?.(history[k]!.size) ?? 0)
  const isConsistent = possible.cost < Infinity
  const layerEntries = (isConsistent ? possible : closestAlignment(image, costsOf)).cheapest()
  return domains.map((domain, j): LikelyLayer => {
    const entry = layerEntries[j]
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
  const possible = possibleAlignments(image, domains)
  // There is nothing to guess if the entry has a size, or if the engine reports whether the entry made a layer.
  const guessCost = (k: number, guess: keyof EmptyEntryCosts) =>
    history[k]!.size > 0 || history[k]!.empty !== undefined ? 0 : costsOf(history[k]!.createdBy)[guess]
  return align(history.length, chain.length, {
    makes: (k, j) => possible.makes(k, j) + guessCost(k, 'makes') + extraCost(k, j),
    skips: (k) => possible.skips(k) + guessCost(k, 'skips'),
    ends: (j, coversAll) => possible.ends(j, coversAll) + uncoveredCost * (chain.length - j),
  })
}

/** Aligns a history that contradicts its image as well as possible. The result is displayed without sizes. */
function closestAlignment({ history, chain }: ImageLayers, costsOf: CostsOf): Alignment {
  return align(history.length, chain.length, {
    makes: (k) =>
      history[k]!.empty === true ? Infinity : history[k]!.size > 0 ? 0 : costsOf(history[k]!.createdBy).makes,
    skips: (k) =>
      history[k]!.size > 0 || history[k]!.empty === false ? contradictionCost : costsOf(history[k]!.createdBy).skips,
    ends: (j) => uncoveredCost * (chain.length - j),
  })
}

type SizeCost = (size: Bytes) => number

/** @returns for each layer of unknown size, how much each size costs in the other images that have the layer */
function sizeCostsOfOthers(
  sizes: LayerSizes,
  image: ImageLayers,
  domains: readonly Domain[],
  costsOf: CostsOf,
): (SizeCost | undefined)[] {
  const costs = domains.map(() => [] as SizeCost[])
  const others = sizes.unresolvedWith(image.chain).filter(({ id }) => id !== image.id)
  for (const other of others.slice(0, maxOtherImages)) {
    const alignment = cheapestAlignment(
      other,
      other.chain.map((layer) => sizes.domain(layer)),
      costsOf,
    )
    if (alignment.cost === Infinity) continue
    // A chain id covers all layers below it, so shared layers are always the first layers of both images.
    for (let j = 0; j < alignment.alwaysCovered && other.chain[j] === image.chain[j]; j++)
      if (!isExact(domains[j]!)) costs[j]!.push(sizeCostOf(other, alignment, j))
  }
  return costs.map((sizeCosts) =>
    sizeCosts.length === 0 ? undefined : (size) => sizeCosts.reduce((sum, costOf) => sum + costOf(size), 0),
  )
}

function sizeCostOf({ history }: ImageLayers, alignment: Alignment, layer: number): SizeCost {
  const costs = new Map<Bytes, number>()
  for (let k = layer; k < history.length; k++) {
    const cost = alignment.through(k, layer) - alignment.cost
    const { size } = history[k]!
    if (cost < (costs.get(size) ?? Infinity)) costs.set(size, cost)
  }
  return (size) => costs.get(size) ?? uncoveredCost
}
