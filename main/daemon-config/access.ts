/** Access to a daemon.json: as this user, through the helper as root, or through the helper as this user. */
import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { fail, ok, type ChangeMethod, type Result } from '../../preload/contract/index.ts'
import type { FileFault, Place } from '../../model/daemon-config/file.ts'
import type { OpenHelper } from './change.ts'
import { helperInstalled, openHelper, type DaemonFile, type Helper, type UserHelper } from './helper.ts'
import { toFailure } from './helper-failures.ts'
import type { DaemonInstallation } from './environment.ts'

export interface FileContent {
  /** Undefined if the file does not exist. */
  readonly text: string | undefined
  /** SHA-256 of the file's bytes, in hex. Undefined if the file does not exist. */
  readonly hash: string | undefined
  /**
   * Only an administrator can read the file, so the helper has masked what it does not change. The text must not be
   * written anywhere.
   */
  readonly isMasked?: true
  /** Where a masked text cannot be parsed. Then `text` is none of the file's. */
  readonly fault?: FileFault
}

export interface DaemonFileAccess {
  readonly method: ChangeMethod
  readonly open: OpenHelper
  /** Reads the file as this user. Fails with `file-unusable` and `EACCES` if only an administrator can read it. */
  read(): Promise<Result<FileContent>>
  /** Reads the file through the helper, which may ask for a password. */
  readThroughHelper(): Promise<Result<FileContent>>
  /** @returns the file's path with symbolic links resolved; empty if the file is not on this computer */
  resolvePath(): Promise<string>
  /** Opens the helper, runs `use` and ends the helper. */
  withHelper<T>(use: (helper: Helper) => Promise<Result<T>>): Promise<Result<T>>
}

interface Needs {
  readonly openHelperAsRoot: OpenHelper
  readonly userHelper: UserHelper
}

export function daemonFileAccess(
  { installation, file }: DaemonInstallation,
  { openHelperAsRoot, userHelper }: Needs,
): DaemonFileAccess {
  const isRootless = installation === 'rootless'
  const open: OpenHelper = isRootless ? userHelper.open : openHelperAsRoot

  const withHelper: DaemonFileAccess['withHelper'] = async (use) => {
    const opened = await open({})
    if (!opened.ok) return opened
    try {
      return await use(opened.value)
    } finally {
      await opened.value.end()
    }
  }

  return {
    method: changeMethod(),
    open,
    withHelper,
    read: async () => (file === undefined ? ok(missingFile) : await readFileText(file)),
    resolvePath: async () => (file === undefined ? '' : await realpath(file).catch(() => file)),
    async readThroughHelper() {
      const answer = await withHelper((helper) => helper.read())
      if (!answer.ok) return answer
      if (!answer.value.fault) return ok(contentOf(answer.value))
      const failure = toFailure({ ...answer.value.fault, state: 'untouched' })
      return failure.code === 'daemon-file-invalid' ? ok(hiddenContent(answer.value, failure)) : fail(failure)
    },
  }

  function changeMethod(): ChangeMethod {
    if (file === undefined) return 'none'
    if (isRootless) return userHelper.isInstalled() ? 'user-helper' : 'commands'
    return openHelperAsRoot !== openHelper || helperInstalled() ? 'root-helper' : 'commands'
  }
}

/** Whether reading failed because only an administrator can read the file. */
export const isReadDenied = (read: Result<unknown>): boolean =>
  !read.ok && read.error.code === 'file-unusable' && read.error.detail === 'EACCES'

/** What the helper has read. Without a text, the file is one that is not UTF-8: U+FFFD makes the parser report that. */
export const contentOf = ({ text, hash, masked }: DaemonFile): FileContent => ({
  text: text ?? (hash === null ? undefined : '\uFFFD'),
  hash: hash ?? undefined,
  ...(masked && { isMasked: true }),
})

/** The text stands for one that cannot be parsed. */
const hiddenContent = (file: DaemonFile, { line, column }: Pick<Place, 'line' | 'column'>): FileContent => ({
  ...contentOf(file),
  fault: { code: 'hidden', place: { line, column, text: '', mark: 0 } },
})

const missingFile: FileContent = { text: undefined, hash: undefined }

/** The helper does not edit larger files. */
const maxBytes = 1 << 20

async function readFileText(file: string): Promise<Result<FileContent>> {
  try {
    const stats = await stat(file)
    // Reading a pipe could block forever.
    const state = 'untouched'
    const what = stats.isDirectory() ? 'folder' : 'special'
    if (!stats.isFile()) return fail({ code: 'daemon-file-unsuitable', what, target: file, state })
    if (stats.size > maxBytes) return fail({ code: 'daemon-file-too-large', bytes: stats.size, most: maxBytes, state })
    const bytes = await readFile(file)
    return ok({ text: bytes.toString('utf8'), hash: createHash('sha256').update(bytes).digest('hex') })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return code === 'ENOENT' ? ok(missingFile) : fail({ code: 'file-unusable', file, detail: code })
  }
}
