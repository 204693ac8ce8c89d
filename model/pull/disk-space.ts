/** Estimates whether a pull fits on the engine's disk. Registries report compressed sizes only. */
import type { Bytes } from '../image/image.ts'
import type { Digest } from '../layers/sizes.ts'

export interface ImageDownload {
  /** The compressed size of each layer, base first. */
  readonly layers: readonly Bytes[]
  /** How many of the layers the engine already has, counted from the base. */
  readonly present: number
  readonly store: 'classic' | 'containerd'
}

/** Unpacked layers are usually two to three times as large as their gzip. */
const unpackedRatio = 2.5

/**
 * With this much free space, the check is skipped: no common image needs more, and Docker Hub counts each GET of a
 * manifest against the pull rate limit.
 * @see https://docs.docker.com/docker-hub/usage/pulls/
 */
export const ampleDiskSpaceBytes: Bytes = 50_000_000_000

/** Estimates the bytes that a pull needs. The containerd store keeps the compressed layers as well. */
export function bytesNeeded({ layers, present, store }: ImageDownload): Bytes {
  const compressed = layers.slice(present).reduce((sum, size) => sum + size, 0)
  return Math.round(compressed * (store === 'containerd' ? unpackedRatio + 1 : unpackedRatio))
}

/** The disk space of a running pull. */
export interface Reservation {
  readonly needed: Bytes
  /** Free bytes when the pull started. */
  readonly freeAtStart: Bytes
}

/**
 * Estimates the free bytes that running pulls leave for another one. Disk space that was used since a pull started
 * counts as used by that pull.
 */
export const bytesLeft = (free: Bytes, running: Iterable<Reservation>): Bytes =>
  [...running].reduce(
    (left, { needed, freeAtStart }) => left - Math.max(0, needed - Math.max(0, freeAtStart - free)),
    free,
  )

/**
 * Counts the layers of an image, from the base, that a local image has as well. A layer is shared only if all layers
 * below it are.
 * @see OCI image-spec, config.md, "Layer ChainID"
 */
export function presentLayers(diffIds: readonly Digest[], images: Iterable<readonly Digest[]>): number {
  let present = 0
  for (const layers of images) {
    const firstDifference = diffIds.findIndex((diffId, index) => layers[index] !== diffId)
    present = Math.max(present, firstDifference < 0 ? diffIds.length : firstDifference)
  }
  return present
}
