/** Whether a variant of an image exists locally. */
import type { Image } from '../image/image.ts'

/** `present`: the image exists locally. `older`: the tag exists locally, but its content differs from the registry's. */
export type Presence = 'present' | 'older'

/**
 * Looks for an image with one of a variant's tags. A pulled image keeps its registry digest; in the containerd store
 * the digest is the image id. If a digest is unknown, the local image counts as current.
 * @returns undefined if no local image has one of the tags
 */
export function presenceOf(
  repository: string,
  { tags, digest }: { readonly tags: readonly string[]; readonly digest?: string },
  images: readonly Image[],
  store: 'classic' | 'containerd',
): Presence | undefined {
  const names = new Set(tags.map((tag) => `${repository}:${tag}`))
  const matching = images.filter(({ references }) => references.some((name) => names.has(name)))
  if (matching.length === 0) return undefined
  const localDigests = matching.flatMap(({ id, digests }) => [
    ...digests.map((name) => name.slice(name.indexOf('@') + 1)),
    ...(store === 'containerd' ? [id] : []),
  ])
  return digest === undefined || localDigests.length === 0 || localDigests.includes(digest) ? 'present' : 'older'
}
