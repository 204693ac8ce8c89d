/** Loads a multi-platform image into the containerd store, as an OCI archive. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { imageConfig } from '../../../tools/world/images.ts'
import { layerTar } from '../../../tools/world/layers.ts'
import { tarEnd, tarFile } from '../../../tools/world/tar.ts'

export interface MultiPlatformImage {
  /** A familiar name, such as `multi:1`. */
  readonly reference: string
  /** The architectures that the index lists. */
  readonly architectures: readonly string[]
  /** The architectures whose content is in the archive. Default: all. */
  readonly present?: readonly string[]
}

/** @returns the digest of each architecture's layer, for the listed architectures */
export async function loadMultiPlatformImage(
  docker: Docker,
  image: MultiPlatformImage,
): Promise<ReadonlyMap<string, string>> {
  const { reference, architectures, present = architectures } = image
  const blobs = new Map<string, Buffer>()
  const layers = new Map<string, string>()
  /**
   * Adds the blob to the archive if `present` contains its architecture, or if the architecture is `any`.
   * @returns the blob's descriptor, even if the blob is not added
   */
  const addBlob = (architecture: string, bytes: Buffer, mediaType: string) => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    if (present.includes(architecture) || architecture === 'any') blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const addJson = (architecture: string, value: unknown, mediaType: string) =>
    addBlob(architecture, Buffer.from(JSON.stringify(value)), mediaType)

  const manifests = architectures.map((architecture) => {
    const step = { instruction: `COPY ${reference} ${architecture} /`, bytes: 30_000, noise: true }
    const layer = addBlob(architecture, Buffer.concat([...layerTar(step)]), 'application/vnd.oci.image.layer.v1.tar')
    layers.set(architecture, layer.digest)
    const spec = { references: [], steps: [step], created: new Date(1_700_000_000_000), architecture }
    const config = addJson(architecture, imageConfig(spec, [layer.digest]), 'application/vnd.oci.image.config.v1+json')
    const type = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = { schemaVersion: 2, mediaType: type, config, layers: [layer] }
    return { ...addJson(architecture, manifest, type), platform: { os: 'linux', architecture } }
  })
  const attestation = {
    ...addJson('none', { schemaVersion: 2, made: reference }, 'application/vnd.oci.image.manifest.v1+json'),
    ...{ platform: { os: 'unknown', architecture: 'unknown' } },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  }
  const type = 'application/vnd.oci.image.index.v1+json'
  const index = addJson('any', { schemaVersion: 2, mediaType: type, manifests: [...manifests, attestation] }, type)
  const annotations = { 'io.containerd.image.name': `docker.io/library/${reference}` }
  const archive = [
    ...[...blobs].map(([digest, bytes]) => tarFile(`blobs/${digest.replace(':', '/')}`, bytes)),
    tarFile('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    tarFile('index.json', JSON.stringify({ schemaVersion: 2, manifests: [{ ...index, annotations }] })),
    tarEnd(),
  ]
  const response = await Readable.from(await docker.loadImage(Readable.from(archive), { quiet: true })).toArray()
  const output = response.map(String).join('')
  if (!output.includes('Loaded image')) throw new Error(output)
  return layers
}
