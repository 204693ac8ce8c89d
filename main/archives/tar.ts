/**
 * Parses a tar stream synchronously. Only headers are buffered; the package `tar` parses them. The package tar-stream 3
 * is not used, because it would add 13 packages and 8 MB of native code.
 */
import { Header } from 'tar/header'
import { Pax } from 'tar/pax'

export interface TarVisitor {
  /** Called at the start of a regular file. The returned visitor receives the content. */
  file(path: string, size: number): FileVisitor
  /** Called for a link. `target` is relative to the link's folder. */
  link(path: string, target: string): void
}

export interface FileVisitor {
  /** Called with each part of the content. Copy the buffer to keep it. */
  data(piece: Buffer): void
  end(): void
}

/** The kind of an extended header: in pax format for one entry (`x`) or global (`g`), or GNU's long path or link target. */
type Extension = 'x' | 'g' | 'path' | 'linkpath'
interface Body {
  bytesLeft: number
  padding: number
  readonly visitor?: FileVisitor
}

const blockSize = 512
/** Far above the few hundred bytes of the extended headers that Go writes. */
const maxExtensionBytes = 1 << 20
const extensions: Readonly<Record<string, Extension>> = {
  ExtendedHeader: 'x',
  OldExtendedHeader: 'x',
  GlobalExtendedHeader: 'g',
  NextFileHasLongPath: 'path',
  NextFileHasLongLinkpath: 'linkpath',
}

export class TarParser {
  readonly #visitor: TarVisitor
  readonly #block = Buffer.alloc(blockSize)
  #filledBytes = 0
  #body: Body | undefined
  #entryHeader: Partial<Pax> = {}
  #global: Partial<Pax> = {}
  #zeroBlocks = 0
  #isMalformed = false

  constructor(visitor: TarVisitor) {
    this.#visitor = visitor
  }

  /** Whether the input is a complete tar: POSIX requires two blocks of zeros at the end, and only zeros may follow. */
  get ended(): boolean {
    return !this.#isMalformed && this.#zeroBlocks >= 2 && this.#filledBytes === 0 && !this.#body
  }

  push(chunk: Buffer): void {
    for (let offset = 0; offset < chunk.length && !this.#isMalformed;)
      offset += this.#body ? this.#readBody(this.#body, chunk, offset) : this.#readHeader(chunk, offset)
  }

  #readBody(body: Body, chunk: Buffer, offset: number): number {
    if (body.bytesLeft > 0) {
      const piece = chunk.subarray(offset, offset + body.bytesLeft)
      body.bytesLeft -= piece.length
      body.visitor?.data(piece)
      if (body.bytesLeft === 0) this.#endBody(body)
      return piece.length
    }
    const skippedBytes = Math.min(body.padding, chunk.length - offset)
    body.padding -= skippedBytes
    if (body.padding === 0) this.#body = undefined
    return skippedBytes
  }

  #endBody(body: Body) {
    if (body.padding === 0) this.#body = undefined
    body.visitor?.end()
  }

  #readHeader(chunk: Buffer, offset: number): number {
    const copiedBytes = chunk.copy(this.#block, this.#filledBytes, offset, offset + blockSize - this.#filledBytes)
    this.#filledBytes += copiedBytes
    if (this.#filledBytes === blockSize) {
      this.#filledBytes = 0
      this.#handleHeader()
    }
    return copiedBytes
  }

  #handleHeader() {
    const header = new Header(this.#block, 0, this.#entryHeader, this.#global)
    if (header.nullBlock) return void this.#zeroBlocks++
    const { size, type } = header
    if (this.#zeroBlocks > 0 || !header.cksumValid || size === undefined || !Number.isSafeInteger(size))
      return void (this.#isMalformed = true)
    const extension = extensions[type]
    if (extension) return this.#beginBody(size, this.#extensionVisitor(extension, size))
    const path = (header.path ?? '').replace(/^\.\//, '')
    const target = this.#entryHeader.linkpath ?? header.linkpath ?? ''
    this.#entryHeader = {}
    if (type === 'File' || type === 'OldFile' || type === 'ContiguousFile')
      return this.#beginBody(size, this.#visitor.file(path, size))
    if (type === 'SymbolicLink') this.#visitor.link(path, target)
    // The target of a hard link is relative to the archive's root.
    if (type === 'Link') this.#visitor.link(path, `${'../'.repeat(path.split('/').length - 1)}${target}`)
    this.#beginBody(type === 'SymbolicLink' || type === 'Link' ? 0 : size)
  }

  #beginBody(size: number, visitor?: FileVisitor) {
    if (size > 0)
      this.#body = {
        bytesLeft: size,
        padding: (blockSize - (size % blockSize)) % blockSize,
        ...(visitor && { visitor }),
      }
    else visitor?.end()
  }

  /** Reads an extended header: it sets fields such as the path for the next entry or, if global, for all later ones. */
  #extensionVisitor(extension: Extension, size: number): FileVisitor {
    const parts: Buffer[] = []
    if (size > maxExtensionBytes) this.#isMalformed = true
    return {
      data: (piece) => void parts.push(Buffer.from(piece)),
      end: () => {
        const text = Buffer.concat(parts).toString()
        if (extension === 'x') this.#entryHeader = Pax.parse(text, this.#entryHeader)
        else if (extension === 'g') this.#global = Pax.parse(text, this.#global, true)
        else this.#entryHeader = { ...this.#entryHeader, [extension]: text.replace(/\0.*$/s, '') }
      },
    }
  }
}
