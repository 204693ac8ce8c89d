/** An image under an index, as BuildKit makes it: an OCI archive whose index also holds an attestation manifest. */
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
  /** Of the index: the image's id in the containerd store. */
  readonly id: string
  readonly archive: Buffer
}

/**
 * One archive with the images of several platforms and an attestation manifest for each. Manifests that `leaveOut`
 * picks are named by the index, and not in the archive.
 * @see https://docs.docker.com/build/metadata/attestations/attestation-storage/
 */
export function indexArchive(
  images: readonly ImageSpec[],
  leaveOut: (kind: 'image' | 'attestation', platform: number) => boolean = () => false,
): IndexArchive {
  const blobs = new Map<string, Buffer>()
  const blob = (mediaType: string, bytes: Buffer, store = true): Descriptor => {
    const digest = `sha256:${createHash('sha256').update(bytes).digest('hex')}`
    if (store) blobs.set(digest, bytes)
    return { mediaType, digest, size: bytes.length }
  }
  const json = (mediaType: string, value: object, store = true) =>
    blob(mediaType, Buffer.from(JSON.stringify(value)), store)

  const manifests = images.flatMap((image, at) => {
    const has = !leaveOut('image', at)
    const tars = allSteps(image)
      .filter(makesLayer)
      .map((step) => Buffer.concat([...layerTar(step)]))
    const diffIds = tars.map((tar) => `sha256:${createHash('sha256').update(tar).digest('hex')}`)
    const manifest = json(
      types.manifest,
      {
        schemaVersion: 2,
        mediaType: types.manifest,
        config: json(types.config, imageConfig(image, diffIds), has),
        layers: tars.map((tar) => blob(types.layer, gzipSync(tar), has)),
      },
      has,
    )
    const { os = 'linux', architecture = 'amd64' } = image
    const tells = !leaveOut('attestation', at)
    const statement = { _type: 'https://in-toto.io/Statement/v0.1', subject: [{ digest: manifest.digest }] }
    const layer = json(types.statement, statement, tells)
    const attestation = json(
      types.manifest,
      {
        schemaVersion: 2,
        mediaType: types.manifest,
        config: json(
          types.config,
          { architecture: 'unknown', os: 'unknown', config: {}, rootfs: { type: 'layers', diff_ids: [layer.digest] } },
          tells,
        ),
        layers: [{ ...layer, annotations: { 'in-toto.io/predicate-type': 'https://slsa.dev/provenance/v0.2' } }],
      },
      tells,
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
  const index = json(types.index, { schemaVersion: 2, mediaType: types.index, manifests })
  const [reference = ''] = images.flatMap(({ references }) => references)
  const named = { 'io.containerd.image.name': `docker.io/library/${reference}` }
  const archive = Buffer.concat([
    tarFile('oci-layout', JSON.stringify({ imageLayoutVersion: '1.0.0' })),
    tarFile('index.json', JSON.stringify({ schemaVersion: 2, manifests: [{ ...index, annotations: named }] })),
    ...[...blobs].map(([digest, bytes]) => tarFile(`blobs/${digest.replace(':', '/')}`, bytes)),
    tarEnd(),
  ])
  return { id: index.digest, archive }
}

/** Loads an archive into an engine. */
export async function loadArchive(docker: Docker, archive: Buffer): Promise<void> {
  const answer = Readable.from(await docker.loadImage(Readable.from([archive]), { quiet: true }))
  let said = ''
  answer.on('data', (chunk: unknown) => (said += String(chunk)))
  await finished(answer)
  if (said.includes('"error"')) throw new Error(`docker load: ${said}`)
}
