/**
 * Which of the possible sizes of a layer is the likely one.
 *
 * RUN, COPY and ADD make a layer; ENV, CMD and their like hardly ever do. It is no law: after a base made by
 * `docker import --change 'WORKDIR /app'` the classic builder's next step makes one, whatever it is, because its
 * container creates the folder. So a likely size is shown, and sums that are promised rest on the bounds.
 */
import type { Bytes } from '../image/image.ts'
import { align, type Alignment } from './alignment.ts'
import { instruction, isSetting } from './instruction.ts'
import { isExact, possibleWays, type Anatomy, type Domain, type LayerSizes } from './sizes.ts'

export interface LikelyLayer {
  /** The entry of the history that made the layer; absent if the history does not tell of it. */
  readonly entry?: number
  /** Within the layer's bounds; absent if no history tells anything about it. */
  readonly size?: Bytes
}

/** How unlikely it is that an entry of size 0 made a layer, and that it made none. The numbers only rank. */
interface Doubts {
  readonly layer: number
  readonly none: number
}
type DoubtsOf = (createdBy: string) => Doubts

const setting: Doubts = { layer: 100, none: 0 }
/** Against a layer that the history does not tell of, and against a size that another image's history has not. */
const untold = 1000
/** Thousands of images on one base mostly repeat each other, and the user waits. */
const maxOpinions = 200
/** Against a history that contradicts its image. */
const contradiction = 1_000_000

export function doubts(createdBy: string): Doubts {
  const step = instruction(createdBy)
  if (isSetting(step)) return setting
  // The classic builder leaves a layer without changes out (moby image/image.go, NewChildImage); BuildKit keeps it.
  const buildkit = /^(?:RUN|COPY|ADD|WORKDIR)\s|# buildkit\s*$/.test(createdBy)
  if (step.verb !== 'WORKDIR') return { layer: 0, none: buildkit ? 50 : 3 }
  return step.text === '/' ? { layer: 10, none: 0 } : { layer: 0, none: buildkit ? 10 : 1 }
}

/** The likely size of each of an image's layers, base first. Other images that share a layer have a say in it. */
export function likelyLayers(sizes: LayerSizes, image: Anatomy): LikelyLayer[] {
  const known = new Map<string, Doubts>()
  const doubtsOf: DoubtsOf = (createdBy) => {
    const doubt = known.get(createdBy) ?? doubts(createdBy)
    known.set(createdBy, doubt)
    return doubt
  }
  const { history, chain } = image
  const domains = chain.map((layer) => sizes.domain(layer))
  const said = opinions(sizes, image, domains, doubtsOf)
  const likely = cheapestWays(image, domains, doubtsOf, (k, j) => said[j]?.(history[k]!.size) ?? 0)
  const believed = likely.cost < Infinity
  const made = (believed ? likely : closestWays(image, doubtsOf)).cheapest()
  return domains.map((domain, j): LikelyLayer => {
    const entry = made[j]
    const size = isExact(domain) ? domain.min : believed && entry !== undefined ? history[entry]!.size : undefined
    return { ...(entry !== undefined && { entry }), ...(size !== undefined && { size }) }
  })
}

function cheapestWays(
  image: Anatomy,
  domains: readonly Domain[],
  doubtsOf: DoubtsOf,
  against: (entry: number, layer: number) => number = () => 0,
): Alignment {
  const { history, chain } = image
  const possible = possibleWays(image, domains)
  // Where the engine tells whether an entry made a layer, or bytes do, there is no doubt.
  const doubt = (k: number, side: keyof Doubts) =>
    history[k]!.size > 0 || history[k]!.empty !== undefined ? 0 : doubtsOf(history[k]!.createdBy)[side]
  return align(history.length, chain.length, {
    makes: (k, j) => possible.makes(k, j) + doubt(k, 'layer') + against(k, j),
    skips: (k) => possible.skips(k) + doubt(k, 'none'),
    ends: (j, reachable) => possible.ends(j, reachable) + untold * (chain.length - j),
  })
}

/** Of a history that contradicts its image: what most likely made each layer, for showing, without sizes. */
function closestWays({ history, chain }: Anatomy, doubtsOf: DoubtsOf): Alignment {
  return align(history.length, chain.length, {
    makes: (k) =>
      history[k]!.empty === true ? Infinity : history[k]!.size > 0 ? 0 : doubtsOf(history[k]!.createdBy).layer,
    skips: (k) =>
      history[k]!.size > 0 || history[k]!.empty === false ? contradiction : doubtsOf(history[k]!.createdBy).none,
    ends: (j) => untold * (chain.length - j),
  })
}

type Opinion = (size: Bytes) => number

/** For each open layer, how unlikely the other images that hold it find each of its sizes. */
function opinions(
  sizes: LayerSizes,
  image: Anatomy,
  domains: readonly Domain[],
  doubtsOf: DoubtsOf,
): (Opinion | undefined)[] {
  const said = domains.map(() => [] as Opinion[])
  const others = sizes.waitingFor(image.chain).filter(({ id }) => id !== image.id)
  for (const other of others.slice(0, maxOpinions)) {
    const ways = cheapestWays(
      other,
      other.chain.map((layer) => sizes.domain(layer)),
      doubtsOf,
    )
    if (ways.cost === Infinity) continue
    // A chain id names all layers below it, too: what two images share are the first layers of both.
    for (let j = 0; j < ways.shortest && other.chain[j] === image.chain[j]; j++)
      if (!isExact(domains[j]!)) said[j]!.push(opinionOn(other, ways, j))
  }
  return said.map((each) =>
    each.length === 0 ? undefined : (size) => each.reduce((sum, opinion) => sum + opinion(size), 0),
  )
}

function opinionOn({ history }: Anatomy, ways: Alignment, layer: number): Opinion {
  const costs = new Map<Bytes, number>()
  for (let k = layer; k < history.length; k++) {
    const cost = ways.through(k, layer) - ways.cost
    const { size } = history[k]!
    if (cost < (costs.get(size) ?? Infinity)) costs.set(size, cost)
  }
  return (size) => costs.get(size) ?? untold
}
