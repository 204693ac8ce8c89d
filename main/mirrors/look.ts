/**
 * The look at one mirror: does it have the image, is what it gives what its digests say, how fast is it. As few
 * requests as that takes: those who are asked too often ban (the image's manifests, its configuration, a piece of one
 * layer; and, only where something is wrong, a digest that nobody has).
 */
import type { Failure, MirrorProbe, RegistryFailure, Result } from '../../preload/contract/index.ts'
import { forPlatform, type Descriptor, type Guest, type Seen } from '../registry/index.ts'

export interface Wish {
  readonly tag: string
  /** `linux/amd64` */
  readonly platform: string
}

/** So much of a layer tells the speed, and for so long at most. */
const most = { bytes: 8 * 1024 * 1024, seconds: 4 }
/** Less is over before a speed shows. */
const least = 256 * 1024
/** A configuration is some kilobytes; a large one is not worth its bytes. */
const largestConfig = 1024 * 1024
/** Whoever gives less than this in a second gives nothing. */
const slowest = 1024

/** Rejects only where the guest's signal was aborted. `inTurn` runs what loads the line. */
export async function look(
  guest: Guest,
  { tag, platform }: Wish,
  tell: (probe: MirrorProbe) => void,
  inTurn: <T>(work: () => Promise<T>) => Promise<T>,
): Promise<MirrorProbe> {
  tell({ state: 'asking' })
  const asked = performance.now()
  const top = await guest.manifest(tag)
  if (!top.ok) return failed(await whatIsWrong(guest, top.error))
  const firstByte = (performance.now() - asked) / 1000
  const { digest } = top.value
  const image = await ofPlatform(guest, top.value, platform)
  if (!image.ok) return failed(await whatIsWrong(guest, image.error), digest)
  const [config, layer] = image.value
  if (config && config.size <= largestConfig) {
    const read = await guest.blob(config, { bytes: largestConfig, seconds: most.seconds })
    if (!read.ok) return failed(await whatIsWrong(guest, read.error), digest)
    if (read.value.bytes < config.size) return failed({ code: 'registry-slow', host: guest.host }, digest)
  }
  tell({ state: 'measuring', digest, firstByte })
  if (!layer) return { state: 'answered', digest, firstByte, at: now() }
  const measured = await inTurn(() => guest.blob(layer, most))
  if (!measured.ok) return failed(await whatIsWrong(guest, measured.error), digest)
  const { bytes, seconds } = measured.value
  if (bytes < layer.size && bytes / seconds < slowest)
    return failed({ code: 'registry-slow', host: guest.host }, digest)
  const speed = layer.size < least ? undefined : Math.round(bytes / Math.max(seconds, 0.001))
  return { state: 'answered', digest, firstByte, at: now(), ...(speed !== undefined && { speed }) }
}

/** The configuration and the layer to measure with, of the platform's image. */
async function ofPlatform(
  guest: Guest,
  { manifest }: Seen,
  platform: string,
): Promise<Result<readonly [Descriptor | undefined, Descriptor | undefined], RegistryFailure>> {
  if (!('manifests' in manifest)) return { ok: true, value: [manifest.config, layerToMeasure(manifest.layers)] }
  const one = forPlatform(manifest.manifests, platform)
  const seen = one && (await guest.manifest(one.digest))
  if (!seen) return { ok: true, value: [undefined, undefined] }
  if (!seen.ok) return seen
  // An index within an index is allowed, and nobody has one.
  return 'manifests' in seen.value.manifest
    ? { ok: true, value: [undefined, undefined] }
    : ofPlatform(guest, seen.value, platform)
}

/** The largest that comes whole, as it can be hashed; else the largest. */
function layerToMeasure(layers: readonly Descriptor[]): Descriptor | undefined {
  const bySize = layers.toSorted((a, b) => b.size - a.size)
  return bySize.find(({ size }) => size <= most.bytes && size >= 4 * least) ?? bySize[0]
}

/** Whoever gives other bytes than were asked for may say yes to everything. */
async function whatIsWrong(guest: Guest, failure: RegistryFailure): Promise<RegistryFailure> {
  const odd = failure.code === 'content-altered' || (failure.code === 'registry-nonsense' && !failure.page)
  return odd && (await guest.saysAnything()) ? { code: 'mirror-says-anything', host: failure.host } : failure
}

const failed = (failure: Failure, digest?: string): MirrorProbe => ({
  state: 'failed',
  failure,
  at: now(),
  ...(digest !== undefined && { digest }),
})

const now = () => Math.floor(Date.now() / 1000)
