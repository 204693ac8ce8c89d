/**
 * A pull as the engine tells it, line by line, folded into what a person wants to know: which layers, how far, how fast.
 * Source: moby pkg/streamformatter, distribution/pull_v2.go and daemon/containerd/progress.go; seen on 20.10, 26.1, 28.5.
 */
import type { Bytes } from '../image/image.ts'

/** A line of the answer to `POST /images/create`, as far as it is about progress. */
export interface PullLine {
  readonly id?: string | undefined
  readonly status?: string | undefined
  /** While the containerd store unpacks, `current` is in seconds: `units` says so. */
  readonly progressDetail?:
    | {
        readonly current?: number | undefined
        readonly total?: number | undefined
        readonly units?: string | undefined
      }
    | null
    | undefined
}

export interface LayerPull {
  readonly id: string
  readonly state: 'waiting' | 'downloading' | 'downloaded' | 'extracting' | 'done' | 'here'
  /** Of the compressed layer: downloaded or, while it is extracted, unpacked. */
  readonly bytes: Bytes
  readonly total?: Bytes | undefined
}

export interface PullState {
  /** In the order in which the engine first named them: base first in the classic store only. */
  readonly layers: readonly LayerPull[]
  readonly digest?: string
  /** Known at the end: whether another image came than the one that was here. */
  readonly news?: boolean
}

export const pullBegun: PullState = { layers: [] }

/** The state after one more line. */
export function follow(state: PullState, { id, status = '', progressDetail }: PullLine): PullState {
  const digest = /^Digest: (\S+)$/.exec(status)?.[1]
  if (digest !== undefined) return { ...state, digest }
  const news = /^Status: (Downloaded newer image|Image is up to date) for /.exec(status)?.[1]
  if (news !== undefined)
    return { ...state, layers: state.layers.map(finished), news: news === 'Downloaded newer image' }
  if (id === undefined) return state
  const at = state.layers.findIndex((layer) => layer.id === id)
  const next = step(state.layers[at] ?? { id, state: 'waiting', bytes: 0 }, status, progressDetail ?? {})
  // `Pulling from library/nginx` has an id too, which is the tag.
  if (!next) return state
  return { ...state, layers: at < 0 ? [...state.layers, next] : state.layers.with(at, next) }
}

type Detail = NonNullable<PullLine['progressDetail']>

function step(layer: LayerPull, status: string, detail: Detail): LayerPull | undefined {
  // What is settled stays so, whatever comes late.
  if (layer.state === 'done' || layer.state === 'here') return layer
  if (layer.state === 'extracting' && status !== 'Extracting' && status !== 'Pull complete') return layer
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return layer.state === 'waiting' ? layer : { ...layer, state: 'waiting' }
    case 'Downloading':
      return downloading(layer, detail)
    case 'Verifying Checksum':
    case 'Download complete':
      return { ...layer, state: 'downloaded', bytes: layer.total ?? layer.bytes }
    case 'Extracting':
      return extracting(layer, detail)
    case 'Pull complete':
      return finished(layer)
    case 'Already exists':
      return { ...layer, state: 'here', bytes: layer.total ?? 0 }
  }
  // `Retrying in 5 seconds`, `Already being pulled by another client. Waiting.`
  return /^(Retrying in |Already being pulled)/.test(status) ? { ...layer, state: 'waiting' } : undefined
}

/** What a retry fetches again is no progress: the layer stands where it was until the engine is past that. */
function downloading(layer: LayerPull, { current = 0, total }: Detail): LayerPull {
  const size = sizeOf(total, layer.bytes) ?? layer.total
  return { ...layer, state: 'downloading', ...within(Math.max(layer.bytes, current), size) }
}

function extracting(layer: LayerPull, { current = 0, total, units }: Detail): LayerPull {
  // Where no size was told, the layer is as long as what came of it.
  const size = layer.total ?? sizeOf(total, layer.bytes) ?? sizeOf(layer.bytes)
  const before = layer.state === 'extracting' ? layer.bytes : 0
  return { ...layer, state: 'extracting', ...within(units === undefined ? Math.max(before, current) : before, size) }
}

const finished = (layer: LayerPull): LayerPull =>
  layer.state === 'here' ? layer : { ...layer, state: 'done', bytes: layer.total ?? layer.bytes }

/** The engine writes 0 or -1 where the registry named no length. */
const sizeOf = (told = 0, least = 0): Bytes | undefined => (told > 0 ? Math.max(told, least) : undefined)
const within = (bytes: Bytes, total: Bytes | undefined) =>
  total === undefined ? { bytes } : { bytes: Math.min(bytes, total), total }

export interface WholePull {
  readonly downloaded: Bytes
  readonly extracted: Bytes
  /** Of the layers whose size is known. */
  readonly total: Bytes
  /** How many are still to come in a size that nobody has told: as long as there are any, `total` is not all. */
  readonly unknown: number
}

/** All layers that had to be fetched, taken together. */
export function wholeOf(layers: readonly LayerPull[]): WholePull {
  const whole = { downloaded: 0, extracted: 0, total: 0, unknown: 0 }
  for (const { state, bytes, total } of layers) {
    if (state === 'here') continue
    whole.total += total ?? (state === 'extracting' || state === 'downloaded' || state === 'done' ? bytes : 0)
    whole.downloaded += state === 'extracting' ? (total ?? bytes) : bytes
    whole.extracted += state === 'extracting' || state === 'done' ? bytes : 0
    if (total === undefined && (state === 'waiting' || state === 'downloading')) whole.unknown++
  }
  return whole
}

/** How much had been downloaded at a time, in seconds. */
export interface Sample {
  readonly at: number
  readonly bytes: Bytes
}

/** So many seconds are what *lately* means. */
const lately = 5
/** A speed of less than this time says nothing. */
const least = 1

/** The samples that speed is told by, with one more. */
export const sampled = (samples: readonly Sample[], next: Sample): readonly Sample[] => [
  ...samples.slice(
    Math.max(
      0,
      samples.findLastIndex(({ at }) => at <= next.at - lately),
    ),
  ),
  next,
]

/** Bytes a second lately; nothing while that cannot be told. */
export const speedOf = (samples: readonly Sample[], now: number): number | undefined => speed(samples, now, lately)

function speed(samples: readonly Sample[], now: number, span: number): number | undefined {
  const first =
    samples[
      Math.max(
        0,
        samples.findLastIndex(({ at }) => at <= now - span),
      )
    ]
  const last = samples.at(-1)
  if (!first || !last || now - first.at < least) return undefined
  return Math.max(0, last.bytes - first.bytes) / (now - first.at)
}

/**
 * The seconds that the rest of the download takes at the speed of lately. Nothing where a size is missing, or where the
 * speed of the last two seconds is another than before: an honest answer does not jump.
 */
export function leftOf(whole: WholePull, samples: readonly Sample[], now: number): number | undefined {
  const [long, short] = [speed(samples, now, lately), speed(samples, now, 2)]
  const rest = whole.total - whole.downloaded
  if (whole.unknown > 0 || rest <= 0 || !long || !short || short < long / 2 || short > long * 2) return undefined
  return Math.ceil(rest / long)
}
