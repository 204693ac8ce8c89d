/** What a mirror serves in place of what the registry holds: valid images under other names, other bytes under digests. */
import { createHash } from 'node:crypto'
import type { Place } from './behaviour.ts'

export interface Manifest {
  readonly digest: string
  readonly type: string
  readonly bytes: Buffer
}

/** Lies about the registry at that address; `accept` is the client's own. */
export function falseContent(registry: string) {
  /** Manifests that only this mirror has. */
  const own = new Map<string, Manifest>()

  /**
   * Another image for that tag. If the repository has an older one, that, as a mirror whose cache is stale would; else
   * the same under another digest.
   */
  async function underTag({ repository, which }: Place, accept: string): Promise<Manifest | undefined> {
    const right = await read(repository, which, accept)
    if (!right) return undefined
    const older = await olderTags(repository)
    for (const tag of older) {
      const other = await read(repository, tag, accept)
      if (other && other.digest !== right.digest) return other
    }
    const other = await altered(repository, right, accept)
    own.set(other.digest, other)
    return other
  }

  /** Other bytes that claim to be what was asked for. */
  async function underDigest({ repository, which }: Place, accept: string): Promise<Manifest | undefined> {
    const right = await read(repository, which, accept)
    return right && { ...(await altered(repository, right, accept)), digest: right.digest }
  }

  /** An image with an annotation more. Of an index, the image for most computers. */
  async function altered(repository: string, { bytes, type }: Manifest, accept: string): Promise<Manifest> {
    const content = JSON.parse(bytes.toString()) as { readonly manifests?: readonly Child[] }
    const child =
      content.manifests?.find(({ platform }) => platform?.architecture === 'amd64') ?? content.manifests?.[0]
    const image = child && (await read(repository, child.digest, accept))
    if (image) return altered(repository, image, accept)
    const other = Buffer.from(JSON.stringify({ ...content, annotations: { altered: 'by the mirror' } }))
    return { digest: digestOf(other), type, bytes: other }
  }

  async function read(repository: string, which: string, accept: string): Promise<Manifest | undefined> {
    const answer = await fetch(`http://${registry}/v2/${repository}/manifests/${which}`, { headers: { accept } })
    const bytes = Buffer.from(await answer.arrayBuffer())
    if (!answer.ok) return undefined
    return { digest: digestOf(bytes), type: answer.headers.get('content-type') ?? '', bytes }
  }

  async function olderTags(repository: string): Promise<string[]> {
    const answer = await fetch(`http://${registry}/v2/${repository}/tags/list`)
    const { tags } = (await answer.json()) as { tags?: string[] | null }
    const versions = (tags ?? []).filter((tag) => /^\d+\.\d+(\.\d+)?$/.test(tag))
    return versions.sort((a, b) => a.localeCompare(b, 'en', { numeric: true }))
  }

  return { underTag, underDigest, own: (digest: string) => own.get(digest) }
}

interface Child {
  readonly digest: string
  readonly platform?: { readonly architecture?: string }
}

/** One bit in the middle of a blob is another, in whichever range it comes. */
export async function* flipped(body: AsyncIterable<Buffer>, start: number, size: number): AsyncGenerator<Buffer> {
  const middle = Math.floor(size / 2)
  let at = start
  for await (const piece of body) {
    const index = middle - at
    at += piece.length
    if (index >= 0 && index < piece.length) piece[index] = piece[index]! ^ 1
    yield piece
  }
}

export const digestOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`
