/** Where an image came from, as far as the engine's records prove it. */
import { splitReference, type Image } from './image.ts'
import { splitHost } from './reference.ts'

export type Provenance =
  /** `digest` is the `repository@digest` under which the registry had it. */
  | { readonly from: 'registry'; readonly registry: string; readonly digest: string }
  | { readonly from: 'built' }
  | { readonly from: 'unknown' }

/** The registry that a reference of an engine names. */
export const registryOf = (reference: string): string =>
  splitHost(splitReference(reference.split('@')[0]!).repository).host

/**
 * The classic store keeps the digest of what was pulled or pushed, and which image the classic builder or a commit
 * started from. What BuildKit built, or what was loaded, leaves no trace that tells the two apart. The containerd
 * store makes up a digest for every tag (moby daemon/containerd/image_list.go), so there it proves nothing.
 */
export function provenance(image: Image, store: 'classic' | 'containerd'): Provenance {
  const [digest] = image.digests
  if (store === 'classic' && digest !== undefined) return { from: 'registry', registry: registryOf(digest), digest }
  return image.parent === undefined ? { from: 'unknown' } : { from: 'built' }
}
