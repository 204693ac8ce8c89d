/**
 * Turns the progress lines of a pull into the state of its layers, the download speed and the remaining time.
 * Source: moby pkg/streamformatter, distribution/pull_v2.go and daemon/containerd/progress.go.
 * Seen on 20.10, 26.1 and 28.5.
 */
import type { Bytes } from '../image/image.ts'

/** A line of the response to `POST /images/create`: the fields about progress. */
export interface PullLine {
  readonly id?: string | undefined
  readonly status?: string | undefined
  /** In bytes. While the containerd store extracts a layer, `current` is in seconds and `units` is set. */
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
  readonly state: 'waiting' | 'downloading' | 'downloaded' | 'extracting' | 'done' | 'exists'
  /** Bytes of the compressed layer that are downloaded or, in the state `extracting`, extracted. */
  readonly bytes: Bytes
  readonly total?: Bytes | undefined
}

export interface PullState {
  /** In the order of their first line. Only the classic store reports the base first. */
  readonly layers: readonly LayerPull[]
  readonly digest?: string
  /** Whether the engine downloaded a newer image. Set by the last line. */
  readonly isNew?: boolean
}

export const initialPullState: PullState = { layers: [] }

/** @returns the state after one more line */
export function applyLine(state: PullState, { id, status = '', progressDetail }: PullLine): PullState {
  const digest = /^Digest: (\S+)$/.exec(status)?.[1]
  if (digest !== undefined) return { ...state, digest }
  const outcome = /^Status: (Downloaded newer image|Image is up to date) for /.exec(status)?.[1]
  if (outcome !== undefined)
    return { ...state, layers: state.layers.map(toFinished), isNew: outcome === 'Downloaded newer image' }
  if (id === undefined) return state
  const index = state.layers.findIndex((layer) => layer.id === id)
  const next = nextLayer(state.layers[index] ?? { id, state: 'waiting', bytes: 0 }, status, progressDetail ?? {})
  // Not a layer: the line `Pulling from library/nginx` has the tag as its id.
  if (!next) return state
  return { ...state, layers: index < 0 ? [...state.layers, next] : state.layers.with(index, next) }
}

type Detail = NonNullable<PullLine['progressDetail']>

/** @returns the layer after the line; undefined if the line is not about a layer */
function nextLayer(layer: LayerPull, status: string, detail: Detail): LayerPull | undefined {
  // Ignore late lines about a finished layer.
  if (layer.state === 'done' || layer.state === 'exists') return layer
  if (layer.state === 'extracting' && status !== 'Extracting' && status !== 'Pull complete') return layer
  switch (status) {
    case 'Pulling fs layer':
    case 'Waiting':
      return layer.state === 'waiting' ? layer : { ...layer, state: 'waiting' }
    case 'Downloading':
      return toDownloading(layer, detail)
    case 'Verifying Checksum':
    case 'Download complete':
      return { ...layer, state: 'downloaded', bytes: layer.total ?? layer.bytes }
    case 'Extracting':
      return toExtracting(layer, detail)
    case 'Pull complete':
      return toFinished(layer)
    case 'Already exists':
      return { ...layer, state: 'exists', bytes: layer.total ?? 0 }
  }
  // `Retrying in 5 seconds`, `Already being pulled by another client. Waiting.`
  return /^(Retrying in |Already being pulled)/.test(status) ? { ...layer, state: 'waiting' } : undefined
}

/** After a retry the byte count does not go back: the layer keeps its count until the engine exceeds it. */
function toDownloading(layer: LayerPull, { current = 0, total }: Detail): LayerPull {
  const size = sizeOf(total, layer.bytes) ?? layer.total
  return { ...layer, state: 'downloading', ...withTotal(Math.max(layer.bytes, current), size) }
}

