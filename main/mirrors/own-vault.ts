/** What a change of the user's own daemon.json is undone with: its former texts, and a journal of the change under way. */
import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { readDaemonFile } from '../../model/daemon-file.ts'
import type { Backup } from './helper.ts'
import { writeWhole } from './whole-file.ts'

const journal = v.object({
  /** Of the text that comes back, among the backups; nothing where there was no file. */
  old: v.nullable(v.string()),
  /** Of each text that the change puts there, so that ours can be told from somebody else's. */
  ours: v.array(v.string()),
  /** What the engine had; nothing where it did not answer. */
  before: v.nullable(v.array(v.string())),
})
export type Journal = v.InferOutput<typeof journal>

const most = 20

export const hashOf = (bytes: Buffer | string): string => createHash('sha256').update(bytes).digest('hex')

export function ownVault(folder: string) {
  const journalFile = join(folder, 'journal.json')

  function list(): Backup[] {
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

  return {
    list,
    backup(hash: string): Buffer | undefined {
      const file = join(folder, hash)
      return existsSync(file) ? readFileSync(file) : undefined
    },
    /** Keeps a text that is about to be replaced; the oldest go, but not the one that is about to come back. */
    keep(bytes: Buffer, spared: string) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      const file = join(folder, hashOf(bytes))
      writeFileSync(file, bytes, { mode: 0o600, flush: true })
      utimesSync(file, new Date(), new Date())
      for (const { hash } of list().slice(most)) if (hash !== spared) rmSync(join(folder, hash))
    },
    journal(): Journal | undefined {
      if (!existsSync(journalFile)) return undefined
      return v.parse(journal, JSON.parse(readFileSync(journalFile, 'utf8')))
    },
    begin(entry: Journal) {
      mkdirSync(folder, { recursive: true, mode: 0o700 })
      writeWhole(journalFile, Buffer.from(JSON.stringify(entry)))
    },
    close: () => rmSync(journalFile, { force: true }),
  }
}
