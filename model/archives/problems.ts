/** Checks that the archive of an image is complete: that it has everything that the image needs, unchanged. */
import type { ImageId, Reference } from '../image/image.ts'
import { parseReference } from '../image/reference.ts'
import type { Digest } from '../layers/sizes.ts'
import { blobPath, fileAt, type ArchiveContent, type Descriptor, type ManifestItem } from './archive.ts'

export interface ExpectedArchive {
  readonly image: ImageId
  /** Exactly the names that the archive must have. */
  readonly references: readonly Reference[]
  /** The platform as the engine's inspect reports it. Only used for an index, which may list several platforms. */
  readonly platform: string
  /** Digests of the platform manifests whose content the engine has; absent if the engine does not report them. */
  readonly manifests?: readonly Digest[]
}

export type ArchiveProblem =
  /** The response or the tar ended early, or is not a tar. */
  | { readonly kind: 'ended-early' }
  /** The file is required or listed, but missing. */
  | { readonly kind: 'missing'; readonly path: string }
  /** The file's size, digest or kind is not as listed, or the archive has the path twice with different content. */
  | { readonly kind: 'altered'; readonly path: string }
  | { readonly kind: 'platform-missing'; readonly platform: string }
  /** The archive is of another image, or of more than one. */
  | { readonly kind: 'other-image' }
  | { readonly kind: 'name-missing'; readonly reference: string }
  /** Loading the archive would move this name. */
  | { readonly kind: 'name-unexpected'; readonly reference: string }

/** @returns the reasons why an archive is not a complete copy of the expected image; empty if it is one */
export function archiveProblems(content: ArchiveContent, expected: ExpectedArchive): ArchiveProblem[] {
  return [
    ...(content.ended ? [] : [{ kind: 'ended-early' } as const]),
    ...content.conflicts.map(alteredProblem),
    ...blobProblems(content),
    ...indexProblems(content, expected),
    ...manifestProblems(content, expected),
    ...missingNames(content, expected.references),
    ...unexpectedNames(content, expected.references),
  ]
}

/** @returns a problem for each name that is not in `references`: loading the archive would move it */
export function unexpectedNames(content: ArchiveContent, references: readonly Reference[]): ArchiveProblem[] {
  const expected = new Set(references.map(toFamiliar))
  return [...namesIn(content)]
    .filter((name) => !expected.has(name))
    .map((reference) => ({ kind: 'name-unexpected', reference }))
}

function missingNames(content: ArchiveContent, references: readonly Reference[]): ArchiveProblem[] {
  const names = namesIn(content)
  return references
    .filter((reference) => !names.has(toFamiliar(reference)))
    .map((reference) => ({ kind: 'name-missing', reference }))
}

function namesIn({ index = [], manifest = [] }: ArchiveContent): Set<string> {
  const annotated = index.flatMap(({ name }) => (name === undefined ? [] : [name]))
  return new Set([...annotated, ...manifest.flatMap(({ names }) => names)].map(toFamiliar))
}

const toFamiliar = (name: string) => parseReference(name)?.reference ?? name
const alteredProblem = (path: string): ArchiveProblem => ({ kind: 'altered', path })
const missingProblem = (path: string): ArchiveProblem => ({ kind: 'missing', path })

/** Checks that each blob's file name is its digest. This includes blobs that no manifest lists. */
function blobProblems({ entries }: ArchiveContent): ArchiveProblem[] {
  return [...entries].flatMap(([path, entry]) =>
    path.startsWith('blobs/') && 'digest' in entry && blobPath(entry.digest) !== path ? [alteredProblem(path)] : [],
  )
}

function descriptorProblems({ entries }: ArchiveContent, { digest, size }: Descriptor): ArchiveProblem[] {
  const path = blobPath(digest)
  const entry = fileAt(entries, path)
  if (!entry) return [missingProblem(path)]
  return entry.size === size && entry.digest === digest ? [] : [alteredProblem(path)]
}

function indexProblems(content: ArchiveContent, expected: ExpectedArchive): ArchiveProblem[] {
  if (!content.index)
    return [...content.entries.keys()].some((path) => path.startsWith('blobs/')) ? missingFile('index.json') : []
  if (content.index.length === 0) return [{ kind: 'other-image' }]
  const roots = [...new Map(content.index.map((item) => [item.digest, item])).values()]
  return roots.flatMap((root) =>
    isExpected(content, root.digest, expected) ? treeProblems(content, root, expected) : otherImage,
  )
}

const otherImage: ArchiveProblem[] = [{ kind: 'other-image' }]
const missingFile = (path: string): ArchiveProblem[] => [missingProblem(path)]

/**
 * Whether a root in `index.json` is the expected image: the image id is the digest of the index or manifest (containerd
 * store), or of the config (classic store). True if the root's document is missing or unreadable,
 * which `treeProblems` reports.
 */
