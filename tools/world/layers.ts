/** Layers of generated images. Their bytes are deterministic, so that equal steps produce the same layer. */
import { createCipheriv, createHash } from 'node:crypto'
import { tarEnd, tarHeader, tarPadding, tarEntrySize } from './tar.ts'

/** A file's content, or a symbolic link. All files are executable. */
export type FileContent = string | Uint8Array | Link
interface Link {
  /** The link's target. */
  readonly link: string
}
/** Files by their path, without a leading slash. */
export type Files = Readonly<Record<string, FileContent>>

/** A Dockerfile instruction. It creates a layer if `bytes` (0 is enough) or `files` is set. */
export interface Step {
  /** The text in the image's history. */
  readonly instruction: string
  /** The layer's size as Docker reports it. If `files` are smaller, a filler file makes up the difference. */
  readonly bytes?: number
  readonly files?: Files
  /** The filler is pseudorandom instead of zeros, so that it does not get smaller when compressed. */
  readonly noise?: boolean
}

export const makesLayer = (step: Step): boolean => step.bytes !== undefined || step.files !== undefined

/** A hash that is equal for steps with equal layers. */
export function layerKey(step: Step): string {
  const cached = layerKeys.get(step)
  if (cached !== undefined) return cached
  const files = Object.entries(step.files ?? {}).map(([name, content]) => [
    name,
    isLink(content) ? content : hash(content),
  ])
  const key = hash(JSON.stringify([step.instruction, step.bytes, step.noise, files]))
  layerKeys.set(step, key)
  return key
}
const layerKeys = new WeakMap<Step, string>()

/** Bytes of a layer's tar. */
export function layerTarSize(step: Step): number {
  return tarEntriesOf(step).reduce((sum, entry) => sum + tarEntrySize(entry.size), 0) + tarEnd().length
}

/** A layer's tar, in chunks. */
export function* layerTar(step: Step): Generator<Buffer> {
  for (const entry of tarEntriesOf(step)) {
    yield tarHeader(entry)
    if (entry.content === undefined) yield* fillerBytes(step, entry.size)
    else yield entry.content
    yield tarPadding(entry.size)
  }
  yield tarEnd()
}

interface Entry {
  readonly name: string
  readonly size: number
  readonly link?: string
  /** Absent for the filler file. */
  readonly content?: Buffer
}

function tarEntriesOf(step: Step): Entry[] {
  const files = Object.entries(step.files ?? {}).map(([name, content]): Entry => {
    if (isLink(content)) return { name, size: 0, link: content.link, content: empty }
    const bytes = Buffer.from(content)
    return { name, size: bytes.length, content: bytes }
  })
  const fillerSize = (step.bytes ?? 0) - files.reduce((sum, file) => sum + file.size, 0)
  const name = layerKey(step).slice(0, 12)
  if (fillerSize > 0) return [...files, { name: `opt/${name}`, size: fillerSize }]
  // An empty folder, as WORKDIR creates. Its name makes the digests of different steps without bytes differ.
  return files.length > 0 ? files : [{ name: `opt/${name}/`, size: 0, content: empty }]
}

function* fillerBytes(step: Step, size: number): Generator<Buffer> {
  const cipher = step.noise ? createCipheriv('aes-128-ctr', layerKey(step).slice(0, 16), Buffer.alloc(16)) : undefined
  for (let remaining = size; remaining > 0; remaining -= zeros.length) {
    const chunk = zeros.subarray(0, Math.min(remaining, zeros.length))
    yield cipher ? cipher.update(chunk) : chunk
  }
}

const zeros = Buffer.alloc(1 << 20)
const empty = Buffer.alloc(0)
const isLink = (content: FileContent): content is Link => typeof content === 'object' && 'link' in content
const hash = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
