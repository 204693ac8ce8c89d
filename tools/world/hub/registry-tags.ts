/** Reads the tags of the registry behind the stub, in the shape that Docker Hub's web API has for tags. */
import type { Tag, TagImage } from './repositories.ts'

const accept = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
].join(', ')

interface Manifest {
  readonly manifests?: readonly { readonly digest: string }[]
  readonly config?: { readonly digest: string }
  readonly layers?: readonly { readonly size: number }[]
}

interface Config {
  readonly created: string
  readonly architecture: string
  readonly os: string
  readonly variant?: string
}

/** The tags of a repository, with the real digests and sizes. Empty if the registry does not have the repository. */
export async function readTags(registry: string, repository: string): Promise<Tag[]> {
  const names = await readTagNames(registry, repository)
  return Promise.all(names.map((tag) => readTag(`http://${registry}/v2/${repository}`, tag)))
}

/** @returns the tag names; empty if the registry does not have the repository */
export async function readTagNames(registry: string, repository: string): Promise<readonly string[]> {
  const { tags } = (await fetchJson(`http://${registry}/v2/${repository}/tags/list`)) as {
    tags?: readonly string[] | null
  }
  return tags ?? []
}

async function readTag(repositoryUrl: string, name: string): Promise<Tag> {
  const response = await fetch(`${repositoryUrl}/manifests/${name}`, { headers: { accept } })
  const digest = response.headers.get('docker-content-digest') ?? ''
  const { manifests = [{ digest }] } = (await response.json()) as Manifest
  const platforms = await Promise.all(manifests.map((manifest) => readPlatformImage(repositoryUrl, manifest.digest)))
  const images = platforms.map(({ image }) => image)
  return { name, full_size: images[0]?.size ?? 0, last_updated: platforms[0]?.created ?? '', digest, images }
}

async function readPlatformImage(repositoryUrl: string, digest: string): Promise<{ image: TagImage; created: string }> {
  const { config, layers = [] } = (await fetchJson(`${repositoryUrl}/manifests/${digest}`)) as Manifest
  const imageConfig = (await fetchJson(`${repositoryUrl}/blobs/${config?.digest}`)) as Config
  const { architecture, os, variant = null, created } = imageConfig
  const size = layers.reduce((sum, layer) => sum + layer.size, 0)
  return { image: { architecture, variant, os, digest, size }, created }
}

async function fetchJson(url: string): Promise<unknown> {
  return (await fetch(url, { headers: { accept } })).json()
}
