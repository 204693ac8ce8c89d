/** Images for several platforms, as an OCI archive that the containerd store loads. */
import { createHash } from 'node:crypto'
import { Readable } from 'node:stream'
import type Docker from 'dockerode'
import { imageConfig } from '../../../tools/world/images.ts'
import { layerTar } from '../../../tools/world/layers.ts'
import { tarEnd, tarFile } from '../../../tools/world/tar.ts'

export interface PlatformImage {
  /** As `multi:1`: a tag of Docker Hub. */
  readonly reference: string
  /** Listed in the index. */
  readonly architectures: readonly string[]
  /** Those of them whose content is in the archive; all by default. */
  readonly present?: readonly string[]
}

/** The image's layer digests by architecture. */
export async function loadPlatforms(docker: Docker, image: PlatformImage): Promise<ReadonlyMap<string, string>> {
  const { reference, architectures, present = architectures } = image
  const blobs = new Map<string, Buffer>()
  const layers = new Map<string, string>()
  const add = (architecture: string, bytes: Buffer, mediaType: string) => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    if (present.includes(architecture) || architecture === 'any') blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const json = (architecture: string, value: unknown, type: string) =>
    add(architecture, Buffer.from(JSON.stringify(value)), type)

  const manifests = architectures.map((architecture) => {
    const step = { instruction: `COPY ${reference} ${architecture} /`, bytes: 30_000, noise: true }
    const layer = add(architecture, Buffer.concat([...layerTar(step)]), 'application/vnd.oci.image.layer.v1.tar')
    layers.set(architecture, layer.digest)
    const spec = { references: [], steps: [step], created: new Date(1_700_000_000_000), architecture }
    const config = json(architecture, imageConfig(spec, [layer.digest]), 'application/vnd.oci.image.config.v1+json')
    const type = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = { schemaVersion: 2, mediaType: type, config, layers: [layer] }
    return { ...json(architecture, manifest, type), platform: { os: 'linux', architecture } }
  })
  const attestation = {
    ...json('none', { schemaVersion: 2, made: reference }, 'application/vnd.oci.image.manifest.v1+json'),
    ...{ platform: { os: 'unknown', architecture: 'unknown' } },
    annotations: { 'vnd.docker.reference.type': 'attestation-manifest' },
  }
  const type = 'application/vnd.oci.image.index.v1+json'
  const index = json('any', { schemaVersion: 2, mediaType: type, manifests: [...manifests, attestation] }, type)
  const annotations = { 'io.containerd.image.name': `docker.io/library/${reference}` }
  const archive = [
    ...[...blobs].map(([digest, bytes]) => tarFile(`blobs/${digest.replace(':', '/')}`, bytes)),
    tarFile('oci-layout', '{"imageLayoutVersion":"1.0.0"}'),
    tarFile('index.json', JSON.stringify({ schemaVersion: 2, manifests: [{ ...index, annotations }] })),
    tarEnd(),
  ]
  const answer = await Readable.from(await docker.loadImage(Readable.from(archive), { quiet: true })).toArray()
  const said = answer.map(String).join('')
  if (!said.includes('Loaded image')) throw new Error(said)
  return layers
}
