/** What pulls brought, and where copies are saved. */
import * as v from 'valibot'
import type { Fields } from './fields.ts'
import type { StoredFile } from './file.ts'

const deleted = v.object({
  image: v.string(),
  references: v.array(v.string()),
  /** The saved copy, where one was saved. */
  file: v.exactOptional(v.string()),
  /** Of that file, in hexadecimal. Entries that were written before hashes were kept have none. */
  sha256: v.exactOptional(v.string()),
  /** As `repository@digest`, where a registry had it. */
  digest: v.exactOptional(v.string()),
})

/** What can be undone of a removal. */
export const undoEntry = v.object({
  job: v.string(),
  /** Where it was removed: tags are not put back on another engine. */
  endpoint: v.string(),
  /** Which engine, also where another has taken its place at the endpoint; older entries do not tell. */
  engine: v.exactOptional(v.object({ endpoint: v.string(), id: v.string(), rootDir: v.string() })),
  /** Until when it can be undone, in seconds since 1970. */
  until: v.number(),
  folder: v.exactOptional(v.string()),
  untagged: v.array(v.object({ image: v.string(), reference: v.string() })),
  deleted: v.array(deleted),
})

const pulled = v.object({
  reference: v.string(),
  image: v.string(),
  digest: v.exactOptional(v.string()),
  endpoint: v.string(),
  /** Seconds since 1970. */
  at: v.number(),
})
export type PullEntry = v.InferOutput<typeof pulled>

export interface Ledger {
  /** Where copies are saved, where the user chose another folder than the usual one. */
  readonly folder?: string | undefined
  /** Only in files of older versions: the journal of jobs has them now. */
  readonly removals: LedgerEntry[]
  /** The newest first. */
  readonly pulls: PullEntry[]
}
export const readLedger = (fields: Fields): Ledger => ({
  folder: fields.value('folder', v.optional(v.string())),
  removals: fields.list('removals', undoEntry),
  pulls: fields.list('pulls', pulled),
})
export type LedgerEntry = v.InferOutput<typeof undoEntry>
export type LedgerStore = StoredFile<Ledger>
