/** Saves one image as an archive, checked while it is written: whole or not at all. */
import { constants } from 'node:fs'
import { open, rename, rm, statfs, type FileHandle } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { dirname } from 'node:path'
import { saveError } from '../../model/archives/load-answer.ts'
import { archiveProblems, type ExpectedArchive } from '../../model/archives/problems.ts'
import { shortId, type Bytes, type ImageId, type Reference } from '../../model/image/image.ts'
import { fail, ok, type Failure, type Result } from '../../preload/contract/index.ts'
import { saveImages, statusOf, type EngineSession } from '../engine/index.ts'
import { expectedArchive } from './expected.ts'
import { archiveReader, type ReadArchive } from './reader.ts'

export interface ArchiveToSave {
  readonly image: ImageId
  /** The names that go into the archive, and come back with it. */
  readonly references: readonly Reference[]
  /** An upper bound of what the archive takes. */
  readonly size: Bytes
  /** Its folder must exist, the file itself must not. */
  readonly file: string
}

export interface SavedArchive {
  readonly file: string
  readonly bytes: Bytes
  /** Of the whole file, in hexadecimal. */
  readonly sha256: string
}

/** What an archive is called while it is written. */
const partOf = (file: string): string => `${file}.part`

/**
 * Saves an archive. Nothing that is incomplete is left behind.
 * @returns undefined if `signal` ended the work. Throws if the engine cannot be reached.
 */
export async function saveArchive(
  session: EngineSession,
  wanted: ArchiveToSave,
  signal: AbortSignal,
): Promise<Result<SavedArchive> | undefined> {
  const part = partOf(wanted.file)
  try {
    const expected = await expectedArchive(session, wanted.image, wanted.references, signal)
    if (!expected) return fail({ code: 'image-gone', image: wanted.image })
    const archive = await download(session, wanted, part, signal)
    const failure = failureOf(archive, expected)
    if (!failure) {
      await onDisk(rename(part, wanted.file))
      await syncFolder(dirname(wanted.file))
      return ok({ file: wanted.file, bytes: archive.bytes, sha256: archive.sha256 })
    }
    await rm(part, { force: true })
    return fail(failure)
  } catch (error) {
    // Removed first, so that a full disk says what is free without it.
    if (!(error instanceof DiskError && error.isTaken)) await rm(part, { force: true }).catch(() => undefined)
    if (signal.aborted) return undefined
    return fail(await saveFailure(error, wanted))
  }
}

async function download(
  session: EngineSession,
  { image, references }: ArchiveToSave,
  part: string,
  signal: AbortSignal,
) {
  const handle = await onDisk(open(part, constants.O_CREAT | constants.O_EXCL | constants.O_WRONLY, 0o600))
  try {
    const answer = await saveImages(session, references.length > 0 ? references : [image], signal)
    const archive = await write(answer, handle, signal)
    await onDisk(handle.sync())
    return archive
  } finally {
    await handle.close()
  }
}

async function write(answer: IncomingMessage, handle: FileHandle, signal: AbortSignal): Promise<ReadArchive> {
  const reader = archiveReader()
  const stop = () => void answer.destroy()
  signal.addEventListener('abort', stop)
  try {
    for await (const chunk of answer as AsyncIterable<Buffer>) {
      // Checked while it is written.
      const written = onDisk(handle.writeFile(chunk))
      reader.push(chunk)
      await written
    }
  } catch (error) {
    if (error instanceof DiskError) throw error
    // The connection broke in the middle of the answer: the archive ends early, and `complete` is false.
  } finally {
    signal.removeEventListener('abort', stop)
    answer.destroy()
  }
  signal.throwIfAborted()
  return reader.finish(answer.complete)
}

function failureOf({ content, end }: ReadArchive, expected: ExpectedArchive): Failure | undefined {
  const [problem] = archiveProblems(content, expected)
  if (!problem) return undefined
  const name = titleOf(expected)
  const detail = content.ended ? undefined : saveError(end)
  return detail === undefined ? { code: 'copy-incomplete', name, problem } : { code: 'copy-failed', name, detail }
}

const titleOf = ({ image, references }: Pick<ArchiveToSave, 'image' | 'references'>) => references[0] ?? shortId(image)

/** An error of the file system, told apart from one of the engine's connection. */
class DiskError extends Error {
  readonly isFull: boolean
  /** The file exists already, and is somebody else's. */
  readonly isTaken: boolean

  constructor(error: Error & { readonly code?: unknown }) {
    super(error.message)
    this.isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT'
    this.isTaken = error.code === 'EEXIST'
  }
}

const onDisk = <T>(work: Promise<T>): Promise<T> =>
  work.catch((error: unknown) => {
    throw new DiskError(error instanceof Error ? error : new Error(String(error)))
  })

async function saveFailure(error: unknown, { file, size, ...image }: ArchiveToSave): Promise<Failure> {
  const folder = dirname(file)
  if (error instanceof DiskError) {
    if (!error.isFull) return { code: 'folder-unusable', folder, detail: error.message }
    const { bavail, bsize } = await statfs(folder)
    return { code: 'disk-full', folder, needed: size, free: bavail * bsize }
  }
  if (statusOf(error) === undefined) throw error
  const detail = error instanceof Error ? error.message : String(error)
  return { code: 'copy-failed', name: titleOf(image), detail }
}

/** Makes the new name last through a power cut, where the file system can. */
async function syncFolder(folder: string) {
  const handle = await open(folder, constants.O_RDONLY).catch(() => undefined)
  await handle?.sync().catch(() => undefined)
  await handle?.close()
}
