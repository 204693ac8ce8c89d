/** An image archive (`docker save`) as plain data: entries with sizes and digests, and the parsed JSON. */
import type { Bytes } from '../image/image.ts'
import type { Digest } from '../layers/sizes.ts'

export type ArchiveEntry =
  | { readonly size: Bytes; readonly digest: Digest }
  /** A link. If an image has a layer twice, 20.10 writes one file and a symbolic link to that file. */
  | { readonly link: string }

/** @see OCI image-spec, descriptor.md */
export interface Descriptor {
  readonly digest: Digest
  readonly size: Bytes
  /** The platform, such as `linux/arm64`, if the descriptor names one. */
  readonly platform?: string
}

/** A JSON document of an image, with the fields that are needed to check that the archive is complete. */
export type ImageDocument =
  | { readonly kind: 'index'; readonly manifests: readonly Descriptor[] }
  | { readonly kind: 'manifest'; readonly config: Descriptor; readonly layers: readonly Descriptor[] }
  | { readonly kind: 'config'; readonly platform: string; readonly diffIds: readonly Digest[] }

/** An item of `index.json`. */
export interface IndexItem extends Descriptor {
  /** From the annotations: the name that the image gets when the archive is loaded. */
  readonly name?: string
}

/** An item of `manifest.json`. `config` and `layers` are paths in the archive. */
export interface ManifestItem {
  readonly config: string
  readonly layers: readonly string[]
  readonly names: readonly string[]
}

export interface ArchiveContent {
  /**
   * Whether the HTTP response or file was read to its end, and the tar ends with at least two blocks of zeros and nothing
   * else.
   */
  readonly ended: boolean
  readonly entries: ReadonlyMap<string, ArchiveEntry>
  /** Paths that occur twice with different content. */
  readonly conflicts: readonly string[]
  /** `index.json`; absent if it is missing or cannot be parsed. Archives of 20.10 have none. */
  readonly index?: readonly IndexItem[]
  /** `manifest.json`; absent if it is missing or cannot be parsed. */
  readonly manifest?: readonly ManifestItem[]
  /** Manifests, indexes and configs, by the digest of their bytes. */
  readonly documents: ReadonlyMap<Digest, ImageDocument>
}

/** @returns the regular file at the path, after following links; undefined if there is none */
export function fileAt(entries: ArchiveContent['entries'], path: string) {
  let current = path
  for (let hops = 0; hops < 10; hops++) {
    const entry = entries.get(current)
    if (!entry || !('link' in entry)) return entry
    current = resolveLink(current, entry.link)
  }
  return undefined
}

export const blobPath = (digest: Digest): string => `blobs/${digest.replace(':', '/')}`

/** Resolves a link's target relative to the folder of the link. */
function resolveLink(path: string, link: string): string {
  const parts = path.split('/').slice(0, -1)
  for (const part of link.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.' && part !== '') parts.push(part)
  }
  return parts.join('/')
}
