/**
 * The way back from a removal: names put back where the image is still there; where it was deleted, its copy loaded or,
 * without one, the image pulled again by its digest.
 */
import { access, rm, stat } from 'node:fs/promises'
import { shortId, splitReference } from '../../model/image/image.ts'
import type { RemovalPlan } from '../../model/removal/plan.ts'
import { fail, ok, type Failure, type Result, type Undoable } from '../../preload/contract/index.ts'
import {
  engineFailure,
  inspectImage,
  isSameEngine,
  tagImage,
  type EngineIdentity,
  type EngineSession,
  type Lease,
} from '../engine/index.ts'
import type { Jobs, Working } from '../jobs/index.ts'
import type { LedgerEntry } from '../store/index.ts'
import type { Archives, Copy } from './copies.ts'

/** Pulls `repository@digest`, after asking the registry for it; answers with why it could not. */
export type PullAgain = (session: EngineSession, digest: string, cancelled: AbortSignal) => Promise<Failure | undefined>

export const undoDays = 7
export const nowInSeconds = () => Math.floor(Date.now() / 1000)

export type Saved = LedgerEntry['deleted'][number] & { readonly file: string }
export const savedOf = ({ deleted }: LedgerEntry): Saved[] =>
  deleted.flatMap((each) => (each.file === undefined ? [] : [{ ...each, file: each.file }]))

/** Of what was deleted, what can come back. */
const restorable = ({ deleted }: LedgerEntry) => deleted.filter(({ file, digest }) => file ?? digest)

export const isWorth = (entry: LedgerEntry): boolean => entry.untagged.length + restorable(entry).length > 0

/** Forgets removals that are too old, and deletes their copies. */
export async function forgetOld(jobs: Pick<Jobs, 'undoables' | 'setUndo'>): Promise<void> {
  for (const entry of jobs.undoables().filter(({ until }) => until < nowInSeconds())) {
    await jobs.setUndo(entry.job, undefined)
    for (const { file } of savedOf(entry)) await rm(file, { force: true }).catch(() => undefined)
  }
}

/** What Activity lists as undoable. `shown`: the engine that the window shows. */
export async function undoables(
  entries: readonly LedgerEntry[],
  shown: EngineIdentity | undefined,
): Promise<Undoable[]> {
  return await Promise.all(
    entries.filter(isWorth).map(async (entry) => {
      const sizes = savedOf(entry).map(async ({ file }) => (await stat(file).catch(() => undefined))?.size ?? 0)
      const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
      const { job, endpoint, until } = entry
      return { job, endpoint, until, bytes, names: undoNames(entry), isHere: isOn(entry, shown) }
    }),
  )
}

/** Entries of older versions know only the endpoint. */
const isOn = ({ engine, endpoint }: LedgerEntry, shown: EngineIdentity | undefined) =>
  shown !== undefined && (engine ? isSameEngine(engine, shown) : endpoint === shown.endpoint)

/** What can be undone of a removal, if all that it needs is there. */
export async function undoable(entry: LedgerEntry | undefined, shown: EngineIdentity): Promise<Result<LedgerEntry>> {
  if (!entry || !isWorth(entry) || entry.until < nowInSeconds()) return fail({ code: 'undo-over' })
  if (!isOn(entry, shown)) return fail({ code: 'undo-elsewhere', endpoint: entry.endpoint })
  for (const { file } of savedOf(entry))
    if (
      !(await access(file).then(
        () => true,
        () => false,
      ))
    )
      return fail({ code: 'copy-missing', file })
  return ok(entry)
}

export const undoNames = (entry: LedgerEntry): string[] => [
  ...entry.untagged.map(({ reference }) => reference),
  ...restorable(entry).map(({ references, image }) => references[0] ?? shortId(image)),
]

/** What brings an image back. Both are given up when the signal says so. */
export interface WaysBack {
  readonly load: Archives['load']
  readonly pullAgain: PullAgain
}

