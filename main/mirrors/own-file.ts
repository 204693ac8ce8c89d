/**
 * A daemon.json that is the user's own, of a rootless Docker: the same conversation as with root's helper, without a
 * password. What is changed and not kept is put back when it ends, or by the next one, from the journal.
 */
import { existsSync, mkdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { distinctMirrors, sameMirrors } from '../../model/mirror-address.ts'
import { rollbackOf } from '../../model/mirror-plan.ts'
import { fail, ok, type DaemonFileFailure, type DaemonFileState, type Result } from '../../preload/contract/index.ts'
import type { Changed, Helper, HelperWish } from './helper.ts'
import { objection, reload } from './own-engine.ts'
import { hashOf, ownVault, type Journal } from './own-vault.ts'
import { removeWhole, writeWhole } from './whole-file.ts'

export interface OwnFile {
  readonly file: string
  /** The folder of former texts. */
  readonly backups: string
  /** Where dockerd says which process it is. */
  readonly pidFile?: string
  /** The mirrors that the engine says it has; nothing while it does not answer. */
  readonly inForce: () => Promise<readonly string[] | undefined>
}

type Answer<T> = Promise<Result<T, DaemonFileFailure>>

/** In milliseconds; a reload takes a tenth of a second (tried on 20.10 to 28.5). */
const confirmedWithin = 10_000

/** Those at work: there is one Slipway, so nobody else writes by this way. */
const open = new Set<string>()

export async function openOwnFile(own: OwnFile, { onStep }: Pick<HelperWish, 'onStep'> = {}): Answer<Helper> {
  const { file, backups, pidFile, inForce } = own
  if (open.has(file)) return fail({ code: 'helper-busy' })
  open.add(file)
  const vault = ownVault(backups)
  const bytes = () => (existsSync(file) ? readFileSync(file) : undefined)
  const hash = () => hashNow(bytes())

  async function put(oldHash: string | undefined, next: Buffer, evenIfDown: boolean): Answer<Changed> {
    const former = bytes()
    if (hashNow(former) !== (oldHash ?? null)) return fail({ code: 'daemon-file-changed', state: 'untouched' })
    const before = await inForce()
    if (!before && !evenIfDown) return fail({ code: 'daemon-file-engine-down', state: 'untouched' })
    try {
      mkdirSync(backups, { recursive: true, mode: 0o700 })
      const why = await objection(pidFile, backups, next)
      if (why !== undefined) return fail({ code: 'daemon-file-refused', detail: why, state: 'untouched' })
      onStep?.('checked')
      if (former) vault.keep(former, hashOf(next))
      onStep?.('backed-up')
      const texts = [next, ...[former, next].flatMap((text) => clearing(text) ?? [])]
      vault.begin({ old: hashNow(former), ours: texts.map(hashOf), before: before ? [...before] : null })
      writeWhole(file, next)
      onStep?.('swapped')
      const told = await takeUp(next)
      if (told !== undefined && before)
        return fail({ code: 'daemon-file-reload', detail: told, state: await putBack() })
      if (before) onStep?.('reloaded')
    } catch (error) {
      return fail({ ...faultOf(error, dirname(file)), state: await putBack() })
    }
    return ok({ answer: 'changed', hash: hashOf(next), confirmed: false })
  }

  /**
   * Has the engine take up the file as it stands. A running one keeps its mirrors when the key is not there, so then it
   * is told of an empty list first (moby daemon/reload.go). Why not, if so.
   */
  async function takeUp(now: Buffer | undefined): Promise<string | undefined> {
    const first = clearing(now)
    if (first === undefined) return reload(pidFile)
    writeWhole(file, first)
    const why = await reload(pidFile)
    // It reads the file a moment after it was told.
    if (why === undefined) await confirmed([])
    if (now === undefined) removeWhole(file)
    else writeWhole(file, now)
    return why
  }

  /** False where it goes on with others; an engine that does not answer reads the file when it starts. */
  async function confirmed(mirrors: readonly string[]): Promise<boolean> {
    const late = AbortSignal.timeout(confirmedWithin)
    for (;;) {
      const now = await inForce()
      if (!now || sameMirrors(now, distinctMirrors(mirrors))) return true
      if (late.aborted) return false
      await delay(100)
    }
  }

  async function putBack(): Promise<DaemonFileState> {
    try {
      const entry = vault.journal()
      if (!entry) return 'untouched'
      const state = await back(entry)
      if (state !== 'unsure') vault.close()
      return state
    } catch (error) {
      console.error('daemon.json is not put back:', error)
      return 'unsure'
    }
  }

  async function back({ old, ours, before }: Journal): Promise<DaemonFileState> {
    const now = hash()
    if (now !== old && (now === null || !ours.includes(now))) return 'left'
    const former = old === null ? undefined : vault.backup(old)
    if (old !== null && !former) return 'unsure'
    if (former) writeWhole(file, former)
    const why = await takeUp(former)
    if (!before || !(await inForce())) return 'restored'
    return why === undefined && (await confirmed(before)) ? 'restored' : 'unsure'
  }

  const cut = await putBack()
  return ok({
    recovered: cut === 'untouched' ? undefined : cut,
    async read() {
      return fail({ code: 'daemon-file-fault', why: 'read', state: 'untouched' })
    },
    history: async () => ok(vault.list()),
    change: ({ oldHash, newText }) => put(oldHash, Buffer.from(newText), false),
    async restore({ oldHash, hash }) {
      const backup = vault.backup(hash)
      return backup ? put(oldHash, backup, true) : fail({ code: 'daemon-file-no-backup', state: 'untouched' })
    },
    async keep() {
      vault.close()
      return ok(undefined)
    },
    undo: async () => ok(await putBack()),
    async end() {
      await putBack()
      open.delete(file)
    },
  })
}

const hashNow = (bytes: Buffer | undefined) => (bytes ? hashOf(bytes) : null)

/** The text with an empty list, for one that gives none. */
function clearing(bytes: Buffer | undefined): Buffer | undefined {
  const { first } = rollbackOf(bytes?.toString('utf8'))
  return first === undefined ? undefined : Buffer.from(first)
}

function faultOf(error: unknown, folder: string) {
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  if (code === 'EROFS') return { code: 'daemon-file-read-only', folder } as const
  if (code === 'ENOSPC' || code === 'EDQUOT') return { code: 'daemon-file-no-space', folder } as const
  return { code: 'daemon-file-fixed', folder, detail: code || String(error) } as const
}
