/** Loads an archive that `saveArchive` wrote, if it still is that archive. */
import { constants } from 'node:fs'
import { open, type FileHandle } from 'node:fs/promises'
import { Readable } from 'node:stream'
import { loadError } from '../../model/archives/load-answer.ts'
import { unexpectedNames } from '../../model/archives/problems.ts'
import type { ImageId, Reference } from '../../model/image/image.ts'
import { fail, ok, type Failure, type Result } from '../../preload/contract/index.ts'
import { loadImages, type EngineSession } from '../engine/index.ts'
import { isUsable } from './expected.ts'
import { archiveReader } from './reader.ts'

export interface ArchiveToLoad {
  readonly file: string
  /** Of the whole file, in hexadecimal. Undefined: it was saved by a Slipway that kept no hashes. */
  readonly sha256?: string
  readonly image: ImageId
  /** The only names that may move. */
  readonly references: readonly Reference[]
}

const pieceBytes = 256 << 10

/**
 * Checks an archive and loads it from the same file descriptor.
 * @returns undefined if `signal` ended the work. Throws if the engine cannot be reached.
 */
export async function loadArchive(
  session: EngineSession,
  wanted: ArchiveToLoad,
  signal: AbortSignal,
): Promise<Result<void> | undefined> {
  const opened = await openArchive(wanted.file)
  if (!opened.ok) return opened
  const handle = opened.value
  try {
    if (wanted.sha256 !== undefined && !(await isUnchanged(handle, wanted, signal)))
      return signal.aborted ? undefined : fail({ code: 'copy-changed', file: wanted.file })
    const answer = await send(session, handle, wanted.file, signal)
    if (!answer.ok) return answer
    const detail = loadError(answer.value)
    if (detail === undefined && (await isUsable(session, wanted.image, wanted.references))) return ok(undefined)
    if (signal.aborted) return undefined
    return fail({ code: 'copy-not-loaded', file: wanted.file, detail: detail ?? answer.value.trim().slice(0, 500) })
  } finally {
    await handle.close()
  }
}

/** A link could lead to a file that is none of ours, and an open fifo would wait forever for its writer. */
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
  return { code: 'file-unusable', file, detail: error instanceof Error ? error.message : String(error) }
}

async function isUnchanged(handle: FileHandle, { sha256, references }: ArchiveToLoad, signal: AbortSignal) {
  const reader = archiveReader()
  for await (const piece of pieces(handle)) {
    if (signal.aborted) return false
    reader.push(piece)
  }
  const archive = reader.finish(true)
  return archive.sha256 === sha256 && unexpectedNames(archive.content, references).length === 0
}

/**
 * The engine's answer. A cancel or a read error ends the archive early instead of cutting the connection: the lists come
 * last in it, so the engine refuses it and frees what it took; a cut connection would leave a lease of 24 hours in the
 * containerd store (tried on 26.1 and 28.5).
 */
async function send(
  session: EngineSession,
  handle: FileHandle,
  file: string,
  signal: AbortSignal,
): Promise<Result<string>> {
  let failure: Failure | undefined
  async function* archive() {
    try {
      for await (const piece of pieces(handle)) {
        if (signal.aborted) return
        yield piece
      }
    } catch (error) {
      failure = { code: 'file-unusable', file, detail: error instanceof Error ? error.message : String(error) }
    }
  }
  const answer = await loadImages(session, Readable.from(archive(), { objectMode: false, highWaterMark: pieceBytes }))
  return failure ? fail(failure) : ok(answer)
}

/** The file from its beginning, whatever was read of it before. */
async function* pieces(handle: FileHandle): AsyncGenerator<Buffer> {
  for (let at = 0; ;) {
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(pieceBytes), 0, pieceBytes, at)
    if (bytesRead === 0) return
    at += bytesRead
    yield buffer.subarray(0, bytesRead)
  }
}