function toExtracting(layer: LayerPull, { current = 0, total, units }: Detail): LayerPull {
  // If the size is unknown, use the number of downloaded bytes.
  const size = layer.total ?? sizeOf(total, layer.bytes) ?? sizeOf(layer.bytes)
  const before = layer.state === 'extracting' ? layer.bytes : 0
  return { ...layer, state: 'extracting', ...withTotal(units === undefined ? Math.max(before, current) : before, size) }
}

const toFinished = (layer: LayerPull): LayerPull =>
  layer.state === 'exists' ? layer : { ...layer, state: 'done', bytes: layer.total ?? layer.bytes }

/** @returns undefined if the size is unknown, which the engine reports as 0 or -1 */
const sizeOf = (reported = 0, min = 0): Bytes | undefined => (reported > 0 ? Math.max(reported, min) : undefined)
const withTotal = (bytes: Bytes, total: Bytes | undefined) =>
  total === undefined ? { bytes } : { bytes: Math.min(bytes, total), total }

export interface PullTotals {
  readonly downloaded: Bytes
  readonly extracted: Bytes
  /** The size of all layers whose size is known. */
  readonly total: Bytes
  /**
   * The number of layers whose size is unknown and that are not downloaded yet. While this is not 0, `total` is
   * incomplete.
   */
  readonly unknown: number
}

/** Sums all layers, except those that already exist locally. */
export function sumLayers(layers: readonly LayerPull[]): PullTotals {
  const totals = { downloaded: 0, extracted: 0, total: 0, unknown: 0 }
  for (const { state, bytes, total } of layers) {
    if (state === 'exists') continue
    totals.total += total ?? (state === 'extracting' || state === 'downloaded' || state === 'done' ? bytes : 0)
    totals.downloaded += state === 'extracting' ? (total ?? bytes) : bytes
    totals.extracted += state === 'extracting' || state === 'done' ? bytes : 0
    if (total === undefined && (state === 'waiting' || state === 'downloading')) totals.unknown++
  }
  return totals
}

/** The number of bytes downloaded at a point in time. */
export interface Sample {
  /** In seconds. */
  readonly at: number
  readonly bytes: Bytes
}

/** The speed is averaged over this time. */
const speedWindowSeconds = 5
/** A speed over a shorter time is not meaningful. */
const minSpeedSeconds = 1

/** Adds a sample and drops those that are too old for the speed. */
export const addSample = (samples: readonly Sample[], next: Sample): readonly Sample[] => [
  ...samples.slice(
    Math.max(
      0,
      samples.findLastIndex(({ at }) => at <= next.at - speedWindowSeconds),
    ),
  ),
  next,
]

/** Bytes per second over the last five seconds. @returns undefined while there are too few samples */
export const recentSpeed = (samples: readonly Sample[], now: number): number | undefined =>
  averageSpeed(samples, now, speedWindowSeconds)

function averageSpeed(samples: readonly Sample[], now: number, windowSeconds: number): number | undefined {
  const first =
    samples[
      Math.max(
        0,
        samples.findLastIndex(({ at }) => at <= now - windowSeconds),
      )
    ]
  const last = samples.at(-1)
  if (!first || !last || now - first.at < minSpeedSeconds) return undefined
  return Math.max(0, last.bytes - first.bytes) / (now - first.at)
}

/**
 * Estimates how many seconds the download still takes.
 * @returns undefined if nothing is left, if the size of a layer is unknown, if there are too few samples, or if the
 * speed changed too much in the last two seconds for a reliable estimate
 */
export function remainingSeconds(totals: PullTotals, samples: readonly Sample[], now: number): number | undefined {
  const [speed, latestSpeed] = [averageSpeed(samples, now, speedWindowSeconds), averageSpeed(samples, now, 2)]
  const remainingBytes = totals.total - totals.downloaded
  if (
    totals.unknown > 0 ||
    remainingBytes <= 0 ||
    !speed ||
    !latestSpeed ||
    latestSpeed < speed / 2 ||
    latestSpeed > speed * 2
  )
    return undefined
  return Math.ceil(remainingBytes / speed)
}
