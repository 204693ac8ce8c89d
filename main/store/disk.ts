/** Reads and atomically replaces private files: mode 0600 in folders of mode 0700. */
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  closeSync,
  constants,
  fchmodSync,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
} from 'node:fs'
import { copyFile, mkdir, open, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'

const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants

/** Names of temporary files, including those of older versions. */
const temporaryName = /\.json(\.[0-9a-f-]{36})?\.new$/
/** Another process may still be writing a younger temporary file. */
const leftoverAfterMs = 60_000
const maxCopies = 9

/** Makes the folder and its files private if it exists, and deletes temporary files of earlier runs. */
export function prepareFolder(folder: string): void {
  try {
    const { mode, uid } = statSync(folder)
    // A folder with the sticky bit, such as /tmp, is shared on purpose.
    const isShared = (mode & 0o1000) !== 0
    if (mode & 0o077 && !isShared && uid === process.getuid?.()) chmodSync(folder, 0o700)
    for (const name of readdirSync(folder)) {
      const file = join(folder, name)
      const status = lstatSync(file, { throwIfNoEntry: false })
      if (!status?.isFile()) continue
      if (temporaryName.test(name) && Date.now() - status.mtimeMs > leftoverAfterMs) rmSync(file, { force: true })
      else if (isWide(status) && !isShared) makePrivateFile(file)
    }
  } catch (error) {
    if (!isMissing(error)) console.warn(`${folder} cannot be prepared:`, error)
  }
}

/**
 * Reads a file, and sets its mode to 0600 if its group or other users have access.
 * @returns undefined if the file does not exist
 * @throws if the file exists and cannot be read, or is not a regular file
 */
export function readPrivateFile(file: string): string | undefined {
  let descriptor: number
  try {
    // Without O_NONBLOCK, opening a pipe would wait for a writer.
    descriptor = openSync(file, O_RDONLY | O_NONBLOCK)
  } catch (error) {
    if (isMissing(error)) return undefined
    throw error
  }
  try {
    const status = fstatSync(descriptor)
    if (!status.isFile()) throw new Error('not a regular file')
    if (isWide(status)) makePrivate(descriptor)
    return readFileSync(descriptor, 'utf8')
  } finally {
    closeSync(descriptor)
  }
}

/** Whether the file is this user's, and its group or other users have access. */
const isWide = ({ mode, uid }: Stats) => (mode & 0o077) !== 0 && uid === process.getuid?.()

/** Sets the mode of a file to 0600. Does not follow links. */
function makePrivateFile(file: string) {
  try {
    const descriptor = openSync(file, O_RDONLY | O_NONBLOCK | O_NOFOLLOW)
    makePrivate(descriptor)
    closeSync(descriptor)
  } catch {
    // Its owner may not read it either, or it is gone.
  }
}

/** Ignores failures, because some file systems have no modes or are mounted read-only. */
function makePrivate(descriptor: number) {
  try {
    fchmodSync(descriptor, 0o600)
  } catch {
    // The folder is already private.
  }
}

/** Replaces a file atomically. After a crash, the file has either the old or the new text. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const folder = dirname(file)
  const temporaryFile = `${file}.${randomUUID()}.new`
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    const handle = await open(temporaryFile, 'wx', 0o600)
    try {
      await handle.writeFile(text)
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporaryFile, file)
  } catch (error) {
    await rm(temporaryFile, { force: true }).catch(() => undefined)
    throw error
  }
  await syncFolder(folder)
}

/** Syncs a folder, because a power failure could otherwise undo a rename. */
async function syncFolder(folder: string) {
  const handle = await open(folder)
  try {
    await handle.sync()
  } catch (error) {
    // Some network and FUSE file systems cannot sync a folder.
    if (!['EINVAL', 'ENOTSUP'].includes(String(codeOf(error)))) throw error
  } finally {
    await handle.close()
  }
}

/** Renames a file to the first free name `NAME.unreadable-<n>`. @returns the new name */
export function moveAside(file: string): string {
  for (let n = 1; ; n++) {
    const newName = asideName(file, n)
    try {
      // An empty file reserves the name, because a rename would overwrite an existing file.
      closeSync(openSync(newName, 'wx', 0o600))
    } catch (error) {
      if (codeOf(error) === 'EEXIST') continue
      throw error
    }
    renameSync(file, newName)
    return newName
  }
}

/** Copies a file to the first free name `NAME.unreadable-<n>`. Does nothing if there are 9 copies already. */
export async function copyAside(file: string): Promise<void> {
  for (let n = 1; n <= maxCopies; n++)
    try {
      return await copyFile(file, asideName(file, n), constants.COPYFILE_EXCL)
    } catch (error) {
      if (isMissing(error)) return
      if (codeOf(error) !== 'EEXIST') throw error
    }
}

const asideName = (file: string, n: number) => `${file}.unreadable-${n}`

const codeOf = (error: unknown) => (error instanceof Error && 'code' in error ? error.code : undefined)
/** ENOTDIR: a parent of the path is a file. */
const isMissing = (error: unknown) => ['ENOENT', 'ENOTDIR'].includes(String(codeOf(error)))
