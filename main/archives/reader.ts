/** Reads an image archive as a stream, and collects the sizes and digests of its files and the parsed JSON. */
import { createHash } from 'node:crypto'
import type { ArchiveContent, ArchiveEntry, ImageDocument } from '../../model/archives/archive.ts'
import type { Bytes } from '../../model/image/image.ts'
import { parseDocument, parseIndex, parseManifest } from './documents.ts'
import { TarParser, type FileVisitor } from './tar.ts'

/** Limit for all JSON in an archive together. JSON beyond the limit is not parsed, so the archive counts as incomplete. */
const maxJsonBytes = 64 << 20
const maxEntries = 200_000
/** Enough for the line of JSON with which an engine reports an error at the end of an archive. */
const tailBytes = 8 << 10

export interface ArchiveSummary {
  readonly content: ArchiveContent
  readonly bytes: Bytes
  /** Hash of the whole file, in hexadecimal. */
  readonly sha256: string
  /** The last 8 KiB as text. An engine that fails during the save writes its error there. */
  readonly end: string
}

export interface ArchiveReader {
  push(chunk: Buffer): void
  /** Call this once, after the last chunk. @param complete whether the source was read to its end */
  finish(complete: boolean): ArchiveSummary
}

export function archiveReader(): ArchiveReader {
  const wholeHash = createHash('sha256')
  const entries = new Map<string, ArchiveEntry>()
  const conflicts = new Set<string>()
  const documents = new Map<string, ImageDocument>()
  const rootDocuments: Partial<Pick<ArchiveContent, 'index' | 'manifest'>> = {}
  let [bytes, jsonBytes] = [0, 0]
  let end: Buffer = Buffer.alloc(0)

  function add(path: string, entry: ArchiveEntry) {
    const existing = entries.get(path)
    if (existing && !isSame(existing, entry)) conflicts.add(path)
    if (entries.size < maxEntries) entries.set(path, entry)
    // Reported like a conflict, so that an archive with too many entries counts as incomplete.
    else conflicts.add(path)
  }

  function parse(path: string, digest: string, text: string) {
    if (path === 'index.json') return Object.assign(rootDocuments, { index: parseIndex(text) })
    if (path === 'manifest.json') return Object.assign(rootDocuments, { manifest: parseManifest(text) })
    const document = parseDocument(text)
    return document && documents.set(digest, document)
  }

  function visitFile(path: string, size: Bytes): FileVisitor {
    const hash = createHash('sha256')
    let json: Buffer[] | undefined
    let hasData = false
    return {
      data(piece) {
        if (!hasData && (piece[0] === brace || piece[0] === bracket) && jsonBytes + size <= maxJsonBytes) {
          json = []
          jsonBytes += size
        }
        hasData = true
        hash.update(piece)
        json?.push(Buffer.from(piece))
      },
      end() {
        const digest = `sha256:${hash.digest('hex')}`
        add(path, { size, digest })
        if (json) parse(path, digest, Buffer.concat(json).toString())
      },
    }
  }

  const parser = new TarParser({ file: visitFile, link: (path, target) => add(path, { link: target }) })
  return {
    push(chunk) {
      bytes += chunk.length
      wholeHash.update(chunk)
      end = chunk.length >= tailBytes ? chunk.subarray(-tailBytes) : Buffer.concat([end, chunk]).subarray(-tailBytes)
      parser.push(chunk)
    },
    finish: (complete) => ({
      content: { ...rootDocuments, ended: complete && parser.ended, entries, conflicts: [...conflicts], documents },
      ...{ bytes, sha256: wholeHash.digest('hex'), end: end.toString() },
    }),
  }
}

const [brace, bracket] = [...Buffer.from('{[')]

const isSame = (a: ArchiveEntry, b: ArchiveEntry) =>
  'link' in a ? 'link' in b && a.link === b.link : 'digest' in b && a.digest === b.digest && a.size === b.size
