/** Finds out what a removal did that was interrupted because the app ended. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { splitReference } from '../../model/image/image.ts'
import type { Job, JobId, JobItem } from '../../preload/contract/index.ts'
import { inspectImage, isSameEngine, tagImage, type EngineSession } from '../engine/index.ts'
import type { Jobs } from '../jobs/index.ts'
import type { LedgerEntry } from '../store/index.ts'
import { copySuffix } from './copies.ts'
import { canUndo, savedOf, undoFields } from './undo.ts'

type Needs = Pick<Jobs, 'all' | 'amend' | 'undoOf' | 'setUndo'>

/**
 * Compares each interrupted removal on this engine with the engine's images: sets the outcome of its items, and limits
 * its undo to what was removed. `folders`: where copies may be.
 */
export async function reconcile(jobs: Needs, session: EngineSession, folders: readonly string[]): Promise<void> {
  for (const job of jobs.all()) {
    if (job.state !== 'interrupted' || job.subject.kind !== 'remove' || job.subject.reconciled) continue
    const entry = jobs.undoOf(job.id)
    if (entry?.engine && !isSameEngine(entry.engine, session.identity)) continue
    const remaining = entry && (await compare(jobs, job, entry, session))
    await removeUnneeded(
      job.id,
      remaining,
      new Set([...folders, ...(entry?.folder === undefined ? [] : [entry.folder])]),
    )
    jobs.amend(job.id, { subject: { reconciled: true } })
  }
}

async function compare(jobs: Needs, job: Job, entry: LedgerEntry, session: EngineSession): Promise<LedgerEntry> {
  const [untagged, deleted] = [new Set<unknown>(), new Set<unknown>()]
  for (const each of entry.untagged)
    if ((await inspectImage(session, each.reference))?.Id !== each.image) untagged.add(each)
  for (const each of entry.deleted) {
    const now = await inspectImage(session, each.image)
    if (!now) deleted.add(each)
    // Restores the tags of an image that still exists: some may have been removed just before the app ended.
    else
      for (const name of each.references)
        if (!now.RepoTags.includes(name)) await tagImage(session, each.image, splitReference(name))
  }
  const isDone = [
    ...entry.untagged.map((each) => untagged.has(each)),
    ...entry.deleted.map((each) => deleted.has(each)),
  ]
  const items = job.items.map((item, at): JobItem => ({ ...item, state: isDone[at] ? 'done' : 'skipped' }))
  const remaining = {
    ...entry,
    untagged: entry.untagged.filter((each) => untagged.has(each)),
    deleted: entry.deleted.filter((each) => deleted.has(each)),
  }
  await jobs.setUndo(job.id, canUndo(remaining) ? remaining : undefined)
  jobs.amend(job.id, { items, subject: undoFields(remaining) })
  return remaining
}

/**
 * Deletes copies of ended jobs that no undo needs: the app may have crashed after the journal was written and before
 * the copy was deleted. Interrupted removals are skipped until `reconcile` has compared them with their engine.
 */
export async function tidyCopies(jobs: Needs & Pick<Jobs, 'undoables'>, folders: readonly string[]): Promise<void> {
  const open = new Set(jobs.all().flatMap(({ id, state, subject }) => (isUnsettled(state, subject) ? [id] : [])))
  const ids = new Set([...jobs.all().map(({ id }) => id), ...jobs.undoables().map(({ job }) => job)])
  for (const id of ids) {
    if (open.has(id)) continue
    const entry = jobs.undoOf(id)
    await removeUnneeded(id, entry, new Set([...folders, ...(entry?.folder === undefined ? [] : [entry.folder])]))
    if (entry && !canUndo(entry)) await jobs.setUndo(id, undefined)
  }
}

const isUnsettled = (state: Job['state'], subject: Job['subject']) =>
  state === 'running' || (state === 'interrupted' && subject.kind === 'remove' && !subject.reconciled)

/**
 * Deletes a job's copies that its undo does not need. Safe: all copies are in the journal before an image is removed.
 */
async function removeUnneeded(job: JobId, undo: LedgerEntry | undefined, folders: ReadonlySet<string>): Promise<void> {
  const needed = new Set(undo ? savedOf(undo).map(({ file }) => file) : [])
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names.filter((each) => each.endsWith(copySuffix(job))))
      if (!needed.has(join(folder, name))) await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
}
