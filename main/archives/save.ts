/** Saves an image as an archive, and checks while writing that the archive is complete. */
import { constants } from 'node:fs'
import { open, rename, rm, statfs, type FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname } from 'node:path'
import { saveError } from '../../model/archives/engine-errors.ts'
import { archiveProblems, type ExpectedArchive } from '../../model/archives/problems.ts'
import { shortId, type Bytes, type ImageId, type Reference } from '../../model/image/image.ts'
import { fail, ok, type Failure, type Result } from '../../preload/contract/index.ts'
import { saveImages, statusOf, type EngineSession } from '../engine/index.ts'
import { expectedArchive } from './expected.ts'
import { archiveReader, type ArchiveSummary } from './reader.ts'

export interface ArchiveToSave {
  readonly image: ImageId
  /** The names to include. Loading the archive restores them. */
  readonly references: readonly Reference[]
  /** Upper bound of the archive's size. */
  readonly size: Bytes
  /** The path of the new file. The file must not exist yet; its folder must exist. */
  readonly file: string
}

export interface SavedArchive {
  readonly file: string
  readonly bytes: Bytes
  /** Hash of the whole file, in hexadecimal. */
  readonly sha256: string
}

/** @returns the path of an archive while it is being written */
const partialPath = (file: string): string => `${file}.part`

/**
 * Saves an archive. Deletes the file if it is incomplete.
 * @returns undefined if the signal is aborted
 * @throws if the engine cannot be reached
 */
export async function saveArchive(
  session: EngineSession,
  request: ArchiveToSave,
  signal: AbortSignal,
): Promise<Result<SavedArchive> | undefined> {
  const partialFile = partialPath(request.file)
  try {
    const expected = await expectedArchive(session, request.image, request.references, signal)
    if (!expected) return fail({ code: 'image-gone', image: request.image })
    const archive = await download(session, request, partialFile, signal)
    const failure = failureOf(archive, expected)
    if (!failure) {
      await orDiskError(rename(partialFile, request.file))
      await syncFolder(dirname(request.file))
      return ok({ file: request.file, bytes: archive.bytes, sha256: archive.sha256 })
    }
    await rm(partialFile, { force: true })
    return fail(failure)
  } catch (error) {
    // The partial file is deleted first, so that `saveFailure` reports the free space without it.
    if (!(error instanceof DiskError && error.alreadyExists))
      await rm(partialFile, { force: true }).catch(() => undefined)
    if (signal.aborted) return undefined
    return fail(await saveFailure(error, request))
  }
}

async function download(
  session: EngineSession,
  { image, references }: ArchiveToSave,
  partialFile: string,
  signal: AbortSignal,
) {
  const handle = await orDiskError(open(partialFile, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600))
  try {
    const response = await saveImages(session, references.length > 0 ? references : [image], signal)
    const archive = await write(response, handle, signal)
    await orDiskError(handle.sync())
    return archive
  } finally {
    await handle.close()
  }
}

async function write(response: IncomingMessage, handle: FileHandle, signal: AbortSignal): Promise<ArchiveSummary> {
  const reader = archiveReader()
  const stop = () => void response.destroy()
  signal.addEventListener('abort', stop)
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      // The chunk is hashed and parsed during the write.
      const writing = orDiskError(handle.writeFile(chunk))
      reader.push(chunk)
      await writing
    }
  } catch (error) {
    if (error instanceof DiskError) throw error
    // The connection was lost. `response.complete` is false then, so the archive counts as incomplete.
  } finally {
    signal.removeEventListener('abort', stop)
    response.destroy()
  }
  signal.throwIfAborted()
  return reader.finish(response.complete)
}

function failureOf({ content, end }: ArchiveSummary, expected: ExpectedArchive): Failure | undefined {
  const [problem] = archiveProblems(content, expected)
  if (!problem) return undefined
  const name = displayName(expected)
  const detail = content.ended ? undefined : saveError(end)
  return detail === undefined ? { code: 'copy-incomplete', name, problem } : { code: 'copy-failed', name, detail }
}

const displayName = ({ image, references }: Pick<ArchiveToSave, 'image' | 'references'>) =>
  references[0] ?? shortId(image)

/** An error of the file system, as opposed to one of the engine's connection. */
class DiskError extends Error {
  readonly isFull: boolean
  /** The file exists although this call has not created it, so it must not be deleted. */
  readonly alreadyExists: boolean

  constructor(error: Error & { readonly code?: unknown }) {
    super(error.message)
    this.isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT'
    this.alreadyExists = error.code === 'EEXIST'
  }
}

/** Rejects with a DiskError if the file system operation fails. */
const orDiskError = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw new DiskError(error instanceof Error ? error : new Error(String(error)))
  })

async function saveFailure(error: unknown, { file, size, ...archive }: ArchiveToSave): Promise<Failure> {
  const folder = dirname(file)
  if (error instanceof DiskError) {
    if (!error.isFull) return { code: 'folder-unusable', folder, detail: error.message }
    const { bavail, bsize } = await statfs(folder)
    return { code: 'disk-full', folder, needed: size, free: bavail * bsize }
  }
  if (statusOf(error) === undefined) throw error
  const detail = error instanceof Error ? error.message : String(error)
  return { code: 'copy-failed', name: displayName(archive), detail }
}

/** Syncs the folder, so that the new file name survives a power failure. Some file systems do not support this. */
async function syncFolder(folder: string) {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
