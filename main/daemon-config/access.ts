/** How a daemon.json is read and written: by root's helper, by the same as this user, or by hand. */
import { createHash } from 'node:crypto'
import { readFile, realpath, stat } from 'node:fs/promises'
import { fail, ok, type ChangeWay, type Result } from '../../preload/contract/index.ts'
import type { OpenHelper } from './change.ts'
import { helperInstalled, openHelper, type Helper, type OwnHelper } from './helper.ts'
import type { Found } from './situation.ts'

export interface FileText {
  /** Undefined where there is no file. */
  readonly text: string | undefined
  /** Of its bytes, sha256. */
  readonly hash: string | undefined
}

export interface Access {
  readonly way: ChangeWay
  readonly open: OpenHelper
  /** `file-unusable` with `EACCES` where only an administrator may. */
  read(): Promise<Result<FileText>>
  /** By root's helper, for a password. */
  readAsRoot(): Promise<Result<FileText>>
  /** Where its bytes are, if it is a link. */
  place(): Promise<string>
  /** Opens the helper for what is said with it, and ends it. */
  talk<T>(say: (helper: Helper) => Promise<Result<T>>): Promise<Result<T>>
}

interface Needs {
  readonly openRoot: OpenHelper
  readonly own: OwnHelper
}

export function accessTo({ installation, file }: Found, { openRoot, own }: Needs): Access {
  const isOwn = installation === 'rootless'
  const open: OpenHelper = isOwn ? own.open : openRoot

  const talk: Access['talk'] = async (say) => {
    const opened = await open({})
    if (!opened.ok) return opened
    try {
      return await say(opened.value)
    } finally {
      await opened.value.end()
    }
  }

  return {
    way: wayTo(),
    open,
    talk,
    read: async () => (file === undefined ? ok(nothing) : await textOf(file)),
    place: async () => (file === undefined ? '' : await realpath(file).catch(() => file)),
    async readAsRoot() {
      const told = await talk((helper) => helper.read())
      if (!told.ok) return told
      const { text, hash } = told.value
      // Bytes without a text are no UTF-8, which is at fault as it would be where anybody may read it.
      return ok({ text: text ?? (hash === null ? undefined : '\uFFFD'), hash: hash ?? undefined })
    },
  }

  function wayTo(): ChangeWay {
    if (file === undefined) return 'nobody'
    if (isOwn) return own.installed() ? 'own' : 'commands'
    return openRoot !== openHelper || helperInstalled() ? 'helper' : 'commands'
  }
}

/** Only an administrator may read it. */
export const isSecret = (read: Result<unknown>): boolean =>
  !read.ok && read.error.code === 'file-unusable' && read.error.detail === 'EACCES'

const nothing: FileText = { text: undefined, hash: undefined }

/** The helper edits none that is larger. */
const mostBytes = 1 << 20

async function textOf(file: string): Promise<Result<FileText>> {
  try {
    const about = await stat(file)
    // A pipe would never answer.
    if (!about.isFile()) return fail({ code: 'file-unusable', file, detail: about.isDirectory() ? 'EISDIR' : 'EFTYPE' })
    if (about.size > mostBytes) return fail({ code: 'file-unusable', file, detail: 'EFBIG' })
    const bytes = await readFile(file)
    return ok({ text: bytes.toString('utf8'), hash: createHash('sha256').update(bytes).digest('hex') })
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : ''
    return code === 'ENOENT' ? ok(nothing) : fail({ code: 'file-unusable', file, detail: code })
  }
}
