/** Finds out which images and tags a removal had removed when the app crashed or was killed. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { splitReference } from '../../model/image/image.ts'
import type { Job, JobId, JobItem } from '../../preload/contract/index.ts'
import { inspectImage, isSameEngine, tagImage, type EngineSession } from '../engine/index.ts'
import type { Jobs } from '../jobs/index.ts'
import type { LedgerEntry } from '../store/index.ts'
import { copySuffix } from './copies.ts'
import { canUndo, copiedImagesOf, undoFields } from './undo.ts'

type Needs = Pick<Jobs, 'all' | 'amend' | 'undoOf' | 'setUndo'>

/**
 * Compares each interrupted removal on this engine with the engine's images: sets the outcome of the items, limits the
 * undo to the images and tags that were removed, and restores removed tags of images that still exist.
 * @param folders the folders that may have copies
 */
export async function reconcile(jobs: Needs, session: EngineSession, folders: readonly string[]): Promise<void> {
  for (const job of jobs.all()) {
    if (job.state !== 'interrupted' || job.subject.kind !== 'remove' || job.subject.reconciled) continue
    const entry = jobs.undoOf(job.id)
    if (entry?.engine && !isSameEngine(entry.engine, session.identity)) continue
    const remaining = entry && (await compareWithEngine(jobs, job, entry, session))
    await deleteUnneededCopies(
      job.id,
      remaining,
      new Set([...folders, ...(entry?.folder === undefined ? [] : [entry.folder])]),
    )
    jobs.amend(job.id, { subject: { reconciled: true } })
  }
}

async function compareWithEngine(
  jobs: Needs,
  job: Job,
  entry: LedgerEntry,
  session: EngineSession,
): Promise<LedgerEntry> {
  const [untagged, deleted] = [new Set<unknown>(), new Set<unknown>()]
  for (const tag of entry.untagged)
    if ((await inspectImage(session, tag.reference))?.Id !== tag.image) untagged.add(tag)
  for (const original of entry.deleted) {
    const inspected = await inspectImage(session, original.image)
    if (!inspected) deleted.add(original)
    // The image still exists, but some of its tags may have been removed just before the app ended.
    else
      for (const name of original.references)
        if (!inspected.RepoTags.includes(name)) await tagImage(session, original.image, splitReference(name))
  }
  const wasRemoved = [
    ...entry.untagged.map((tag) => untagged.has(tag)),
    ...entry.deleted.map((original) => deleted.has(original)),
  ]
  const items = job.items.map((item, index): JobItem => ({ ...item, state: wasRemoved[index] ? 'done' : 'skipped' }))
  const remaining = {
    ...entry,
    untagged: entry.untagged.filter((tag) => untagged.has(tag)),
    deleted: entry.deleted.filter((original) => deleted.has(original)),
  }
  await jobs.setUndo(job.id, canUndo(remaining) ? remaining : undefined)
  jobs.amend(job.id, { items, subject: undoFields(remaining) })
  return remaining
}

/**
 * Deletes the copies of ended jobs that no undo needs. The app leaves such copies if it crashes between the journal's
 * write and the copy's deletion. Interrupted removals are skipped until `reconcile` has compared them with their
 * engine.
 */
export async function tidyCopies(jobs: Needs & Pick<Jobs, 'undoables'>, folders: readonly string[]): Promise<void> {
  const unsettled = new Set(jobs.all().flatMap(({ id, state, subject }) => (isUnsettled(state, subject) ? [id] : [])))
  const ids = new Set([...jobs.all().map(({ id }) => id), ...jobs.undoables().map(({ job }) => job)])
  for (const id of ids) {
    if (unsettled.has(id)) continue
    const entry = jobs.undoOf(id)
    await deleteUnneededCopies(id, entry, new Set([...folders, ...(entry?.folder === undefined ? [] : [entry.folder])]))
    if (entry && !canUndo(entry)) await jobs.setUndo(id, undefined)
  }
}

const isUnsettled = (state: Job['state'], subject: Job['subject']) =>
  state === 'running' || (state === 'interrupted' && subject.kind === 'remove' && !subject.reconciled)

/**
 * Deletes the copies of a job that its undo does not need. No needed copy can be missing from the undo, because the
 * journal lists all copies before the first image is removed.
 */
async function deleteUnneededCopies(
  job: JobId,
  undo: LedgerEntry | undefined,
  folders: ReadonlySet<string>,
): Promise<void> {
  const needed = new Set(undo ? copiedImagesOf(undo).map(({ file }) => file) : [])
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names.filter((fileName) => fileName.endsWith(copySuffix(job))))
      if (!needed.has(join(folder, name))) await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
}
