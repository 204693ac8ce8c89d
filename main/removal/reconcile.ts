/** A removal that the end of the app cut short, compared with what its engine has. */
import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { splitReference } from '../../model/image/image.ts'
import type { Job, JobId, JobItem } from '../../preload/contract/index.ts'
import { inspectImage, isSameEngine, tagImage, type EngineSession } from '../engine/index.ts'
import type { Jobs } from '../jobs/index.ts'
import type { LedgerEntry } from '../store/index.ts'
import { copySuffix } from './copies.ts'
import { isWorth, savedOf, undoFacts } from './undo.ts'

type Needs = Pick<Jobs, 'all' | 'amend' | 'undoOf' | 'setUndo'>

/**
 * Interrupted removals on this engine: their items get their true outcome, and their undo is what was removed. `folders`
 * are where copies may lie.
 */
export async function reconcile(jobs: Needs, session: EngineSession, folders: readonly string[]): Promise<void> {
  for (const job of jobs.all()) {
    if (job.state !== 'interrupted' || job.subject.kind !== 'remove' || job.subject.reconciled) continue
    const entry = jobs.undoOf(job.id)
    if (entry?.engine && !isSameEngine(entry.engine, session.identity)) continue
    const left = entry && (await compare(jobs, job, entry, session))
    await removeStrays(job.id, left, new Set([...folders, ...(entry?.folder === undefined ? [] : [entry.folder])]))
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
    // An image that is still there keeps its names: some may have been taken right before the end.
    else
      for (const name of each.references)
        if (!now.RepoTags.includes(name)) await tagImage(session, each.image, splitReference(name))
  }
  const gone = [...entry.untagged.map((each) => untagged.has(each)), ...entry.deleted.map((each) => deleted.has(each))]
  const items = job.items.map((item, at): JobItem => ({ ...item, state: gone[at] ? 'done' : 'kept' }))
  const left = {
    ...entry,
    untagged: entry.untagged.filter((each) => untagged.has(each)),
    deleted: entry.deleted.filter((each) => deleted.has(each)),
  }
  await jobs.setUndo(job.id, isWorth(left) ? left : undefined)
  jobs.amend(job.id, { items, subject: undoFacts(left) })
  return left
}

/**
 * Deletes copies that no undo needs any more, of jobs that have ended: a crash may have come between the journal and the
 * copy. What an interrupted removal needs is known once it was compared with its engine.
 */
export async function tidyCopies(jobs: Needs & Pick<Jobs, 'undoables'>, folders: readonly string[]): Promise<void> {
  const open = new Set(jobs.all().flatMap(({ id, state, subject }) => (isOpen(state, subject) ? [id] : [])))
  const ids = new Set([...jobs.all().map(({ id }) => id), ...jobs.undoables().map(({ job }) => job)])
  for (const id of ids) {
    if (open.has(id)) continue
    const entry = jobs.undoOf(id)
    await removeStrays(id, entry, new Set([...folders, ...(entry?.folder === undefined ? [] : [entry.folder])]))
    if (entry && !isWorth(entry)) await jobs.setUndo(id, undefined)
  }
}

const isOpen = (state: Job['state'], subject: Job['subject']) =>
  state === 'running' || (state === 'interrupted' && subject.kind === 'remove' && !subject.reconciled)

/** Copies of images that are there: nothing is removed before all copies of its job are in the journal. */
async function removeStrays(job: JobId, left: LedgerEntry | undefined, folders: ReadonlySet<string>): Promise<void> {
  const needed = new Set(left ? savedOf(left).map(({ file }) => file) : [])
  for (const folder of folders) {
    const names = await readdir(folder).catch(() => [])
    for (const name of names.filter((each) => each.endsWith(copySuffix(job))))
      if (!needed.has(join(folder, name))) await rm(join(folder, name), { force: true }).catch(() => undefined)
  }
}