/**
 * Puts back what it can, on the engine of the lease. `keep` is told what is left to be undone after each item, and is
 * waited for: a crash in the middle loses nothing.
 * @returns what is left to be undone
 */
export async function restoreAll(
  lease: Lease,
  entry: LedgerEntry,
  job: Working,
  { keep, ...ways }: WaysBack & { readonly keep: (left: LedgerEntry) => Promise<void> },
): Promise<LedgerEntry> {
  const steps = [
    ...entry.untagged.map((each) => ({ of: each, step: () => putBack(lease.session, each.image, each.reference) })),
    ...restorable(entry).map((each) => ({ of: each, step: () => restore(lease.session, each, ways, job.cancelled) })),
  ]
  let left = entry
  for (const [at, { of, step }] of steps.entries()) {
    if (!job.cancelled.aborted) await job.begin(at)
    const outcome = job.cancelled.aborted
      ? 'cancelled'
      : await step().catch((error: unknown) => engineFailure(error, entry.endpoint))
    job.item(
      at,
      outcome === 'cancelled' ? { state: 'kept' } : outcome ? { state: 'failed', failure: outcome } : { state: 'done' },
    )
    if (outcome) continue
    left = {
      ...left,
      untagged: left.untagged.filter((each) => each !== of),
      deleted: left.deleted.filter((each) => each !== of),
    }
    await keep(left)
  }
  return left
}

async function putBack(session: EngineSession, image: string, reference: string): Promise<Failure | undefined> {
  const holder = await inspectImage(session, reference)
  if (holder) return holder.Id === image ? undefined : { code: 'name-taken', reference }
  return (await tagImage(session, image, splitReference(reference))) ? undefined : { code: 'image-gone', image }
}

async function restore(
  session: EngineSession,
  { image, references, file, sha256, digest }: LedgerEntry['deleted'][number],
  { load, pullAgain }: WaysBack,
  cancelled: AbortSignal,
): Promise<Failure | 'cancelled' | undefined> {
  // Loading would take a name from whichever image carries it by now.
  for (const reference of references) {
    const holder = await inspectImage(session, reference)
    if (holder && holder.Id !== image) return { code: 'name-taken', reference }
  }
  if (file !== undefined) {
    const copy = { image, references, file, ...(sha256 !== undefined && { sha256 }) }
    const loaded = await load(session, copy, cancelled)
    if (!loaded) return 'cancelled'
    if (!loaded.ok) return loaded.error
  } else if (digest !== undefined && !(await inspectImage(session, image))) {
    const failure = await pullAgain(session, digest, cancelled)
    if (failure) return cancelled.aborted ? 'cancelled' : failure
  }
  for (const reference of references) {
    const failure = await putBack(session, image, reference)
    if (failure) return failure
  }
  return (await inspectImage(session, image)) ? undefined : { code: 'image-gone', image }
}

/** What a removal's card tells of its undo. */
export function undoFacts(entry: LedgerEntry) {
  const count = savedOf(entry).length
  return {
    ...(count > 0 && { copies: { folder: entry.folder ?? '', count } }),
    ...(isWorth(entry) && { undoUntil: entry.until }),
  }
}

/** What can be undone of a removal once all of it is done. */
export function undoEntryOf(
  job: string,
  { identity }: EngineSession,
  { untags, deletes }: RemovalPlan,
  copies: ReadonlyMap<string, Copy>,
  folder: string,
): LedgerEntry {
  return {
    job,
    endpoint: identity.endpoint,
    engine: identity,
    until: nowInSeconds() + undoDays * 24 * 3600,
    ...(copies.size > 0 && { folder }),
    untagged: untags.map(({ image, reference }) => ({ image, reference })),
    deleted: deletes.map(({ image, references, provenance }) => {
      const copy = copies.get(image)
      return {
        ...{ image, references: [...references] },
        ...(copy && { file: copy.file, sha256: copy.sha256 }),
        ...(provenance.from === 'registry' && { digest: provenance.digest }),
      }
    }),
  }
}
