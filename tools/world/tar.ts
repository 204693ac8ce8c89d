/** The little of the tar format (ustar) that image archives need. */

export interface TarEntry {
  readonly name: string
  readonly size: number
  /** What a symbolic link points to. */
  readonly link?: string
  readonly mode?: number
}

const block = 512
const field = (text: string, length: number) => Buffer.from(text.padEnd(length, '\0').slice(0, length), 'utf8')
const octal = (value: number, length: number) => field(value.toString(8).padStart(length - 1, '0'), length)

/** An entry's header. Owner and times are left at zero, so that equal files make equal bytes. */
export function tarHeader({ name, size, link, mode = 0o755 }: TarEntry): Buffer {
  if (Buffer.byteLength(name) > 100) throw new Error(`Too long for a plain tar: ${name}`)
  const directory = name.endsWith('/')
  const header = Buffer.concat([
    field(name, 100),
    octal(mode, 8),
    octal(0, 8), // user
    octal(0, 8), // group
    octal(size, 12),
    octal(0, 12), // time
    field('        ', 8), // the checksum counts as blanks
    field(link !== undefined ? '2' : directory ? '5' : '0', 1),
    field(link ?? '', 100),
    field('ustar\x0000', 255),
  ])
  const sum = header.reduce((total, byte) => total + byte, 0)
  octal(sum, 7).copy(header, 148)
  return header
}

/** What fills an entry's content up to a whole block. */
export const tarPadding = (size: number): Buffer => Buffer.alloc((block - (size % block)) % block)

/** What a tar ends with. */
export const tarEnd = (): Buffer => Buffer.alloc(2 * block)

/** What an entry takes in a tar, header and padding included. */
export const tarEntrySize = (size: number): number => block + Math.ceil(size / block) * block

/** A small file, whole. */
export const tarFile = (name: string, content: string | Uint8Array): Buffer => {
  const bytes = Buffer.from(content)
  return Buffer.concat([tarHeader({ name, size: bytes.length, mode: 0o644 }), bytes, tarPadding(bytes.length)])
}
