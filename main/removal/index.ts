/** Removes images: first makes a plan, then applies exactly that plan. A removal can be undone for a week. */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Sharing } from '../../model/layers/sharing.ts'
import type { ImageId } from '../../model/image/image.ts'
import { planRemoval, type RemovalPlan } from '../../model/removal/plan.ts'
import { fail, ok, type Handlers, type JobId } from '../../preload/contract/index.ts'
import type { Engine, EngineSession, Lease } from '../engine/index.ts'
import type { Jobs, JobContext } from '../jobs/index.ts'
import type { LedgerEntry, LedgerStore } from '../store/index.ts'
import { executePlan, itemsOf, nameOf } from './apply.ts'
import {
  readCopyPlace,
  removeUnfinished,
  prepareCopyFolder,
  saveAll,
  type Archives,
  type Copy,
  type Original,
} from './copies.ts'
import { freedMeter, type BlobsOf } from './measure-freed.ts'
import { reconcile, tidyCopies } from './reconcile.ts'
import { deleteStrays, findStrays } from './strays.ts'
import {
  deleteExpiredUndos,
  canUndo,
  restoreAll,
  checkUndo,
  undoFields,
  undoables,
  undoEntryOf,
  undoNames,
  type PullAgain,
} from './undo.ts'

export interface RemovalNeeds {
  readonly engine: Pick<Engine, 'live' | 'session' | 'shows' | 'lease' | 'flags'>
  /** Layers that images share, as far as they have been read. */
  readonly layers: {
    readonly sharing: Sharing
    whenUpToDate(): Promise<void>
    readonly blobsOf: BlobsOf
  }
  readonly jobs: Jobs
  readonly ledger: LedgerStore
  /** The folder for copies until the user chooses one. */
  readonly defaultFolder: string
  /** Opens a folder dialog. @returns undefined if the user cancels */
  readonly chooseFolder: (currentFolder: string) => Promise<string | undefined>
  readonly showFolder: (folder: string) => Promise<void>
  readonly pullAgain: PullAgain
  readonly archives: Archives
}

/**
 * A plan waits this long for all layers to be read, then uses those that were read. Thousands of images take longer.
 */
const layersTimeoutMs = 3_000
/** The plan that the window shows, and its engine. */
interface CurrentPlan {
  readonly id: string
  readonly plan: RemovalPlan
  readonly session: EngineSession
}

