/** False content that a lying mirror serves: another image under a tag, other bytes under a digest. */
import { createHash } from 'node:crypto'
import type { RegistryTarget } from './behaviour.ts'

export interface Manifest {
  readonly digest: string
  readonly type: string
  readonly bytes: Buffer
}

/**
 * @param registry `HOST:PORT` of the registry whose content is falsified
 * @returns functions that create or find false manifests; the parameter `accept` is the client's Accept header
 */
export function falseManifestSource(registry: string) {
  /** Altered manifests, which the registry does not have. */
  const alteredManifests = new Map<string, Manifest>()

  /**
   * The manifest of the oldest version tag whose content differs from the tag's, as a mirror with a stale cache serves.
   * If there is none: the tag's own manifest, altered.
   * @returns undefined if the registry does not have the tag
   */
  async function falseManifestForTag(
    { repository, reference }: RegistryTarget,
    accept: string,
  ): Promise<Manifest | undefined> {
    const original = await readManifest(repository, reference, accept)
    if (!original) return undefined
    for (const tag of await listVersionTags(repository)) {
      const other = await readManifest(repository, tag, accept)
      if (other && other.digest !== original.digest) return other
    }
    const altered = await alter(repository, original, accept)
    alteredManifests.set(altered.digest, altered)
    return altered
  }

  /**
   * An altered manifest that claims to have the requested digest.
   * @returns undefined if the registry does not have the digest
   */
  async function falseManifestForDigest(
    { repository, reference }: RegistryTarget,
    accept: string,
  ): Promise<Manifest | undefined> {
    const original = await readManifest(repository, reference, accept)
    return original && { ...(await alter(repository, original, accept)), digest: original.digest }
  }

  /** The manifest with an added annotation. For an index: that of its amd64 image, or of its first one. */
  async function alter(repository: string, { bytes, type }: Manifest, accept: string): Promise<Manifest> {
    const content = JSON.parse(bytes.toString()) as { readonly manifests?: readonly Child[] }
    const child =
      content.manifests?.find(({ platform }) => platform?.architecture === 'amd64') ?? content.manifests?.[0]
    const image = child && (await readManifest(repository, child.digest, accept))
    if (image) return alter(repository, image, accept)
    const altered = Buffer.from(JSON.stringify({ ...content, annotations: { altered: 'by the mirror' } }))
    return { digest: digestOf(altered), type, bytes: altered }
  }

  async function readManifest(repository: string, reference: string, accept: string): Promise<Manifest | undefined> {
    const response = await fetch(`http://${registry}/v2/${repository}/manifests/${reference}`, { headers: { accept } })
    const bytes = Buffer.from(await response.arrayBuffer())
    if (!response.ok) return undefined
    return { digest: digestOf(bytes), type: response.headers.get('content-type') ?? '', bytes }
  }

  /** Tags such as `1.27` and `1.27.5`, oldest version first. */
  async function listVersionTags(repository: string): Promise<string[]> {
    const response = await fetch(`http://${registry}/v2/${repository}/tags/list`)
    const { tags } = (await response.json()) as { tags?: string[] | null }
    const versions = (tags ?? []).filter((tag) => /^\d+\.\d+(\.\d+)?$/.test(tag))
    return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  }

  return {
    falseManifestForTag,
    falseManifestForDigest,
    findAlteredManifest: (digest: string) => alteredManifests.get(digest),
  }
}

interface Child {
  readonly digest: string
  readonly platform?: { readonly architecture?: string }
}

/**
 * Flips one bit in the middle of a blob. A body that is a range without this bit is unchanged.
 * @param start offset of the body in the blob
 * @param blobSize bytes of the whole blob
 */
export async function* flipMiddleBit(
  body: AsyncIterable<Buffer>,
  start: number,
  blobSize: number,
): AsyncGenerator<Buffer> {
  const middle = Math.floor(blobSize / 2)
  let offset = start
  for await (const chunk of body) {
    const index = middle - offset
    offset += chunk.length
    if (index >= 0 && index < chunk.length) chunk[index] = chunk[index]! ^ 1
    yield chunk
  }
}

export const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
