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

/** Digests by number: what they are the digest of does not matter here. */
const digest = (number: number) => `sha256:${number.toString(16).padStart(64, '0')}`

interface Built {
  readonly content: ArchiveContent
  readonly expected: ExpectedArchive
  /** Paths without which the image is incomplete. */
  readonly needed: readonly string[]
}

/** Collects blobs and documents as an engine would write them. */
function building() {
  const entries = new Map<string, ArchiveEntry>()
  const documents = new Map<string, ImageDocument>()
  let made = 0
  const blob = (document?: ImageDocument): Descriptor => {
    const id = digest(++made)
    entries.set(blobPath(id), { size: made * 10, digest: id })
    if (document) documents.set(id, document)
    return { digest: id, size: made * 10 }
  }
  const manifest = (platform: string, layers: number, compressed: boolean) => {
    const parts = Array.from({ length: layers }, () => blob())
    const diffIds = parts.map((part, at) => (compressed ? digest(9_000 + at) : part.digest))
    const config = blob({ kind: 'config', platform, diffIds })
    return { own: blob({ kind: 'manifest', config, layers: parts }), config, parts }
  }
  return { entries, documents, blob, manifest }
}

const names = ['one:1', 'localhost:5000/a/two:2']
const annotated = (reference: string) =>
  reference.includes('localhost') ? reference : `docker.io/library/${reference}`

/** An archive of the containerd store, or of 26.1's classic store if `index` is false. */
function ociArchive(
  layers: number,
  options: { compressed: boolean; index: boolean; tagged: boolean; asked: boolean },
): Built {
  const build = building()
  const image = build.manifest('linux/amd64', layers, options.compressed)
  const other = build.manifest('linux/arm64', layers, options.compressed)
  const attestation = { digest: digest(8_000), size: 5, platform: 'unknown/unknown' }
  const listed = [{ ...image.own, platform: 'linux/amd64' }, { ...other.own, platform: 'linux/arm64' }, attestation]
  const root = options.index ? build.blob({ kind: 'index', manifests: listed }) : image.own
  // The other platform is listed, and was never pulled.
  for (const part of [other.own, other.config, ...other.parts]) build.entries.delete(blobPath(part.digest))
  build.documents.delete(other.own.digest)
  const references = options.tagged ? names : []
  const manifest = {
    config: blobPath(image.config.digest),
    layers: image.parts.map((part) => blobPath(part.digest)),
    names: references,
  }
  for (const path of ['index.json', 'manifest.json', 'oci-layout'])
    build.entries.set(path, { size: 1, digest: digest(1) })
  return {
    content: {
      ...{ ended: true, conflicts: [], entries: build.entries, documents: build.documents },
      index: options.tagged ? names.map((name) => ({ ...root, name: annotated(name) })) : [root],
      manifest: [manifest],
    },
    expected: {
      ...{ image: options.index ? root.digest : image.config.digest, references, platform: 'linux/amd64' },
      ...(options.asked && { manifests: [image.own.digest] }),
    },
    needed: [...new Set([root, image.own, image.config, ...image.parts].map((part) => blobPath(part.digest)))],
  }
}

/** An archive of 20.10: a folder for each layer; a layer that the image has twice is a link the second time. */
function oldArchive(layers: number): Built {
  const entries = new Map<string, ArchiveEntry>()
  const ids = Array.from({ length: layers }, (_, at) => digest(at + 1))
  ids.forEach((id, at) => entries.set(`${at}/layer.tar`, { size: 10, digest: id }))
  entries.set('last/layer.tar', { link: '../0/layer.tar' })
  const config = `${digest(500).slice(7)}.json`
  entries.set(config, { size: 20, digest: digest(500) })
  entries.set('manifest.json', { size: 1, digest: digest(1) })
  const diffIds = [...ids, ids[0]!]
  return {
    content: {
      ...{ ended: true, conflicts: [], entries },
      documents: new Map([[digest(500), { kind: 'config', platform: 'linux/amd64', diffIds }]]),
      manifest: [{ config, layers: [...ids.map((_, at) => `${at}/layer.tar`), 'last/layer.tar'], names }],
    },
    expected: { image: digest(500), references: names, platform: 'linux/amd64' },
    needed: [config, ...ids.map((_, at) => `${at}/layer.tar`), 'last/layer.tar'],
  }
}

