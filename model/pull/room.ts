/** Whether a pull fits on the engine's disk. Registries name compressed sizes alone, so what is needed is an estimate. */
import type { Bytes } from '../image/image.ts'
import type { Digest } from '../layers/sizes.ts'

export interface RoomQuestion {
  /** The compressed size of each layer, base first. */
  readonly layers: readonly Bytes[]
  /** How many of them, from the base, the engine has already. */
  readonly present: number
  readonly store: 'classic' | 'containerd'
  readonly free: Bytes
}

/** Unpacked layers are usually two to three times as large as their gzip. */
const unpackedRatio = 2.5

/**
 * With so much free, the registry is not asked: no usual image needs it, and Docker Hub counts each GET of a manifest
 * against the limit for pulls.
 * @see https://docs.docker.com/docker-hub/usage/pulls/
 */
export const plentyOfRoom: Bytes = 50_000_000_000

/** What a pull adds to the disk, as an estimate, and whether that is free. The containerd store keeps compressed layers too. */
export function roomFor({ layers, present, store, free }: RoomQuestion): {
  readonly needed: Bytes
  readonly fits: boolean
} {
  const compressed = layers.slice(present).reduce((sum, size) => sum + size, 0)
  const needed = Math.round(compressed * (store === 'containerd' ? unpackedRatio + 1 : unpackedRatio))
  return { needed, fits: needed <= free }
}

/**
 * How many layers of an image, from the base, some image here has too: a layer is stored on top of its parents.
 * @see OCI image-spec, config.md, "Layer ChainID"
 */
export function presentLayers(diffIds: readonly Digest[], images: Iterable<readonly Digest[]>): number {
  let present = 0
  for (const layers of images) {
    const differs = diffIds.findIndex((diffId, at) => layers[at] !== diffId)
    present = Math.max(present, differs < 0 ? diffIds.length : differs)
  }
  return present
}
