/**
 * Undoes a removal. A removed tag is added again. A deleted image is loaded from its copy or, without a copy, pulled by
 * its digest.
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
  withReconnect,
  type EngineIdentity,
  type EngineSession,
  type Lease,
} from '../engine/index.ts'
import type { Jobs, JobContext } from '../jobs/index.ts'
import type { LedgerEntry } from '../store/index.ts'
import type { Archives, Copy } from './copies.ts'

/** Pulls `repository@digest` if the registry still has it. @returns the failure; undefined if the image was pulled */
export type PullAgain = (session: EngineSession, digest: string, cancelled: AbortSignal) => Promise<Failure | undefined>

export const undoDays = 7
export const nowInSeconds = () => Math.floor(Date.now() / 1000)

export type CopiedImage = LedgerEntry['deleted'][number] & { readonly file: string }
export const copiedImagesOf = ({ deleted }: LedgerEntry): CopiedImage[] =>
  deleted.flatMap((original) => (original.file === undefined ? [] : [{ ...original, file: original.file }]))

/** The deleted images that have a copy or a digest. */
const restorableImages = ({ deleted }: LedgerEntry) => deleted.filter(({ file, digest }) => file ?? digest)

/** Whether anything of the removal can be undone. */
export const canUndo = (entry: LedgerEntry): boolean => entry.untagged.length + restorableImages(entry).length > 0

/** Deletes expired undo entries and their copies. */
export async function deleteExpiredUndos(jobs: Pick<Jobs, 'undoables' | 'setUndo'>): Promise<void> {
  for (const entry of jobs.undoables().filter(({ until }) => until < nowInSeconds())) {
    await jobs.setUndo(entry.job, undefined)
    for (const { file } of copiedImagesOf(entry)) await rm(file, { force: true }).catch(() => undefined)
  }
}

/** @returns the removals that Activity lists as undoable. @param shownEngine the engine that the window shows */
export async function undoables(
  entries: readonly LedgerEntry[],
  shownEngine: EngineIdentity | undefined,
): Promise<Undoable[]> {
  return await Promise.all(
    entries.filter(canUndo).map(async (entry) => {
      const sizes = copiedImagesOf(entry).map(async ({ file }) => (await stat(file).catch(() => undefined))?.size ?? 0)
      const bytes = (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0)
      const { job, endpoint, until } = entry
      return { job, endpoint, until, bytes, names: undoNames(entry), isCurrentEngine: belongsTo(entry, shownEngine) }
    }),
  )
}

/** Whether the entry is of this engine. Entries of older versions have only the endpoint. */
const belongsTo = ({ engine, endpoint }: LedgerEntry, shown: EngineIdentity | undefined) =>
  shown !== undefined && (engine ? isSameEngine(engine, shown) : endpoint === shown.endpoint)

/** @returns the entry; a failure if the entry has expired or belongs to another engine, or if a copy is missing */
export async function checkUndo(entry: LedgerEntry | undefined, shown: EngineIdentity): Promise<Result<LedgerEntry>> {
  if (!entry || !canUndo(entry) || entry.until < nowInSeconds()) return fail({ code: 'undo-unavailable' })
  if (!belongsTo(entry, shown)) return fail({ code: 'undo-other-engine', endpoint: entry.endpoint })
  for (const { file } of copiedImagesOf(entry))
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
  ...restorableImages(entry).map(({ references, image }) => references[0] ?? shortId(image)),
]

/** Undefined if the step succeeded. */
type StepOutcome = Failure | 'cancelled' | undefined

/** The functions that restore a deleted image. */
export interface Restorers {
  readonly load: Archives['load']
  readonly pullAgain: PullAgain
}

/**
 * Restores tags and images on the engine of the lease. After each item, saves the items that remain to be undone, so
 * that the rest can still be undone after a crash.
 * @returns the items that remain to be undone
 */
export async function restoreAll(
  lease: Lease,
  entry: LedgerEntry,
  job: JobContext,
  { save, ...restorers }: Restorers & { readonly save: (remaining: LedgerEntry) => Promise<void> },
): Promise<LedgerEntry> {
  const steps = [
    ...entry.untagged.map((tag) => ({
      target: tag,
      run: () => restoreTagIfFree(lease.session, tag.image, tag.reference),
    })),
    ...restorableImages(entry).map((original) => ({
      target: original,
      run: () => restoreImage(lease.session, original, restorers, job.cancelled),
    })),
  ]
  let remaining = entry
  let isEngineAway = false
  for (const [index, { target, run }] of steps.entries()) {
    if (!job.cancelled.aborted) await job.begin(index)
    const outcome = job.cancelled.aborted ? 'cancelled' : await runStep(run)
    job.updateItem(
      index,
      outcome === 'cancelled'
        ? { state: 'skipped' }
        : outcome
          ? { state: 'failed', failure: outcome }
          : { state: 'done' },
    )
    if (outcome) continue
    remaining = {
      ...remaining,
      untagged: remaining.untagged.filter((tag) => tag !== target),
      deleted: remaining.deleted.filter((original) => original !== target),
    }
    await save(remaining)
  }
  return remaining

  /**
   * If the connection is lost, waits for the engine and repeats the step. A step changes nothing that is already
   * restored.
   */
  async function runStep(run: () => Promise<StepOutcome>): Promise<StepOutcome> {
    const attempt = () =>
      run().catch((error: unknown) =>
        job.cancelled.aborted ? 'cancelled' : engineFailure(error, lease.session.context),
      )
    if (isEngineAway) return await attempt()
    const outcome = await withReconnect(lease, job.cancelled, attempt, (result) =>
      result === 'cancelled' ? undefined : result,
    )
    isEngineAway = lease.session.signal.aborted
    return outcome
  }
}

/** Adds a tag again. Fails if another image has the tag now, or if the image is gone. */
async function restoreTagIfFree(
  session: EngineSession,
  image: string,
  reference: string,
): Promise<Failure | undefined> {
  const holder = await inspectImage(session, reference)
  if (holder) return holder.Id === image ? undefined : { code: 'name-taken', reference }
  return (await tagImage(session, image, splitReference(reference))) ? undefined : { code: 'image-gone', image }
}

async function restoreImage(
  session: EngineSession,
  { image, references, file, sha256, digest }: LedgerEntry['deleted'][number],
  { load, pullAgain }: Restorers,
  cancelled: AbortSignal,
): Promise<Failure | 'cancelled' | undefined> {
  // Loading the archive would take these names from the images that have them now.
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
    const failure = await restoreTagIfFree(session, image, reference)
    if (failure) return failure
  }
  return (await inspectImage(session, image)) ? undefined : { code: 'image-gone', image }
}

/** The undo fields of a removal job's subject. */
export function undoFields(entry: LedgerEntry) {
  const count = copiedImagesOf(entry).length
  return {
    ...(count > 0 && { copies: { folder: entry.folder ?? '', count } }),
    ...(canUndo(entry) && { undoUntil: entry.until }),
  }
}

/** @returns the undo entry for a plan, as if all its items had been executed */
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
