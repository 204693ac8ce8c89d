/** The file of pulled images and of the folder for copies. Older versions also stored the undo entries of removals here. */
import * as v from 'valibot'
import type { Fields } from './fields.ts'
import type { StoredFile } from './file.ts'

const deletedImage = v.object({
  image: v.string(),
  references: v.array(v.string()),
  /** Path of the saved copy, if there is one. */
  file: v.exactOptional(v.string()),
  /** Hash of `file`, in hexadecimal. Entries of older versions have none. */
  sha256: v.exactOptional(v.string()),
  /** `repository@digest`, if a registry had the image. */
  digest: v.exactOptional(v.string()),
})

/** The data that is needed to undo a removal. */
export const undoEntry = v.object({
  job: v.string(),
  /** Endpoint of the engine from which the images were removed. */
  endpoint: v.string(),
  /**
   * That engine's identity, because the endpoint may belong to another engine later. Entries of older versions do not
   * have it.
   */
  engine: v.exactOptional(v.object({ endpoint: v.string(), id: v.string(), rootDir: v.string() })),
  /** Expiry, in seconds since 1970. */
  until: v.number(),
  /** Folder of the copies. */
  folder: v.exactOptional(v.string()),
  untagged: v.array(v.object({ image: v.string(), reference: v.string() })),
  deleted: v.array(deletedImage),
})

const pullEntry = v.object({
  reference: v.string(),
  image: v.string(),
  digest: v.exactOptional(v.string()),
  endpoint: v.string(),
  /** Seconds since 1970. */
  at: v.number(),
})
export type PullEntry = v.InferOutput<typeof pullEntry>

export interface Ledger {
  /** Folder for copies, if the user chose one. */
  readonly folder?: string | undefined
  /** Only in files of older versions. Undo entries are now in the journal. */
  readonly removals: LedgerEntry[]
  /** Newest first. */
  readonly pulls: PullEntry[]
}
export const readLedger = (fields: Fields): Ledger => ({
  folder: fields.value('folder', v.optional(v.string())),
  removals: fields.list('removals', undoEntry),
  pulls: fields.list('pulls', pullEntry),
})
export type LedgerEntry = v.InferOutput<typeof undoEntry>
export type LedgerStore = StoredFile<Ledger>
