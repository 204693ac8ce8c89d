/** Writes the parts of the tar format (ustar) that image archives need. */

export interface TarEntry {
  /** Ends with a slash if the entry is a folder. */
  readonly name: string
  readonly size: number
  /** The target, if the entry is a symbolic link. */
  readonly link?: string
  readonly mode?: number
}

const blockSize = 512
const field = (text: string, length: number) => Buffer.from(text.padEnd(length, '\0').slice(0, length), 'utf8')
const octal = (value: number, length: number) => field(value.toString(8).padStart(length - 1, '0'), length)

/** An entry's header. The owner and time are zero, so that equal files have equal bytes. Throws if the name is too long. */
export function tarHeader({ name, size, link, mode = 0o755 }: TarEntry): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`The name is too long for ustar: ${name}`)
  const isDirectory = name.endsWith('/')
  const header = Buffer.concat([
    field(name, 100),
    octal(mode, 8),
    octal(0, 8), // user
    octal(0, 8), // group
    octal(size, 12),
    octal(0, 12), // time
    field('        ', 8), // spaces while the checksum is computed
    field(link !== undefined ? '2' : isDirectory ? '5' : '0', 1),
    field(link ?? '', 100),
    field('ustar\x0000', 255),
  ])
  const checksum = header.reduce((total, byte) => total + byte, 0)
  octal(checksum, 7).copy(header, 148)
  return header
}

/** The zeros that follow an entry's content up to a full block. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((blockSize - (size % blockSize)) % blockSize)

/** The two empty blocks at the end of a tar. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * blockSize)

/** Bytes of an entry including its header and padding. */
export const tarEntrySize = (size: number): number => blockSize + Math.ceil(size / blockSize) * blockSize

/** A complete entry for a file: header, content and padding. */
export const tarFile = (name: string, content: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(content)
  return Buffer.concat([tarHeader({ name, size: bytes.length, mode: 0o644 }), bytes, tarPadding(bytes.length)])
}