const archives = fc.oneof(
  fc
    .record({ compressed: fc.boolean(), index: fc.boolean(), tagged: fc.boolean(), asked: fc.boolean() })
    .chain((options) => fc.integer({ min: 1, max: 6 }).map((layers) => ociArchive(layers, options))),
  fc.integer({ min: 1, max: 6 }).map(oldArchive),
)
const withEntries = (content: ArchiveContent, change: (entries: Map<string, ArchiveEntry>) => void): ArchiveContent => {
  const entries = new Map(content.entries)
  change(entries)
  return { ...content, entries }
}

describe('an archive is complete', () => {
  test('if all that its lists need is there; other platforms and attestations may be absent', () => {
    fc.assert(
      fc.property(archives, ({ content, expected }) => {
        expect(archiveProblems(content, expected)).toEqual([])
      }),
    )
  })

  test('and not if any needed entry is missing, has another digest, or occurs twice', () => {
    fc.assert(
      fc.property(archives, fc.nat(), ({ content, expected, needed }, number) => {
        const path = needed[number % needed.length]!
        const without = withEntries(content, (entries) => entries.delete(path))
        expect(archiveProblems(without, expected).length).toBeGreaterThan(0)
        const entry = content.entries.get(path)!
        const size = 'size' in entry ? entry.size : 10
        const flipped = withEntries(content, (entries) => entries.set(path, { size, digest: digest(7_777) }))
        expect(archiveProblems(flipped, expected).length).toBeGreaterThan(0)
        expect(archiveProblems({ ...content, conflicts: [path] }, expected).length).toBeGreaterThan(0)
      }),
    )
  })

  test('and not if a blob has another size than its descriptor says', () => {
    fc.assert(
      fc.property(archives, fc.nat(), ({ content, expected, needed }, number) => {
        fc.pre(content.index !== undefined)
        const path = needed[number % needed.length]!
        const cut = withEntries(content, (entries) => {
          const entry = entries.get(path)
          if (entry && 'size' in entry) entries.set(path, { ...entry, size: entry.size - 1 })
        })
        expect(archiveProblems(cut, expected)).toContainEqual({ kind: 'altered', path })
      }),
    )
  })

  test('and not if it ended early, or a list is missing', () => {
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

  test('and not if it is of another image, lacks a name, or would move one that was not asked for', () => {
    fc.assert(
      fc.property(archives, ({ content, expected }) => {
        expect(archiveProblems(content, { ...expected, image: digest(6_666) })).toContainEqual({ kind: 'other-image' })
        const more = { ...expected, references: [...expected.references, 'three:3'] }
        expect(archiveProblems(content, more)).toEqual([{ kind: 'name-missing', reference: 'three:3' }])
        const fewer = { ...expected, references: [] }
        const kinds = archiveProblems(content, fewer).map(({ kind }) => kind)
        expect(kinds).toEqual(expected.references.map(() => 'name-unexpected'))
      }),
    )
  })

  test('and not if a platform that the engine calls available is missing or incomplete', () => {
    const { content, expected } = ociArchive(2, { compressed: true, index: true, tagged: true, asked: true })
    const both = { ...expected, manifests: [...expected.manifests!, digest(8)] }
    expect(archiveProblems(content, both)).toEqual([{ kind: 'missing', path: blobPath(digest(8)) }])
    const none = { ...expected, manifests: [] }
    expect(archiveProblems(content, none)).toEqual([{ kind: 'platform-missing', platform: 'linux/amd64' }])
  })

  test('an empty archive has problems, whatever is expected', () => {
    const nothing: ArchiveContent = { ended: true, entries: new Map(), conflicts: [], documents: new Map() }
    const expected = { image: digest(1), references: [], platform: 'linux/amd64' }
    expect(archiveProblems(nothing, expected)).toEqual([{ kind: 'missing', path: 'manifest.json' }])
  })

  test('links that go round in a circle lead nowhere', () => {
    const { content, expected } = oldArchive(1)
    const round = withEntries(content, (entries) => entries.set('0/layer.tar', { link: '../last/layer.tar' }))
    expect(archiveProblems(round, expected)).toContainEqual({ kind: 'missing', path: '0/layer.tar' })
  })
})
