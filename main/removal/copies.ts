/** Saves copies of images before a removal deletes them: archives in a folder that the user chooses. */
import { access, mkdir, readdir, rm, statfs } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { shortId, type Bytes, type ImageId, type Reference } from '../../model/image/image.ts'
import { fail, ok, type CopyPlace, type Result } from '../../preload/contract/index.ts'
import { engineFailure, type EngineSession } from '../engine/index.ts'
import type { JobContext } from '../jobs/index.ts'

/** An image to copy, and the names to restore with it. */
export interface Original {
  readonly image: ImageId
  readonly references: readonly Reference[]
  /** Upper bound of the archive's size. */
  readonly size: Bytes
}

export interface Copy {
  readonly file: string
  /** Hash of the whole file, in hexadecimal. */
  readonly sha256: string
}

/** The functions of `main/archives` that a removal uses. Both return undefined if `cancelled` is aborted. */
export interface Archives {
  save(
    session: EngineSession,
    request: Original & { readonly file: string },
    cancelled: AbortSignal,
  ): Promise<Result<Copy> | undefined>
  /** Loads the copy if its hash is unchanged. `references` are the only names that the load may give to the image. */
  load(
    session: EngineSession,
    request: Omit<Original, 'size'> & { readonly file: string; readonly sha256?: string },
    cancelled: AbortSignal,
  ): Promise<Result<void> | undefined>
}

/** @returns the folder with the free bytes of its disk, if they are known. The folder does not have to exist. */
export async function readCopyPlace(folder: string): Promise<CopyPlace> {
  for (let ancestor = folder; ; ancestor = dirname(ancestor)) {
    try {
      const { bavail, bsize } = await statfs(ancestor)
      return { folder, free: bavail * bsize }
    } catch {
      if (ancestor === dirname(ancestor)) return { folder }
    }
  }
}

/**
 * Creates the folder with mode 0700 if it does not exist. Fails if the folder is not writable or its disk has no room
 * for the copies.
 */
export async function prepareCopyFolder(folder: string, originals: readonly Original[]): Promise<Result<void>> {
  try {
    await mkdir(folder, { recursive: true, mode: 0o700 })
    await access(folder, 2)
  } catch (error) {
    return fail({ code: 'folder-unusable', folder, detail: error instanceof Error ? error.message : String(error) })
  }
  const needed = originals.reduce((sum, { size }) => sum + size, 0)
  const { free } = await readCopyPlace(folder)
  return free !== undefined && free < needed ? fail({ code: 'disk-full', folder, needed, free }) : ok(undefined)
}

interface SaveRequest {
  readonly session: EngineSession
  readonly save: Archives['save']
  readonly originals: readonly Original[]
  readonly folder: string
  readonly job: JobContext
  /** Called when a copy is complete on the disk. The next copy starts after the promise resolves. */
  readonly onSaved: (image: ImageId, copy: Copy) => Promise<void>
}

/**
 * @returns the copies by image. If a copy fails or the user cancels, deletes all copies and returns undefined; the
 * caller must then not remove any image.
 */
export async function saveAll(request: SaveRequest): Promise<ReadonlyMap<ImageId, Copy> | undefined> {
  const { session, save, originals, folder, job, onSaved } = request
  const copies = new Map<ImageId, Copy>()
  for (const [index, original] of originals.entries()) {
    job.updateSubject({ saving: { done: index, all: originals.length } })
    const file = join(folder, copyName(original, job.id))
    const saved = await save(session, { ...original, file }, job.cancelled).catch((error: unknown) =>
      fail(engineFailure(error, session.context)),
    )
    if (saved?.ok) {
      copies.set(original.image, saved.value)
      await onSaved(original.image, saved.value)
    }
    if (saved?.ok && !job.cancelled.aborted) continue
    for (const copy of copies.values()) await rm(copy.file, { force: true }).catch(() => undefined)
    job.items.forEach((_, item) => job.updateItem(item, { state: 'skipped' }))
    if (saved && !saved.ok) job.fail(saved.error)
    job.updateSubject({ saving: undefined })
    return undefined
  }
  job.updateSubject({ saving: undefined })
  return copies
}

function copyName({ image, references }: Original, job: string): string {
  const name = (references[0] ?? 'none').replaceAll(/[^\w.-]+/g, '_').slice(0, 100)
  return `${name}-${shortId(image)}${copySuffix(job)}`
}

/** The file names of all copies of a job end with this. */
export const copySuffix = (job: string): string => `-${job.slice(0, 8)}.tar`

/** @returns the first eight digits of the id of the job that saved the copy; undefined if the file is not a copy */
export const jobIdPrefixIn = (name: string): string | undefined => /-[0-9a-f]{12}-([0-9a-f]{8})\.tar$/.exec(name)?.[1]

/** Deletes copies that an earlier run of the app did not complete. Call this before the first job saves a copy. */
export async function removeUnfinished(folders: Iterable<string>): Promise<void> {
  for (const folder of new Set(folders)) {
    const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
    for (const entry of entries)
      if (entry.isFile() && /-[0-9a-f]{12}-[0-9a-f]{8}\.tar\.part$/.test(entry.name))
        await rm(join(folder, entry.name), { force: true }).catch(() => undefined)
  }
}
