import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  blobPath,
  type ArchiveContent,
  type ArchiveEntry,
  type Descriptor,
  type ImageDocument,
} from '../../../model/archives/archive.ts'
import { archiveProblems, type ExpectedArchive } from '../../../model/archives/problems.ts'

/** A made-up digest that is distinct for each number. */
const digest = (number: number) => `sha256:${number.toString(16).padStart(64, '0')}`

interface BuiltArchive {
  readonly content: ArchiveContent
  readonly expected: ExpectedArchive
  /** Paths without which the image is incomplete. */
  readonly needed: readonly string[]
}

/** Collects blobs and documents as an engine writes them. */
function archiveBuilder() {
  const entries = new Map<string, ArchiveEntry>()
  const documents = new Map<string, ImageDocument>()
  let blobCount = 0
  const blob = (document?: ImageDocument): Descriptor => {
    const id = digest(++blobCount)
    entries.set(blobPath(id), { size: blobCount * 10, digest: id })
    if (document) documents.set(id, document)
    return { digest: id, size: blobCount * 10 }
  }
  const manifest = (platform: string, layerCount: number, compressed: boolean) => {
    const layers = Array.from({ length: layerCount }, () => blob())
    const diffIds = layers.map((item, index) => (compressed ? digest(9_000 + index) : item.digest))
    const config = blob({ kind: 'config', platform, diffIds })
    return { descriptor: blob({ kind: 'manifest', config, layers }), config, layers }
  }
  return { entries, documents, blob, manifest }
}

const names = ['one:1', 'localhost:5000/a/two:2']
const containerdName = (reference: string) =>
  reference.includes('localhost') ? reference : `docker.io/library/${reference}`

/** An archive of the containerd store, or of 26.1's classic store if `index` is false. */
function ociArchive(
  layerCount: number,
  options: { compressed: boolean; index: boolean; tagged: boolean; engineListsManifests: boolean },
): BuiltArchive {
  const builder = archiveBuilder()
  const image = builder.manifest('linux/amd64', layerCount, options.compressed)
  const otherPlatform = builder.manifest('linux/arm64', layerCount, options.compressed)
  const attestation = { digest: digest(8_000), size: 5, platform: 'unknown/unknown' }
  const descriptors = [
    { ...image.descriptor, platform: 'linux/amd64' },
    { ...otherPlatform.descriptor, platform: 'linux/arm64' },
    attestation,
  ]
  const root = options.index ? builder.blob({ kind: 'index', manifests: descriptors }) : image.descriptor
  // The other platform is in the index, but was never pulled.
  for (const item of [otherPlatform.descriptor, otherPlatform.config, ...otherPlatform.layers])
    builder.entries.delete(blobPath(item.digest))
  builder.documents.delete(otherPlatform.descriptor.digest)
  const references = options.tagged ? names : []
  const manifest = {
    config: blobPath(image.config.digest),
    layers: image.layers.map((item) => blobPath(item.digest)),
    names: references,
  }
  for (const path of ['index.json', 'manifest.json', 'oci-layout'])
    builder.entries.set(path, { size: 1, digest: digest(1) })
  return {
    content: {
      ...{ ended: true, conflicts: [], entries: builder.entries, documents: builder.documents },
      index: options.tagged ? names.map((name) => ({ ...root, name: containerdName(name) })) : [root],
      manifest: [manifest],
    },
    expected: {
      ...{ image: options.index ? root.digest : image.config.digest, references, platform: 'linux/amd64' },
      ...(options.engineListsManifests && { manifests: [image.descriptor.digest] }),
    },
    needed: [...new Set([root, image.descriptor, image.config, ...image.layers].map((item) => blobPath(item.digest)))],
  }
}

/** An archive as Docker 20.10 writes it: a folder for each layer. If a layer occurs twice, the second is a link. */
function oldArchive(layerCount: number): BuiltArchive {
  const entries = new Map<string, ArchiveEntry>()
  const ids = Array.from({ length: layerCount }, (_, index) => digest(index + 1))
  ids.forEach((id, index) => entries.set(`${index}/layer.tar`, { size: 10, digest: id }))
  entries.set('last/layer.tar', { link: '../0/layer.tar' })
  const config = `${digest(500).slice(7)}.json`
  entries.set(config, { size: 20, digest: digest(500) })
  entries.set('manifest.json', { size: 1, digest: digest(1) })
  const diffIds = [...ids, ids[0]!]
  return {
    content: {
      ...{ ended: true, conflicts: [], entries },
      documents: new Map([[digest(500), { kind: 'config', platform: 'linux/amd64', diffIds }]]),
      manifest: [{ config, layers: [...ids.map((_, index) => `${index}/layer.tar`), 'last/layer.tar'], names }],
    },
    expected: { image: digest(500), references: names, platform: 'linux/amd64' },
    needed: [config, ...ids.map((_, index) => `${index}/layer.tar`), 'last/layer.tar'],
  }
}

