/** Puts made images into a registry by its own protocol, as pushes of them would: no engine, no docker command. */
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { allSteps, imageConfig, type ImageSpec } from './images.ts'
import { layerKey, layerTar, makesLayer, type Step } from './layers.ts'
import type { Registry } from './registry.ts'

/** The media types of the two families that registries speak. Source: OCI image-spec; distribution-spec of Docker. */
const families = {
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

/** What a reference came to: the digest that a pull of it shows. */
export type Digests = ReadonlyMap<string, string>

/**
 * Fills a registry. Names without a slash go to `library/`, as in Docker Hub.
 * Images with a reference in common, each for a platform of its own, become an index under it.
 */
export async function fillRegistry(
  registry: Pick<Registry, 'directHost'> & Partial<Pick<Registry, 'headers'>>,
  images: readonly ImageSpec[],
  { family = 'oci' }: { readonly family?: keyof typeof families } = {},
): Promise<Digests> {
  const types = families[family]
  const layers = new Map<string, Layer>()
  const held = new Map<string, string>()
  for (const [reference, ofIt] of Map.groupBy(images.flatMap(perReference), ([name]) => name)) {
    const { repository, tag } = parts(reference)
    const manifests: (Descriptor & { platform: object })[] = []
    for (const [, image] of ofIt) {
      const manifest = await putImage(image, repository)
      const { os = 'linux', architecture = 'amd64', variant } = image
      manifests.push({ ...manifest, platform: { os, architecture, ...(variant && { variant }) } })
    }
    const [only] = manifests
    if (manifests.length === 1 && only) await putAgain(only.digest, repository, tag)
    const top =
      manifests.length === 1 && only ? only : await putManifest({ mediaType: types.index, manifests }, repository, tag)
    held.set(reference, top.digest)
  }
  return held

  async function putImage(image: ImageSpec, repository: string): Promise<Descriptor> {
    const own = allSteps(image).filter(makesLayer).map(layerOf)
    for (const { digest, bytes } of own) await putBlob(repository, digest, bytes)
    const config = Buffer.from(
      JSON.stringify(
        imageConfig(
          image,
          own.map(({ diffId }) => diffId),
        ),
      ),
    )
    const configDigest = sha256(config)
    await putBlob(repository, configDigest, config)
    const manifest = {
      mediaType: types.manifest,
      config: { mediaType: types.config, digest: configDigest, size: config.length },
      layers: own.map(({ digest, bytes }) => ({ mediaType: types.layer, digest, size: bytes.length })),
    }
    return putManifest(manifest, repository)
  }

  function layerOf(step: Step): Layer {
    const key = layerKey(step)
    const known = layers.get(key)
    if (known) return known
    const tar = Buffer.concat([...layerTar(step)])
    // Noise does not get smaller, so nothing is lost by not trying.
    const bytes = gzipSync(tar, { level: step.noise ? 0 : 1 })
    const layer = { diffId: sha256(tar), digest: sha256(bytes), bytes }
    layers.set(key, layer)
    return layer
  }

  async function putBlob(repository: string, digest: string, bytes: Buffer): Promise<void> {
    const blob = `http://${registry.directHost}/v2/${repository}/blobs/${digest}`
    const there = await fetch(blob, { method: 'HEAD', headers: { ...registry.headers } })
    if (there.ok) return
    const begun = await ask(`/v2/${repository}/blobs/uploads/`, { method: 'POST' })
    const upload = new URL(begun.headers.get('location') ?? '', `http://${registry.directHost}`)
    upload.searchParams.set('digest', digest)
    await ask(upload.pathname + upload.search, { method: 'PUT', body: new Uint8Array(bytes) })
  }

  async function putManifest(
    manifest: { readonly mediaType: string; readonly [more: string]: unknown },
    repository: string,
    tag?: string,
  ): Promise<Descriptor> {
    const { mediaType } = manifest
    const body = JSON.stringify({ schemaVersion: 2, ...manifest })
    const digest = sha256(body)
    await ask(`/v2/${repository}/manifests/${tag ?? digest}`, {
      method: 'PUT',
      body,
      headers: { 'content-type': mediaType },
    })
    return { mediaType, digest, size: Buffer.byteLength(body) }
  }

  /** Gives a manifest that is there a tag. */
  async function putAgain(digest: string, repository: string, tag: string): Promise<void> {
    const accept = types.manifest
    const manifest = await ask(`/v2/${repository}/manifests/${digest}`, { headers: { accept } })
    const body = await manifest.text()
    await ask(`/v2/${repository}/manifests/${tag}`, { method: 'PUT', body, headers: { 'content-type': accept } })
  }

  async function ask(path: string, how: RequestInit & { headers?: Record<string, string> }): Promise<Response> {
    const headers = { ...how.headers, ...registry.headers }
    const answer = await fetch(`http://${registry.directHost}${path}`, { ...how, headers })
    if (!answer.ok) throw new Error(`${how.method ?? 'GET'} ${path}: ${answer.status} ${await answer.text()}`)
    return answer
  }
}

const perReference = (image: ImageSpec) => image.references.map((reference) => [reference, image] as const)

function parts(reference: string) {
  const [name = '', tag = 'latest'] = reference.split(':')
  return { repository: name.includes('/') ? name : `library/${name}`, tag }
}

const sha256 = (content: string | Uint8Array) => `sha256:${createHash('sha256').update(content).digest('hex')}`
