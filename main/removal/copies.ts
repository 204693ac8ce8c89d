/** Copies of images as archives in a folder of the user's choice: saved whole or not at all. */
import { createReadStream, createWriteStream } from 'node:fs'
import { access, mkdir, rename, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { shortId, type Bytes, type ImageId } from '../../model/image/image.ts'
import { loadImages, saveImages, type EngineSession } from '../engine/index.ts'
import { fail, ok, type CopyPlace, type Failure, type Result } from '../../preload/contract/index.ts'

/** What is to be saved of an image: with its names, so that these come back with it. */
export interface Original {
  readonly image: ImageId
  readonly references: readonly string[]
  /** An upper bound of what its archive takes. */
  readonly size: Bytes
}

/** The folder, which need not exist yet, and what is free where it will be. */
export async function placeOf(folder: string): Promise<CopyPlace> {
  for (let at = folder; ; at = dirname(at)) {
    try {
      const { bavail, bsize } = await statfs(at)
      return { folder, free: bavail * bsize }
    } catch {
      if (at === dirname(at)) return { folder }
    }
  }
}

/** Whether the folder can take what is to be saved. */
export async function roomFor(folder: string, originals: readonly Original[]): Promise<Result<void>> {
  try {
    await mkdir(folder, { recursive: true })
    await access(folder, 2)
  } catch (error) {
    return fail({ code: 'folder-unusable', folder, detail: detailOf(error) })
  }
  const needed = originals.reduce((sum, { size }) => sum + size, 0)
  const { free } = await placeOf(folder)
  return free !== undefined && free < needed ? fail({ code: 'disk-full', folder, needed, free }) : ok(undefined)
}

/** Saves one image, and answers with its file. What is not whole is not left behind. */
export async function saveCopy(
  session: EngineSession,
  { image, references, size }: Original,
  folder: string,
  mark: string,
): Promise<Result<string>> {
  const name = (references[0] ?? 'none').replaceAll(/[^\w.-]+/g, '_').slice(0, 100)
  const file = join(folder, `${name}-${shortId(image)}-${mark}.tar`)
  try {
    const archive = await saveImages(session, references.length > 0 ? references : [image])
    await pipeline(archive, createWriteStream(`${file}.part`, { flags: 'wx', flush: true }))
    await rename(`${file}.part`, file)
    return ok(file)
  } catch (error) {
    await rm(`${file}.part`, { force: true }).catch(() => undefined)
    return fail(await saveFailure(error, folder, size))
  }
}

async function saveFailure(error: unknown, folder: string, needed: Bytes): Promise<Failure> {
  const { code, syscall } = error as NodeJS.ErrnoException
  if (code === 'ENOSPC' || code === 'EDQUOT')
    return { code: 'disk-full', folder, needed, free: (await placeOf(folder)).free ?? 0 }
  if (syscall === 'open' || syscall === 'write' || syscall === 'rename' || syscall === 'fsync')
    return { code: 'folder-unusable', folder, detail: detailOf(error) }
  throw error
}

/** Brings a copy back. The engine tells of faults in the midst of its answer. */
export async function loadCopy(session: EngineSession, file: string): Promise<void> {
  const said = await loadImages(session, createReadStream(file))
  const line = said.split('\n').find((line) => line.includes('"error"'))
  if (line) throw new Error(line.slice(0, 500))
}

const detailOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
