/**
 * A daemon.json that is the user's own, of a rootless Docker: the same conversation as with root's helper, without a
 * password. What is changed and not kept is put back when it ends.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { readDaemonFile } from '../../model/daemon-file.ts'
import { rollbackOf } from '../../model/mirror-plan.ts'
import { fail, ok, type DaemonFileFailure, type DaemonFileState, type Result } from '../../preload/contract/index.ts'
import type { Backup, Changed, Helper, HelperWish } from './helper.ts'

export interface OwnFile {
  readonly file: string
  /** The folder of former texts. */
  readonly backups: string
  /** Where dockerd says which process it is. */
  readonly pidFile?: string
}

type Answer<T> = Promise<Result<T, DaemonFileFailure>>

const mostBackups = 20
/** In milliseconds; a reload takes a tenth of a second (tried on 20.10 to 28.5). */
const readWithin = 1000
const sleep = (ms: number) => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)

export async function openOwnFile(own: OwnFile, { onStep }: Pick<HelperWish, 'onStep'> = {}): Answer<Helper> {
  /** What stands in the file until the change is kept. */
  let former: { readonly text: string | undefined; readonly now: string } | undefined

  const text = () => (existsSync(own.file) ? readFileSync(own.file, 'utf8') : undefined)

  async function put(oldHash: string | undefined, next: string): Answer<Changed> {
    const before = text()
    if ((before === undefined ? undefined : hashOf(before)) !== oldHash)
      return fail({ code: 'daemon-file-changed', state: 'untouched' })
    onStep?.('checked')
    try {
      if (before !== undefined) keepBackup(own.backups, before)
      onStep?.('backed-up')
      former = { text: before, now: next }
      write(own.file, next)
      onStep?.('swapped')
    } catch (error) {
      return fail({ ...faultOf(error, dirname(own.file)), state: putBack() })
    }
    const why = takeUp(next)
    if (why !== undefined) return fail({ code: 'daemon-file-reload', detail: why, state: putBack() })
    onStep?.('reloaded')
    return ok({ answer: 'changed', hash: hashOf(next), confirmed: false })
  }

  /**
   * Has the engine take up the file as it stands. A running one keeps its mirrors when the key is not there, so then it
   * is told of an empty list first (moby daemon/reload.go). Why not, if so.
   */
  function takeUp(now: string | undefined): string | undefined {
    const { first } = rollbackOf(now)
    if (first === undefined) return reload(own)
    write(own.file, first)
    const why = reload(own)
    // It reads the file a moment after it was told.
    sleep(readWithin)
    if (now === undefined) rmSync(realFile(own.file))
    else write(own.file, now)
    return why
  }

  function putBack(): DaemonFileState {
    if (!former) return 'untouched'
    const { text: before, now } = former
    former = undefined
    if (text() === before) return 'untouched'
    if (text() !== now) return 'left'
    try {
      if (before !== undefined) write(own.file, before)
      takeUp(before)
      return 'restored'
    } catch (error) {
      console.error('daemon.json is not put back:', error)
      return 'unsure'
    }
  }

  return ok({
    recovered: undefined,
    async read() {
      return fail({ code: 'daemon-file-fault', why: 'read', state: 'untouched' })
    },
    history: async () => ok(backupsIn(own.backups)),
    change: ({ oldHash, newText }) => put(oldHash, newText),
    async restore({ oldHash, hash }) {
      const file = join(own.backups, hash)
      return existsSync(file)
        ? put(oldHash, readFileSync(file, 'utf8'))
        : fail({ code: 'daemon-file-no-backup', state: 'untouched' })
    },
    async keep() {
      former = undefined
      return ok(undefined)
    },
    undo: async () => ok(putBack()),
    async end() {
      putBack()
    },
  })
}

const hashOf = (text: string) => createHash('sha256').update(text).digest('hex')

/** A link stays one: what it leads to is replaced. */
const realFile = (file: string) => (existsSync(file) ? realpathSync(file) : file)

/** Whole or not at all, whatever happens in between; owner and mode stay. */
function write(file: string, text: string): void {
  const real = realFile(file)
  const folder = dirname(real)
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const mode = existsSync(real) ? statSync(real).mode & 0o777 : 0o600
  const fresh = join(folder, `.${basename(real)}.slipway`)
  rmSync(fresh, { force: true })
  const handle = openSync(fresh, 'wx', mode)
  try {
    writeFileSync(handle, text)
    fsyncSync(handle)
  } finally {
    closeSync(handle)
  }
  renameSync(fresh, real)
  const entry = openSync(folder, 'r')
  fsyncSync(entry)
  closeSync(entry)
}

function keepBackup(folder: string, text: string): void {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const file = join(folder, hashOf(text))
  writeFileSync(file, text, { mode: 0o600 })
  utimesSync(file, new Date(), new Date())
  for (const { hash } of backupsIn(folder).slice(mostBackups)) rmSync(join(folder, hash))
}

function backupsIn(folder: string): Backup[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .filter((name) => /^[0-9a-f]{64}$/.test(name))
    .map((hash) => {
      const file = readDaemonFile(readFileSync(join(folder, hash), 'utf8'))
      const time = Math.floor(statSync(join(folder, hash)).mtimeMs / 1000)
      return { hash, time, valid: file.ok, mirrors: file.ok ? [...file.settings.mirrors] : null }
    })
    .toSorted((a, b) => b.time - a.time)
}

/** Why the engine could not be told, if so: by its service, else by its process, once that is known to be dockerd. */
function reload({ pidFile }: OwnFile): string | undefined {
  const pid = pidFile !== undefined && existsSync(pidFile) ? Number(readFileSync(pidFile, 'utf8').trim()) : Number.NaN
  if (Number.isSafeInteger(pid) && pid > 1 && isDockerd(pid)) {
    process.kill(pid, 'SIGHUP')
    return undefined
  }
  const { status, stderr, error } = spawnSync('systemctl', ['--user', 'reload', 'docker'], { encoding: 'utf8' })
  return status === 0 ? undefined : (error?.message ?? stderr.trim()).slice(0, 300)
}

function isDockerd(pid: number): boolean {
  try {
    return basename(readlinkSync(`/proc/${pid}/exe`)) === 'dockerd'
  } catch {
    return false
  }
}

function faultOf(error: unknown, folder: string) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'EROFS') return { code: 'daemon-file-read-only', folder } as const
  if (code === 'ENOSPC' || code === 'EDQUOT') return { code: 'daemon-file-no-space', folder } as const
  return { code: 'daemon-file-fixed', folder, detail: code || String(error) } as const
}