const archives = fc.oneof(
  fc
    .record({ compressed: fc.boolean(), index: fc.boolean(), tagged: fc.boolean(), engineListsManifests: fc.boolean() })
    .chain((options) => fc.integer({ min: 1, max: 6 }).map((layerCount) => ociArchive(layerCount, options))),
  fc.integer({ min: 1, max: 6 }).map(oldArchive),
)
const changeEntries = (
  content: ArchiveContent,
  change: (entries: Map<string, ArchiveEntry>) => void,
): ArchiveContent => {
  const entries = new Map(content.entries)
  change(entries)
  return { ...content, entries }
}

describe('the problems of an archive', () => {
  test('a complete archive has none, even if other platforms and attestations are absent', () => {
    fc.assert(
      fc.property(archives, ({ content, expected }) => {
        expect(archiveProblems(content, expected)).toEqual([])
      }),
    )
  })

  test('a needed entry that is missing, has another digest or occurs twice with different content is a problem', () => {
    fc.assert(
      fc.property(archives, fc.nat(), ({ content, expected, needed }, number) => {
        const path = needed[number % needed.length]!
        const without = changeEntries(content, (entries) => entries.delete(path))
        expect(archiveProblems(without, expected).length).toBeGreaterThan(0)
        const entry = content.entries.get(path)!
        const size = 'size' in entry ? entry.size : 10
        const altered = changeEntries(content, (entries) => entries.set(path, { size, digest: digest(7_777) }))
        expect(archiveProblems(altered, expected).length).toBeGreaterThan(0)
        expect(archiveProblems({ ...content, conflicts: [path] }, expected).length).toBeGreaterThan(0)
      }),
    )
  })

  test('a blob whose size differs from its descriptor is a problem', () => {
    fc.assert(
      fc.property(archives, fc.nat(), ({ content, expected, needed }, number) => {
        fc.pre(content.index !== undefined)
        const path = needed[number % needed.length]!
        const shortened = changeEntries(content, (entries) => {
          const entry = entries.get(path)
          if (entry && 'size' in entry) entries.set(path, { ...entry, size: entry.size - 1 })
        })
        expect(archiveProblems(shortened, expected)).toContainEqual({ kind: 'altered', path })
      }),
    )
  })

  test('an early end and a missing manifest.json or index.json are problems', () => {
    fc.assert(
      fc.property(archives, ({ content, expected }) => {
        expect(archiveProblems({ ...content, ended: false }, expected)).toEqual([{ kind: 'ended-early' }])
        const { manifest: _, ...withoutManifest } = content
        expect(archiveProblems(withoutManifest, expected)).toContainEqual({ kind: 'missing', path: 'manifest.json' })
        if (!content.index) return
        const { index: __, ...withoutIndex } = content
        expect(archiveProblems(withoutIndex, expected)).toContainEqual({ kind: 'missing', path: 'index.json' })
      }),
    )
  })

  test('another image, a missing name and a name that was not requested are problems', () => {
    fc.assert(
      fc.property(archives, ({ content, expected }) => {
        expect(archiveProblems(content, { ...expected, image: digest(6_666) })).toContainEqual({ kind: 'other-image' })
        const withExtraName = { ...expected, references: [...expected.references, 'three:3'] }
        expect(archiveProblems(content, withExtraName)).toEqual([{ kind: 'name-missing', reference: 'three:3' }])
        const withoutNames = { ...expected, references: [] }
        const kinds = archiveProblems(content, withoutNames).map(({ kind }) => kind)
        expect(kinds).toEqual(expected.references.map(() => 'name-unexpected'))
      }),
    )
  })

  test('a missing platform that the engine calls available is a problem, and so is an index without any available platform', () => {
    const { content, expected } = ociArchive(2, {
      compressed: true,
      index: true,
      tagged: true,
      engineListsManifests: true,
    })
    const withSecondPlatform = { ...expected, manifests: [...expected.manifests!, digest(8)] }
    expect(archiveProblems(content, withSecondPlatform)).toEqual([{ kind: 'missing', path: blobPath(digest(8)) }])
    const nothingAvailable = { ...expected, manifests: [] }
    expect(archiveProblems(content, nothingAvailable)).toEqual([{ kind: 'platform-missing', platform: 'linux/amd64' }])
  })

  test('an empty archive lacks manifest.json', () => {
    const empty: ArchiveContent = { ended: true, entries: new Map(), conflicts: [], documents: new Map() }
    const expected = { image: digest(1), references: [], platform: 'linux/amd64' }
    expect(archiveProblems(empty, expected)).toEqual([{ kind: 'missing', path: 'manifest.json' }])
  })

  test('links in a cycle count as missing entries', () => {
    const { content, expected } = oldArchive(1)
    const cyclic = changeEntries(content, (entries) => entries.set('0/layer.tar', { link: '../last/layer.tar' }))
    expect(archiveProblems(cyclic, expected)).toContainEqual({ kind: 'missing', path: '0/layer.tar' })
  })
})
