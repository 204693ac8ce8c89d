/** OCI archives with an image index, as BuildKit creates them: each image has an attestation manifest. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { Readable } from 'node:stream'
import { finished } from 'node:stream/promises'
import type Docker from 'dockerode'
import { allSteps, imageConfig, type ImageSpec } from './images.ts'
import { layerTar, makesLayer } from './layers.ts'
import { tarEnd, tarFile } from './tar.ts'

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

const types = {
  index: 'application/vnd.oci.image.index.v1+json',
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  statement: 'application/vnd.in-toto+json',
} as const

export interface IndexArchive {
  /** The digest of the index, which is the image's id in the containerd store. */
  readonly id: string
  readonly archive: Buffer
}

/**
 * An archive with images of several platforms, and an attestation manifest for each image.
 * @param isLeftOut selects manifests that the index lists but the archive does not contain. `position` is that of the
 *   image in `images`.
 * @see https://docs.docker.com/build/metadata/attestations/attestation-storage/
 */
export function indexArchive(
  images: readonly ImageSpec[],
  isLeftOut: (kind: 'image' | 'attestation', position: number) => boolean = () => false,
): IndexArchive {
  const blobs = new Map<string, Buffer>()
  const addBlob = (mediaType: string, bytes: Buffer, isIncluded = true): Descriptor => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    if (isIncluded) blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const addJson = (mediaType: string, value: object, isIncluded = true) =>
    addBlob(mediaType, Buffer.from(JSON.stringify(value)), isIncluded)

  const manifests = images.flatMap((image, position) => {
    const includesImage = !isLeftOut('image', position)
    const tars = allSteps(image)
      .filter(makesLayer)
      .map((step) => Buffer.concat([...layerTar(step)]))
    const diffIds = tars.map((tar) => `sha256:${createHash('sha256').update(tar).digest('hex')}`)
    const manifest = addJson(
      types.manifest,
      {
        schemaVersion: 2,
        mediaType: types.manifest,
        config: addJson(types.config, imageConfig(image, diffIds), includesImage),
        layers: tars.map((tar) => addBlob(types.layer, gzipSync(tar), includesImage)),
      },
      includesImage,
    )
    const { os = 'linux', architecture = 'amd64' } = image
    const includesAttestation = !isLeftOut('attestation', position)
    const statement = { _type: 'https://in-toto.io/Statement/v0.1', subject: [{ digest: manifest.digest }] }
    const layer = addJson(types.statement, statement, includesAttestation)
    const attestation = addJson(
      types.manifest,
      {
        schemaVersion: 2,
        mediaType: types.manifest,
        config: addJson(
          types.config,
          { architecture: 'unknown', os: 'unknown', config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } },
          includesAttestation,
        ),
        layers: [{ ...layer, annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' } }],
      },
      includesAttestation,
    )
    return [
      { ...manifest, platform: { os, architecture } },
      {
        ...attestation,
        annotations: {
          'vnd.docker.reference.digest': manifest.digest,
          'vnd.docker.reference.type': 'attestation-manifest',
        },
        platform: { architecture: 'unknown', os: 'unknown' },
      },
    ]
  })
  const index = addJson(types.index, { schemaVersion: 2, mediaType: types.index, manifests })
  const [reference = ''] = images.flatMap(({ references }) => references)
  const annotations = { 'io.containerd.image.name': `docker.io/library/${reference}` }
  const archive = Buffer.concat([
    tarFile('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
    tarFile('index.json', JSON.stringify({ schemaVersion: 2, manifests: [{ ...index, annotations }] })),
    ...[...blobs].map(([digest, bytes]) => tarFile(`blobs/${digest.replace(':', '/')}`, bytes)),
    tarEnd(),
  ])
  return { id: index.digest, archive }
}

/** Loads an archive into an engine. Fails with the engine's output if that contains an error. */
export async function loadArchive(docker: Docker, archive: Buffer): Promise<void> {
  const response = Readable.from(await docker.loadImage(Readable.from([archive]), { quiet: true }))
  let output = ''
  response.on('data', (chunk: unknown) => (output += String(chunk)))
  await finished(response)
  if (output.includes('"error"')) throw new Error(`docker load: ${output}`)
}
