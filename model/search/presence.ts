/** Which variants of an image are on this computer already. */
import type { Image } from '../image/image.ts'

/** `older`: its tag is here, but names another content than the registry's. */
export type Presence = 'here' | 'older'

/**
 * Whether one of a variant's tags is here. What is pulled keeps the digest that it was pulled by; the containerd store
 * has it as the image's id. Where neither is known, nothing is said against what is here.
 */
export function presenceOf(
  repository: string,
  { tags, digest }: { readonly tags: readonly string[]; readonly digest?: string },
  images: readonly Image[],
  store: 'classic' | 'containerd',
): Presence | undefined {
  const names = new Set(tags.map((tag) => `${repository}:${tag}`))
  const carriers = images.filter(({ references }) => references.some((name) => names.has(name)))
  if (carriers.length === 0) return undefined
  const held = carriers.flatMap(({ id, digests }) => [
    ...digests.map((name) => name.slice(name.indexOf('@') + 1)),
    ...(store === 'containerd' ? [id] : []),
  ])
  return digest === undefined || held.length === 0 || held.includes(digest) ? 'here' : 'older'
}
