/** The layers of made images: deterministic bytes, so that equal steps are one layer, as they are in Docker. */
import { createCipheriv, createHash } from 'node:crypto'
import { tarEnd, tarHeader, tarPadding, tarEntrySize } from './tar.ts'

/** A file's content, or what a symbolic link points to. Files are executable. */
export type FileContent = string | Uint8Array | Link
interface Link {
  readonly link: string
}
export type Files = Readonly<Record<string, FileContent>>

/** A line of a Dockerfile, as the image's history will tell it. It makes a layer when it has bytes (0 will do) or files. */
export interface Step {
  readonly instruction: string
  /** The layer's size as Docker counts it. What the files leave of it is filled. */
  readonly bytes?: number
  readonly files?: Files
  /** Fill with noise instead of zeros, for what is to be sent compressed. */
  readonly noise?: boolean
}

export const makesLayer = (step: Step): boolean => step.bytes !== undefined || step.files !== undefined

/** The same for steps that make the same layer. */
export function layerKey(step: Step): string {
  const known = keys.get(step)
  if (known !== undefined) return known
  const files = Object.entries(step.files ?? {}).map(([name, content]) => [
    name,
    isLink(content) ? content : hash(content),
  ])
  const key = hash(JSON.stringify([step.instruction, step.bytes, step.noise, files]))
  keys.set(step, key)
  return key
}
const keys = new WeakMap<Step, string>()

/** The size of a layer's tar. */
export function layerTarSize(step: Step): number {
  return tarEntriesOf(step).reduce((sum, entry) => sum + tarEntrySize(entry.size), 0) + tarEnd().length
}

/** A layer's tar, in pieces. */
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
  /** Absent where the filling goes. */
  readonly content?: Buffer
}

function tarEntriesOf(step: Step): Entry[] {
  const files = Object.entries(step.files ?? {}).map(([name, content]): Entry => {
    if (isLink(content)) return { name, size: 0, link: content.link, content: empty }
    const bytes = Buffer.from(content)
    return { name, size: bytes.length, content: bytes }
  })
  const rest = (step.bytes ?? 0) - files.reduce((sum, file) => sum + file.size, 0)
  const name = layerKey(step).slice(0, 12)
  // A folder keeps layers without bytes apart, as WORKDIR does.
  if (rest > 0) return [...files, { name: `opt/${name}`, size: rest }]
  return files.length > 0 ? files : [{ name: `opt/${name}/`, size: 0, content: empty }]
}

function* fillerBytes(step: Step, size: number): Generator<Buffer> {
  const cipher = step.noise ? createCipheriv('aes-128-ctr', layerKey(step).slice(0, 16), Buffer.alloc(16)) : undefined
  for (let left = size; left > 0; left -= zeros.length) {
    const piece = zeros.subarray(0, Math.min(left, zeros.length))
    yield cipher ? cipher.update(piece) : piece
  }
}

const zeros = Buffer.alloc(1 << 20)
const empty = Buffer.alloc(0)
const isLink = (content: FileContent): content is Link => typeof content === 'object' && 'link' in content
const hash = (content: string | Uint8Array) => createHash('sha256').update(content).digest('hex')
