/** The origin of an image, as far as the engine's records prove it. */
import { splitReference, type Image } from './image.ts'
import { splitHost } from './reference.ts'

export type Provenance =
  /** `digest`: the image's name in the registry, as `repository@digest`. */
  | { readonly from: 'registry'; readonly registry: string; readonly digest: string }
  | { readonly from: 'built' }
  | { readonly from: 'unknown' }

/** @returns the registry of a reference */
export const registryOf = (reference: string): string =>
  splitHost(splitReference(reference.split('@')[0]!).repository).host

/**
 * The classic store records a digest for pulled and pushed images, and a parent for images made by the classic builder
 * or by `docker commit`. Images built by BuildKit cannot be distinguished from loaded ones. The containerd store derives
 * a digest for every tag (moby daemon/containerd/image_list.go), so its digests do not prove that a registry had the
 * image.
 */
export function provenance(image: Image, store: 'classic' | 'containerd'): Provenance {
  const [digest] = image.digests
  if (store === 'classic' && digest !== undefined) return { from: 'registry', registry: registryOf(digest), digest }
  return image.parent === undefined ? { from: 'unknown' } : { from: 'built' }
}
