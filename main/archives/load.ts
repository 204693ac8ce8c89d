/** Loads an archive that `saveArchive` wrote, unless the file has changed since then. */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { loadError } from '../../model/archives/engine-errors.ts'
import { unexpectedNames } from '../../model/archives/problems.ts'
import type { ImageId, Reference } from '../../model/image/image.ts'
import { fail, ok, type Failure, type Result } from '../../preload/contract/index.ts'
import { loadImages, type EngineSession } from '../engine/index.ts'
import { isUsable } from './expected.ts'
import { archiveReader } from './reader.ts'

export interface ArchiveToLoad {
  readonly file: string
  /** Hash of the whole file, in hexadecimal. Absent if an older version of Slipway saved the archive without a hash. */
  readonly sha256?: string
  readonly image: ImageId
  /** The only tags that the load may assign to the image. */
  readonly references: readonly Reference[]
}

const chunkBytes = 256 << 10

/**
 * Checks an archive whose hash is known, and loads it through the same file descriptor, so that the file cannot be
 * replaced in between.
 * @returns undefined if the signal is aborted before the image is loaded
 * @throws if the engine refuses the archive or cannot be reached
 */
export async function loadArchive(
  session: EngineSession,
  request: ArchiveToLoad,
  signal: AbortSignal,
): Promise<Result<void> | undefined> {
  const openResult = await openArchive(request.file)
  if (!openResult.ok) return openResult
  const handle = openResult.value
  try {
    if (request.sha256 !== undefined) {
      const checked = await checkUnchanged(handle, request, signal)
      if (!checked.ok) return signal.aborted ? undefined : checked
    }
    const response = await sendArchive(session, handle, request.file, signal)
    if (!response.ok) return response
    const detail = loadError(response.value)
    if (detail === undefined && (await isUsable(session, request.image, request.references))) return ok(undefined)
    if (signal.aborted) return undefined
    return fail({ code: 'copy-not-loaded', file: request.file, detail: detail ?? response.value.trim().slice(0, 500) })
  } finally {
    await handle.close()
  }
}

/** Opens a regular file. Refuses symbolic links, which could lead to any file, and pipes, which would never end. */
async function openArchive(file: string): Promise<Result<FileHandle>> {
  try {
    const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
    if ((await handle.stat()).isFile()) return ok(handle)
    await handle.close()
    return fail({ code: 'copy-changed', file })
  } catch (error) {
    return fail(openFailure(error, file))
  }
}

function openFailure(error: unknown, file: string): Failure {
  const code = error instanceof Error && 'code' in error ? error.code : undefined
  if (code === 'ENOENT' || code === 'ENOTDIR') return { code: 'copy-missing', file }
  if (code === 'ELOOP') return { code: 'copy-changed', file }
  return readFailure(error, file)
}

const readFailure = (error: unknown, file: string): Failure => ({
  ...{ code: 'file-unusable', file },
  detail: error instanceof Error ? error.message : String(error),
})

async function checkUnchanged(
  handle: FileHandle,
  { file, sha256, references }: ArchiveToLoad,
  signal: AbortSignal,
): Promise<Result<void>> {
  const reader = archiveReader()
  try {
    for await (const chunk of chunks(handle)) {
      if (signal.aborted) break
      reader.push(chunk)
    }
  } catch (error) {
    return fail(readFailure(error, file))
  }
  const archive = reader.finish(true)
  const isUnchanged = archive.sha256 === sha256 && unexpectedNames(archive.content, references).length === 0
  return isUnchanged ? ok(undefined) : fail({ code: 'copy-changed', file })
}

/**
 * Sends the archive. If the user cancels or a read fails, the request body ends early, but the connection stays open.
 * The engine then refuses the archive, because the manifests at its end are missing, and frees the received content. If
 * the connection were closed, the containerd store would keep the content for 24 hours (tested on 26.1 and 28.5).
 * @returns the engine's response body
 */
async function sendArchive(
  session: EngineSession,
  handle: FileHandle,
  file: string,
  signal: AbortSignal,
): Promise<Result<string>> {
  let failure: Failure | undefined
  async function* archiveChunks() {
    try {
      for await (const chunk of chunks(handle)) {
        if (signal.aborted) return
        yield chunk
      }
    } catch (error) {
      failure = readFailure(error, file)
    }
  }
  const body = await loadImages(
    session,
    Readable.from(archiveChunks(), { objectMode: false, highWaterMark: chunkBytes }),
  )
  return failure ? fail(failure) : ok(body)
}

/** Yields the content of the file from its start. */
async function* chunks(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let position = 0; ;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, position)
    if (bytesRead === 0) return
    position += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
