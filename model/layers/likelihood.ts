/**
 * Chooses the likeliest of a layer's possible sizes.
 *
 * RUN, COPY and ADD make a layer; ENV, CMD and similar instructions hardly ever do. There are exceptions: after a base
 * made by `docker import --change 'WORKDIR /app'`, the classic builder's next step always makes a layer, because its
 * container creates the folder. So the likely size is only displayed; plans use the bounds.
 */
import type { Bytes } from '../image/image.ts'
import { align, type Alignment } from './alignment.ts'
import { instruction, isSetting } from './instruction.ts'
import { isExact, possibleAlignments, type Anatomy, type Domain, type LayerSizes } from './sizes.ts'

export interface LikelyLayer {
  /** Index of the history entry that made the layer; absent if the history does not cover the layer. */
  readonly entry?: number
  /** Within the layer's bounds; absent if no history covers the layer. */
  readonly size?: Bytes
}

/** Costs of assuming that an entry of size 0 made a layer, or made none. Only their order matters. */
interface EmptyEntryCosts {
  readonly layer: number
  readonly none: number
}
type CostsOf = (createdBy: string) => EmptyEntryCosts

const setting: EmptyEntryCosts = { layer: 100, none: 0 }
/** Cost of a layer that the history does not cover, and of a size that does not occur in another image's history. */
const uncoveredCost = 1000
/** Limits the time: thousands of images on one base mostly have the same history. */
const maxOtherImages = 200
/** Cost of a step that contradicts the image. */
const contradictionCost = 1_000_000

export function emptyEntryCosts(createdBy: string): EmptyEntryCosts {
  const step = instruction(createdBy)
  if (isSetting(step)) return setting
  // The classic builder omits a layer without changes (moby image/image.go, NewChildImage); BuildKit keeps it.
  const isBuildKit = /^(?:RUN|COPY|ADD|WORKDIR)\s|# buildkit\s*$/.test(createdBy)
  if (step.verb !== 'WORKDIR') return { layer: 0, none: isBuildKit ? 50 : 3 }
  return step.text === '/' ? { layer: 10, none: 0 } : { layer: 0, none: isBuildKit ? 10 : 1 }
}

/**
 * @returns the likely size of each layer, base first. The histories of other images with the same layers count, too.
 */
export function likelyLayers(sizes: LayerSizes, image: Anatomy): LikelyLayer[] {
  const cache = new Map<string, EmptyEntryCosts>()
  const costsOf: CostsOf = (createdBy) => {
    const emptyEntryCost = cache.get(createdBy) ?? emptyEntryCosts(createdBy)
    cache.set(createdBy, emptyEntryCost)
    return emptyEntryCost
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
  image: Anatomy,
  domains: readonly Domain[],
  costsOf: CostsOf,
  extraCost: (entry: number, layer: number) => number = () => 0,
): Alignment {
  const { history, chain } = image
  const possible = possibleAlignments(image, domains)
  // An entry with a size made a layer, and the engine may report whether an entry did: then there is no doubt.
  const emptyEntryCost = (k: number, side: keyof EmptyEntryCosts) =>
    history[k]!.size > 0 || history[k]!.empty !== undefined ? 0 : costsOf(history[k]!.createdBy)[side]
  return align(history.length, chain.length, {
    makes: (k, j) => possible.makes(k, j) + emptyEntryCost(k, 'layer') + extraCost(k, j),
    skips: (k) => possible.skips(k) + emptyEntryCost(k, 'none'),
    ends: (j, reachable) => possible.ends(j, reachable) + uncoveredCost * (chain.length - j),
  })
}

/** The likeliest entry of each layer for a history that contradicts its image. Only for display, without sizes. */
function closestAlignment({ history, chain }: Anatomy, costsOf: CostsOf): Alignment {
  return align(history.length, chain.length, {
    makes: (k) =>
      history[k]!.empty === true ? Infinity : history[k]!.size > 0 ? 0 : costsOf(history[k]!.createdBy).layer,
    skips: (k) =>
      history[k]!.size > 0 || history[k]!.empty === false ? contradictionCost : costsOf(history[k]!.createdBy).none,
    ends: (j) => uncoveredCost * (chain.length - j),
  })
}

type SizeCost = (size: Bytes) => number

/** @returns for each layer of unknown size, the cost of each size according to the other images with this layer */
function sizeCostsOfOthers(
  sizes: LayerSizes,
  image: Anatomy,
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
  return costs.map((each) =>
    each.length === 0 ? undefined : (size) => each.reduce((sum, costOf) => sum + costOf(size), 0),
  )
}

function sizeCostOf({ history }: Anatomy, alignment: Alignment, layer: number): SizeCost {
  const costs = new Map<Bytes, number>()
  for (let k = layer; k < history.length; k++) {
    const cost = alignment.through(k, layer) - alignment.cost
    const { size } = history[k]!
    if (cost < (costs.get(size) ?? Infinity)) costs.set(size, cost)
  }
  return (size) => costs.get(size) ?? uncoveredCost
}
