/** What the registry behind the stub really holds, told as Docker Hub's web API tells tags. */
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

/** The tags of a repository that the registry holds, with their true digests and sizes; none if it has none. */
export async function heldTags(registry: string, repository: string): Promise<Tag[]> {
  const names = await heldNames(registry, repository)
  return Promise.all(names.map((tag) => heldTag(`http://${registry}/v2/${repository}`, tag)))
}

export async function heldNames(registry: string, repository: string): Promise<readonly string[]> {
  const { tags } = (await json(`http://${registry}/v2/${repository}/tags/list`)) as { tags?: readonly string[] | null }
  return tags ?? []
}

async function heldTag(repository: string, name: string): Promise<Tag> {
  const answer = await fetch(`${repository}/manifests/${name}`, { headers: { accept } })
  const digest = answer.headers.get('docker-content-digest') ?? ''
  const { manifests = [{ digest }] } = (await answer.json()) as Manifest
  const platforms = await Promise.all(manifests.map((each) => heldImage(repository, each.digest)))
  const images = platforms.map(({ image }) => image)
  return { name, full_size: images[0]?.size ?? 0, last_updated: platforms[0]?.created ?? '', digest, images }
}

async function heldImage(repository: string, digest: string): Promise<{ image: TagImage; created: string }> {
  const { config, layers = [] } = (await json(`${repository}/manifests/${digest}`)) as Manifest
  const held = (await json(`${repository}/blobs/${config?.digest}`)) as Config
  const { architecture, os, variant = null, created } = held
  const size = layers.reduce((sum, layer) => sum + layer.size, 0)
  return { image: { architecture, variant, os, digest, size }, created }
}

async function json(url: string): Promise<unknown> {
  return (await fetch(url, { headers: { accept } })).json()
}