function isExpected({ documents }: ArchiveContent, root: Digest, { image }: ExpectedArchive): boolean {
  const document = documents.get(root)
  return root === image || (document?.kind === 'manifest' && document.config.digest === image) || document === undefined
}

/**
 * Checks a manifest or an index. An index may be incomplete: only the manifests that the engine has must be complete or,
 * if the engine does not report these, a manifest of the expected platform.
 */
function treeProblems(content: ArchiveContent, root: Descriptor, expected: ExpectedArchive): ArchiveProblem[] {
  const rootProblems = descriptorProblems(content, root)
  const document = content.documents.get(root.digest)
  if (rootProblems.length > 0) return rootProblems
  if (document?.kind === 'manifest') return platformProblems(content, root)
  if (document?.kind !== 'index') return [alteredProblem(blobPath(root.digest))]

  const children = manifestsUnder(content.documents, document.manifests)
  const platformMissing: ArchiveProblem[] = [{ kind: 'platform-missing', platform: expected.platform }]
  const ofPlatform = children.filter((child) => platformOf(content, child) === expected.platform)
  const available = expected.manifests
  if (!available) {
    // If several manifests have the platform, the engine uses one of them, but does not report which one.
    const problemsByManifest = ofPlatform.map((child) => platformProblems(content, child))
    return problemsByManifest.some((problems) => problems.length === 0)
      ? []
      : (problemsByManifest[0] ?? platformMissing)
  }
  const listedDigests = new Set(children.map(({ digest }) => digest))
  return [
    ...available.filter((digest) => !listedDigests.has(digest)).map((digest) => missingProblem(blobPath(digest))),
    ...children.filter(({ digest }) => available.includes(digest)).flatMap((child) => platformProblems(content, child)),
    ...(ofPlatform.some(({ digest }) => available.includes(digest)) ? [] : platformMissing),
  ]
}

/** @returns the manifests of an index, including those of nested indexes */
function manifestsUnder(documents: ArchiveContent['documents'], items: readonly Descriptor[], depth = 0): Descriptor[] {
  return items.flatMap((item) => {
    const document = documents.get(item.digest)
    if (document?.kind !== 'index') return [item]
    return depth < 5 ? manifestsUnder(documents, document.manifests, depth + 1) : []
  })
}

function platformOf({ documents }: ArchiveContent, item: Descriptor): string | undefined {
  if (item.platform !== undefined) return item.platform
  const document = documents.get(item.digest)
  const config = document?.kind === 'manifest' ? documents.get(document.config.digest) : undefined
  return config?.kind === 'config' ? config.platform : undefined
}

/** Checks the manifest of one platform with its config and layers. */
function platformProblems(content: ArchiveContent, item: Descriptor): ArchiveProblem[] {
  const itemProblems = descriptorProblems(content, item)
  if (itemProblems.length > 0) return itemProblems
  const document = content.documents.get(item.digest)
  if (document?.kind !== 'manifest') return [alteredProblem(blobPath(item.digest))]
  const config = content.documents.get(document.config.digest)
  const parts = [document.config, ...document.layers].flatMap((part) => descriptorProblems(content, part))
  const sameCount = config?.kind !== 'config' || config.diffIds.length === document.layers.length
  return sameCount ? parts : [...parts, alteredProblem(blobPath(item.digest))]
}

function manifestProblems(content: ArchiveContent, expected: ExpectedArchive): ArchiveProblem[] {
  if (!content.manifest) return missingFile('manifest.json')
  const [item, ...others] = content.manifest
  return item && others.length === 0 ? manifestItemProblems(content, item, expected) : otherImage
}

function manifestItemProblems(
  content: ArchiveContent,
  item: ManifestItem,
  expected: ExpectedArchive,
): ArchiveProblem[] {
  const missingFiles = [item.config, ...item.layers]
    .filter((path) => !fileAt(content.entries, path))
    .map(missingProblem)
  if (missingFiles.length > 0) return missingFiles
  const { digest } = fileAt(content.entries, item.config)!
  const hex = /([a-f0-9]{64})(\.json)?$/.exec(item.config)?.[1]
  const config = content.documents.get(digest)
  if (hex !== digest.replace('sha256:', '') || config?.kind !== 'config') return [alteredProblem(item.config)]

  const manifests = [...content.documents.values()].flatMap((document) =>
    document.kind === 'manifest' && document.config.digest === digest ? [document] : [],
  )
  // If there is an index.json, `indexProblems` checks that the archive is of the expected image.
  if (digest !== expected.image && (!content.index || manifests.length === 0)) return otherImage
  if (config.diffIds.length !== item.layers.length) return [alteredProblem(item.config)]
  return item.layers
    .filter((path, index) => {
      const layer = fileAt(content.entries, path)!.digest
      // The diff id is the digest of an uncompressed layer. Only a manifest has the digest of a compressed layer.
      return layer !== config.diffIds[index] && !manifests.some(({ layers }) => layers[index]?.digest === layer)
    })
    .map(alteredProblem)
}
