/** Pushes generated images to a registry over its HTTP API, without an engine or the docker CLI. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { allSteps, imageConfig, type ImageSpec } from './images.ts'
import { layerKey, layerTar, makesLayer, type Step } from './layers.ts'
import type { Registry } from './registry.ts'

/** The two families of media types. @see OCI image-spec; Docker's image manifest v2 specification */
const mediaTypes = {
  oci: {
    index: 'application/vnd.oci.image.index.v1+json',
    manifest: 'application/vnd.oci.image.manifest.v1+json',
    config: 'application/vnd.oci.image.config.v1+json',
    layer: 'application/vnd.oci.image.layer.v1.tar+gzip',
  },
  docker: {
    index: 'application/vnd.docker.distribution.manifest.list.v2+json',
    manifest: 'application/vnd.docker.distribution.manifest.v2+json',
    config: 'application/vnd.docker.container.image.v1+json',
    layer: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  },
} as const

interface Descriptor {
  readonly mediaType: string
  readonly digest: string
  readonly size: number
}

interface Layer {
  readonly diffId: string
  readonly digest: string
  readonly bytes: Buffer
}

/** By reference: the digest that a pull shows. */
export type Digests = ReadonlyMap<string, string>

/**
 * Pushes images. Names without a slash go to `library/`, as on Docker Hub. Images of different platforms with the same
 * reference become an index. Fails if the registry rejects a request.
 */
export async function fillRegistry(
  registry: Pick<Registry, 'directHost'> & Partial<Pick<Registry, 'headers'>>,
  images: readonly ImageSpec[],
  { family = 'oci' }: { readonly family?: keyof typeof mediaTypes } = {},
): Promise<Digests> {
  const types = mediaTypes[family]
  const layers = new Map<string, Layer>()
  const digests = new Map<string, string>()
  const pairsByReference = Map.groupBy(images.flatMap(pairWithReferences), ([reference]) => reference)
  for (const [reference, pairs] of pairsByReference) {
    const { repository, tag } = parseReference(reference)
    const manifests: (Descriptor & { platform: object })[] = []
    for (const [, image] of pairs) {
      const manifest = await putImage(image, repository)
      const { os = 'linux', architecture = 'amd64', variant } = image
      manifests.push({ ...manifest, platform: { os, architecture, ...(variant && { variant }) } })
    }
    const onlyManifest = manifests.length === 1 ? manifests[0] : undefined
    if (onlyManifest) await tagManifest(onlyManifest.digest, repository, tag)
    const target = onlyManifest ?? (await putManifest({ mediaType: types.index, manifests }, repository, tag))
    digests.set(reference, target.digest)
  }
  return digests

  async function putImage(image: ImageSpec, repository: string): Promise<Descriptor> {
    const imageLayers = allSteps(image).filter(makesLayer).map(createLayer)
    for (const { digest, bytes } of imageLayers) await putBlob(repository, digest, bytes)
    const config = Buffer.from(
      JSON.stringify(
        imageConfig(
          image,
          imageLayers.map(({ diffId }) => diffId),
        ),
      ),
    )
    const configDigest = sha256(config)
    await putBlob(repository, configDigest, config)
    const manifest = {
      mediaType: types.manifest,
      config: { mediaType: types.config, digest: configDigest, size: config.length },
      layers: imageLayers.map(({ digest, bytes }) => ({ mediaType: types.layer, digest, size: bytes.length })),
    }
    return putManifest(manifest, repository)
  }

  function createLayer(step: Step): Layer {
    const key = layerKey(step)
    const cached = layers.get(key)
    if (cached) return cached
    const tar = Buffer.concat([...layerTar(step)])
    // Noise cannot be compressed, so level 0 saves time at no cost.
    const bytes = gzipSync(tar, { level: step.noise ? 0 : 1 })
    const layer = { diffId: sha256(tar), digest: sha256(bytes), bytes }
    layers.set(key, layer)
    return layer
  }

  async function putBlob(repository: string, digest: string, bytes: Buffer): Promise<void> {
    const blobUrl = `http://${registry.directHost}/v2/${repository}/blobs/${digest}`
    const existing = await fetch(blobUrl, { method: 'HEAD', headers: { ...registry.headers } })
    if (existing.ok) return
    const uploadStart = await send(`/v2/${repository}/blobs/uploads/`, { method: 'POST' })
    const uploadUrl = new URL(uploadStart.headers.get('location') ?? '', `http://${registry.directHost}`)
    uploadUrl.searchParams.set('digest', digest)
    await send(uploadUrl.pathname + uploadUrl.search, { method: 'PUT', body: new Uint8Array(bytes) })
  }

  async function putManifest(
    manifest: { readonly mediaType: string; readonly [field: string]: unknown },
    repository: string,
    tag?: string,
  ): Promise<Descriptor> {
    const { mediaType } = manifest
    const body = JSON.stringify({ schemaVersion: 2, ...manifest })
    const digest = sha256(body)
    await send(`/v2/${repository}/manifests/${tag ?? digest}`, {
      method: 'PUT',
      body,
      headers: { 'content-type': mediaType },
    })
    return { mediaType, digest, size: Buffer.byteLength(body) }
  }

  /** Adds a tag to a manifest in the registry. */
  async function tagManifest(digest: string, repository: string, tag: string): Promise<void> {
    const accept = types.manifest
    const manifest = await send(`/v2/${repository}/manifests/${digest}`, { headers: { accept } })
    const body = await manifest.text()
    await send(`/v2/${repository}/manifests/${tag}`, { method: 'PUT', body, headers: { 'content-type': accept } })
  }

  async function send(path: string, options: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
    const headers = { ...options.headers, ...registry.headers }
    const response = await fetch(`http://${registry.directHost}${path}`, { ...options, headers })
    if (!response.ok) throw new Error(`${options.method ?? 'GET'} ${path}: ${response.status} ${await response.text()}`)
    return response
  }
}

const pairWithReferences = (image: ImageSpec) => image.references.map((reference) => [reference, image] as const)

function parseReference(reference: string) {
  const [name = '', tag = 'latest'] = reference.split(':')
  return { repository: name.includes('/') ? name : `library/${name}`, tag }
}

const sha256 = (content: string | Uint8Array) => `sha256:${createHash('sha256').update(content).digest('hex')}`
