/**
 * Probes one mirror: whether the mirror has the image, whether the content matches its digests, and how fast it is.
 * Mirrors ban clients that send many requests, so a probe fetches only the image's manifests, its configuration and
 * part of one layer, plus a random digest if the mirror returned wrong content.
 */
import type { Failure, MirrorProbe, RegistryFailure, Result } from '../../preload/contract/index.ts'
import {
  manifestForPlatform,
  type Descriptor,
  type FetchedManifest,
  type UntrustedRegistry,
} from '../registry/index.ts'

export interface ProbeOptions {
  readonly tag: string
  /** Such as `linux/amd64`. */
  readonly platform: string
}

/** Limits for the download that measures the speed. */
const speedTest = { bytes: 8 * 1024 * 1024, seconds: 4 }
/** Layers with fewer bytes are too small to measure a speed. */
const minMeasurableBytes = 256 * 1024
/** Larger configurations are not downloaded; most have a few kilobytes. */
const maxConfigBytes = 1024 * 1024
/** A slower mirror fails with `registry-slow`. */
const minBytesPerSecond = 1024

/**
 * Probes a mirror and reports its progress. Rejects only if the registry's signal is aborted.
 * @param schedule runs the speed measurement, to limit how many run at once
 * @returns the final state: `answered` or `failed`
 */
export async function probeMirror(
  registry: UntrustedRegistry,
  { tag, platform }: ProbeOptions,
  report: (probe: MirrorProbe) => void,
  schedule: <T>(measure: () => Promise<T>) => Promise<T>,
): Promise<MirrorProbe> {
  report({ state: 'asking' })
  const requestedAt = performance.now()
  const topLevelManifest = await registry.manifest(tag)
  if (!topLevelManifest.ok) return failedProbe(await diagnoseFailure(registry, topLevelManifest.error))
  const firstByte = (performance.now() - requestedAt) / 1000
  const { digest } = topLevelManifest.value
  const image = await findConfigAndLayer(registry, topLevelManifest.value, platform)
  if (!image.ok) return failedProbe(await diagnoseFailure(registry, image.error), digest)
  const [config, layer] = image.value
  if (config && config.size <= maxConfigBytes) {
    const download = await registry.blob(config, { bytes: maxConfigBytes, seconds: speedTest.seconds })
    if (!download.ok) return failedProbe(await diagnoseFailure(registry, download.error), digest)
    if (download.value.bytes < config.size) return failedProbe({ code: 'registry-slow', host: registry.host }, digest)
  }
  report({ state: 'measuring', digest, firstByte })
  if (!layer) return { state: 'answered', digest, firstByte, at: now() }
  const measured = await schedule(() => registry.blob(layer, speedTest))
  if (!measured.ok) return failedProbe(await diagnoseFailure(registry, measured.error), digest)
  const { bytes, seconds } = measured.value
  if (bytes < layer.size && bytes / seconds < minBytesPerSecond)
    return failedProbe({ code: 'registry-slow', host: registry.host }, digest)
  const speed = layer.size < minMeasurableBytes ? undefined : Math.round(bytes / Math.max(seconds, 0.001))
  return { state: 'answered', digest, firstByte, at: now(), ...(speed !== undefined && { speed }) }
}

/** @returns the configuration of the platform's image, and the layer to measure the speed with */
async function findConfigAndLayer(
  registry: UntrustedRegistry,
  { manifest }: FetchedManifest,
  platform: string,
): Promise<Result<readonly [Descriptor | undefined, Descriptor | undefined], RegistryFailure>> {
  if (!('manifests' in manifest)) return { ok: true, value: [manifest.config, layerToMeasure(manifest.layers)] }
  const descriptor = manifestForPlatform(manifest.manifests, platform)
  const fetched = descriptor && (await registry.manifest(descriptor.digest))
  if (!fetched) return { ok: true, value: [undefined, undefined] }
  if (!fetched.ok) return fetched
  // The specification allows nested indexes, but they do not occur in practice.
  return 'manifests' in fetched.value.manifest
    ? { ok: true, value: [undefined, undefined] }
    : findConfigAndLayer(registry, fetched.value, platform)
}

/** The largest layer of 1 to 8 MiB, which is downloaded completely and so verified; otherwise the largest layer. */
function layerToMeasure(layers: readonly Descriptor[]): Descriptor | undefined {
  const bySize = layers.toSorted((a, b) => b.size - a.size)
  return bySize.find(({ size }) => size <= speedTest.bytes && size >= 4 * minMeasurableBytes) ?? bySize[0]
}

/**
 * @returns `mirror-accepts-unknown-digest` if the mirror returned wrong content because it accepts any digest;
 * otherwise the failure
 */
async function diagnoseFailure(registry: UntrustedRegistry, failure: RegistryFailure): Promise<RegistryFailure> {
  const isWrongContent =
    failure.code === 'content-altered' || (failure.code === 'registry-invalid-reply' && !failure.page)
  return isWrongContent && (await registry.acceptsUnknownDigest())
    ? { code: 'mirror-accepts-unknown-digest', host: failure.host }
    : failure
}

const failedProbe = (failure: Failure, digest?: string): MirrorProbe => ({
  state: 'failed',
  failure,
  at: now(),
  ...(digest !== undefined && { digest }),
})

const now = () => Math.floor(Date.now() / 1000)
