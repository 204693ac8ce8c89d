/** A removal that the end of the app cut short, compared with what its engine has. */
import { rm } from 'node:fs/promises'
import { splitReference } from '../../model/image/image.ts'
import type { Job, JobItem } from '../../preload/contract/index.ts'
import { inspectImage, isSameEngine, tagImage, type EngineSession } from '../engine/index.ts'
import type { Jobs } from '../jobs/index.ts'
import type { LedgerEntry } from '../store/index.ts'
import { isWorth, savedOf, undoFacts } from './undo.ts'

type Needs = Pick<Jobs, 'all' | 'amend' | 'undoOf' | 'setUndo'>

/** Interrupted removals on this engine: their items get their true outcome, and their undo is what was removed. */
export async function reconcile(jobs: Needs, session: EngineSession): Promise<void> {
  for (const job of jobs.all()) {
    const entry = job.state === 'interrupted' && job.subject.kind === 'remove' ? jobs.undoOf(job.id) : undefined
    if (!entry?.engine || !isSameEngine(entry.engine, session.identity)) continue
    if (job.subject.kind === 'remove' && job.subject.undoUntil !== undefined) continue
    await reconcileOne(jobs, job, entry, session)
  }
}

async function reconcileOne(jobs: Needs, job: Job, entry: LedgerEntry, session: EngineSession): Promise<void> {
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
  const left = {
    ...entry,
    untagged: entry.untagged.filter((each) => untagged.has(each)),
    deleted: entry.deleted.filter((each) => deleted.has(each)),
  }
  await jobs.setUndo(job.id, isWorth(left) ? left : undefined)
  // A copy of what is still there is of no use.
  for (const { file } of savedOf(entry).filter(({ image }) => left.deleted.every((each) => each.image !== image)))
    await rm(file, { force: true }).catch(() => undefined)
  const gone = [...entry.untagged.map((each) => untagged.has(each)), ...entry.deleted.map((each) => deleted.has(each))]
  const items = job.items.map((item, at): JobItem => ({ ...item, state: gone[at] ? 'done' : 'kept' }))
  jobs.amend(job.id, { items, subject: undoFacts(left) })
}