export function removalService(needs: RemovalNeeds) {
  const { engine, layers, jobs, ledger, defaultFolder, chooseFolder, showFolder, pullAgain, archives } = needs
  /**
   * The only plan that can be applied. A newer request discards this plan at once, before the newer plan is computed.
   */
  let current: CurrentPlan | undefined
  let latestRequest = 0
  const copyFolder = () => ledger.value.folder ?? defaultFolder
  const undoing = new Set<JobId>()
  const copyFolders = () => [copyFolder(), defaultFolder]
  void removeUnfinished(copyFolders())
  let reconciledSession: EngineSession | undefined
  let reconciling = deleteExpiredUndos(jobs).then(() => tidyCopies(jobs, copyFolders()))

  async function remove(lease: Lease, plan: RemovalPlan, originals: readonly Original[], job: JobContext) {
    const { session } = lease
    const copies = new Map<ImageId, Copy>()
    const undoOfAllItems = () => undoEntryOf(job.id, session, plan, copies, copyFolder())
    const saveUndo = (entry: LedgerEntry) => job.setUndo(canUndo(entry) ? entry : undefined)
    // Written to the journal before any image is removed, so that an interrupted removal can be undone, too.
    const onSaved = async (image: ImageId, copy: Copy) => {
      copies.set(image, copy)
      await saveUndo(undoOfAllItems())
    }
    const allSaved = await saveAll({ session, save: archives.save, originals, folder: copyFolder(), job, onSaved })
    if (!allSaved) return job.setUndo(undefined)
    const measure = await freedMeter(session, plan, layers.blobsOf)
    await saveUndo(undoOfAllItems())
    const affected = await executePlan({ lease, plan, job })
    const affectedKeys = new Set([...affected].map((item) => ('untag' in item ? item.untag : item.deletion.image)))
    const entry = {
      ...undoOfAllItems(),
      untagged: undoOfAllItems().untagged.filter((_, index) => affectedKeys.has(plan.untags[index]!)),
      deleted: undoOfAllItems().deleted.filter(({ image }) => affectedKeys.has(image)),
    }
    await saveUndo(entry)
    // An image that still exists needs no copy.
    const unneeded = [...copies].filter(([image]) => !affectedKeys.has(image))
    for (const [, { file }] of unneeded) await rm(file, { force: true }).catch(() => undefined)
    const freed = await measure(lease.session).catch(() => undefined)
    job.updateSubject({ ...(freed !== undefined && { freed }), ...undoFields(entry) })
  }

  /** Keeps the session's engine connected during the work, even if the window switches to another engine. */
  function withLease(session: EngineSession, work: (lease: Lease, job: JobContext) => Promise<void>) {
    const lease = engine.lease(session)
    return (job: JobContext) => work(lease, job).finally(lease.release)
  }

  const handlers: Handlers<'removal'> = {
    'removal.plan': async ({ rows, choices }) => {
      const request = ++latestRequest
      current = undefined
      const shownSession = engine.session()
      if (!shownSession.ok) return shownSession
      const session = shownSession.value
      await Promise.race([layers.whenUpToDate(), delay(layersTimeoutMs)])
      if (!engine.shows(session)) return fail({ code: 'plan-unknown' })
      const input = {
        images: engine.live.images(),
        containers: engine.live.containers(),
        containersFailure: engine.live.containersFailure(),
        sharing: layers.sharing,
        store: session.capabilities.store,
        engineFlags: engine.flags(),
      }
      const planned = { id: randomUUID(), plan: planRemoval(input, rows, choices), session }
      const copies = await readCopyPlace(copyFolder())
      if (request !== latestRequest) return fail({ code: 'plan-unknown' })
      current = planned
      return ok({ id: planned.id, plan: planned.plan, copies })
    },
    'removal.apply': async ({ planId, copies }) => {
      const requested = current
      if (requested?.id !== planId) return fail({ code: 'plan-unknown' })
      const { plan, session } = requested
      // A plan is valid only for its session, and the live state is that of the shown engine.
      if (!engine.shows(session) || !isUnchanged(plan, engine.live)) {
        current = undefined
        return fail({ code: 'plan-outdated' })
      }
      const originals = plan.deletes.filter(({ image }) => copies.includes(image))
      if (originals.length > 0) {
        const prepared = await prepareCopyFolder(copyFolder(), originals)
        if (!prepared.ok) return prepared
      }
      // While the folder was checked, a second click may have applied this plan, or a newer plan may have replaced it.
      if (current !== requested) return fail({ code: 'plan-unknown' })
      current = undefined
      const items = itemsOf(plan)
      const subject = {
        kind: 'remove',
        deletes: plan.deletes.length,
        untags: plan.untags.length,
        promised: plan.frees,
      } as const
      const work = withLease(session, (lease, job: JobContext) => remove(lease, plan, originals, job))
      return ok(jobs.start(subject, items.map(nameOf), work, session.context))
    },
    'removal.chooseFolder': async () => {
      const selected = await chooseFolder(copyFolder())
      if (selected !== undefined) await ledger.write({ ...ledger.value, folder: selected })
      return ok(await readCopyPlace(copyFolder()))
    },
    'removal.undoables': async () => {
      const shownSession = engine.session()
      return ok(await undoables(jobs.undoables(), shownSession.ok ? shownSession.value.identity : undefined))
    },
    'removal.undo': async (id) => {
      const session = engine.session()
      if (!session.ok) return session
      if (undoing.has(id)) return fail({ code: 'undo-unavailable' })
      const entry = await checkUndo(jobs.undoOf(id), session.value.identity)
      if (!entry.ok) return entry
      if (undoing.has(id)) return fail({ code: 'undo-unavailable' })
      undoing.add(id)
      const names = undoNames(entry.value)
      const work = withLease(session.value, async (lease, job: JobContext) => {
        const save = (undo: LedgerEntry) => jobs.setUndo(id, undo)
        const restorers = { pullAgain, load: archives.load, save }
        const remaining = await restoreAll(lease, entry.value, job, restorers).finally(() => undoing.delete(id))
        if (!canUndo(remaining)) jobs.amend(id, { subject: { undone: true } })
        await tidyCopies(jobs, copyFolders())
      })
      return ok(jobs.start({ kind: 'undo', restores: names.length }, names, work, session.value.context))
    },
    'removal.strays': async () => ok(await findStrays(jobs, copyFolders())),
    'removal.deleteStrays': async (files) => await deleteStrays(await findStrays(jobs, copyFolders()), files),
    'removal.openCopies': async (id) => {
      const job = jobs.find(id)
      const copies = job?.subject.kind === 'remove' ? job.subject.copies : undefined
      if (!copies) return fail({ code: 'undo-unavailable' })
      await showFolder(copies.folder)
      return ok(undefined)
    },
  }
  return {
    handlers,
    /** Resolves once interrupted removals have been compared with the shown engine. */
    whenReconciled: () => reconciling,
    /** Call this when the window shows another session: compares interrupted removals with its engine. */
    engineChanged() {
      const session = engine.session()
      if (!session.ok || session.value === reconciledSession) return
      reconciledSession = session.value
      const compare = () => reconcile(jobs, session.value, copyFolders())
      reconciling = reconciling.then(compare).catch((error: unknown) => {
        reconciledSession = undefined
        console.warn('removal: cannot reconcile interrupted removals yet:', error)
      })
    },
  }
}

/** Whether the live state still matches the plan. */
function isUnchanged({ deletes, untags, containers }: RemovalPlan, live: Engine['live']): boolean {
  const images = live.images()
  const containersByImage = Map.groupBy(live.containers().values(), ({ image }) => image)
  const removedIds = new Set(containers.map(({ id }) => id))
  return (
    [...untags, ...deletes].every(({ image }) => images.get(image)?.unreadable === undefined) &&
    untags.every(({ image, reference }) => images.get(image)?.references.includes(reference)) &&
    deletes.every(
      ({ image, references }) =>
        images.get(image)?.references.join('\n') === references.join('\n') &&
        (containersByImage.get(image) ?? []).every(({ id }) => removedIds.has(id)),
    )
  )
}
