/** Removing images: a plan first, then exactly that plan; and for a week the way back. */
import { randomUUID } from 'node:crypto'
import { rm } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'
import type { Sharing } from '../../model/layers/sharing.ts'
import type { ImageId } from '../../model/image/image.ts'
import { planRemoval, type RemovalPlan } from '../../model/removal/plan.ts'
import { fail, ok, type Handlers, type JobId } from '../../preload/contract/index.ts'
import type { Engine, EngineSession, Lease } from '../engine/index.ts'
import type { Jobs, Working } from '../jobs/index.ts'
import type { LedgerEntry, LedgerStore } from '../store/index.ts'
import { executePlan, itemsOf, nameOf } from './apply.ts'
import { placeOf, removeUnfinished, roomFor, saveAll, type Archives, type Copy, type Original } from './copies.ts'
import { freedMeter, type BlobsOf } from './freed.ts'
import { reconcile, tidyCopies } from './reconcile.ts'
import { deleteStrays, findStrays } from './strays.ts'
import {
  forgetOld,
  isWorth,
  restoreAll,
  undoable,
  undoFacts,
  undoables,
  undoEntryOf,
  undoNames,
  type PullAgain,
} from './undo.ts'

export interface RemovalNeeds {
  readonly engine: Pick<Engine, 'live' | 'session' | 'shows' | 'lease'>
  /** Which layers images share, as far as they were read. */
  readonly layers: {
    readonly sharing: Sharing
    settled(): Promise<void>
    readonly blobsOf: BlobsOf
  }
  readonly jobs: Jobs
  readonly ledger: LedgerStore
  /** Where copies are saved unless the user chooses otherwise. */
  readonly usualFolder: string
  /** Main's own dialog; nothing where the user thinks better of it. */
  readonly chooseFolder: (now: string) => Promise<string | undefined>
  readonly showFolder: (folder: string) => Promise<void>
  readonly pullAgain: PullAgain
  readonly archives: Archives
}

/** A plan is worked out on what is known by then: a first reading of thousands of images is not waited for. */
const patience = 3_000
/** A plan that the window was shown, and the engine that it is for. */
interface CurrentPlan {
  readonly id: string
  readonly plan: RemovalPlan
  readonly session: EngineSession
}

export function removalService(needs: RemovalNeeds) {
  const { engine, layers, jobs, ledger, usualFolder, chooseFolder, showFolder, pullAgain, archives } = needs
  /** The only plan that can be applied. A newer request makes it unusable at once, before the newer plan is computed. */
  let current: CurrentPlan | undefined
  let latestRequest = 0
  const folder = () => ledger.value.folder ?? usualFolder
  const undoing = new Set<JobId>()
  const folders = () => [folder(), usualFolder]
  void removeUnfinished(folders())
  let reconciled: EngineSession | undefined
  let reconciling = forgetOld(jobs).then(() => tidyCopies(jobs, folders()))

  async function remove(lease: Lease, plan: RemovalPlan, originals: readonly Original[], job: Working) {
    const { session } = lease
    const copies = new Map<ImageId, Copy>()
    const whole = () => undoEntryOf(job.id, session, plan, copies, folder())
    const keep = (entry: LedgerEntry) => job.setUndo(isWorth(entry) ? entry : undefined)
    // In the journal before anything is done: what a crash of the app cuts short can be undone as well.
    const saved = async (image: ImageId, copy: Copy) => {
      copies.set(image, copy)
      await keep(whole())
    }
    const complete = await saveAll({ session, save: archives.save, originals, folder: folder(), job, saved })
    if (!complete) return job.setUndo(undefined)
    const measure = await freedMeter(session, plan, layers.blobsOf)
    await keep(whole())
    const affected = await executePlan({ lease, plan, job })
    const did = new Set([...affected].map((item) => ('untag' in item ? item.untag : item.deletion.image)))
    const entry = {
      ...whole(),
      untagged: whole().untagged.filter((_, index) => did.has(plan.untags[index]!)),
      deleted: whole().deleted.filter(({ image }) => did.has(image)),
    }
    await keep(entry)
    // A copy of what is still there is of no use.
    const needless = [...copies].filter(([image]) => !did.has(image))
    for (const [, { file }] of needless) await rm(file, { force: true }).catch(() => undefined)
    const freed = await measure(lease.session).catch(() => undefined)
    job.subject({ ...(freed !== undefined && { freed }), ...undoFacts(entry) })
  }

  /** Work that stays on the engine where it began, whatever the window shows meanwhile. */
  function leased(session: EngineSession, work: (lease: Lease, job: Working) => Promise<void>) {
    const lease = engine.lease(session)
    return (job: Working) => work(lease, job).finally(lease.release)
  }

  const handlers: Handlers<'removal'> = {
    'removal.plan': async ({ rows, choices }) => {
      const request = ++latestRequest
      current = undefined
      const shown = engine.session()
      if (!shown.ok) return shown
      const session = shown.value
      await Promise.race([layers.settled(), delay(patience)])
      if (!engine.shows(session)) return fail({ code: 'plan-unknown' })
      const world = {
        images: engine.live.images(),
        containers: engine.live.containers(),
        containersFailure: engine.live.containersFailure(),
        sharing: layers.sharing,
        store: session.capabilities.store,
      }
      const kept = { id: randomUUID(), plan: planRemoval(world, rows, choices), session }
      const copies = await placeOf(folder())
      if (request !== latestRequest) return fail({ code: 'plan-unknown' })
      current = kept
      return ok({ id: kept.id, plan: kept.plan, copies })
    },
    'removal.apply': async ({ planId, copies }) => {
      const applied = current
      if (applied?.id !== planId) return fail({ code: 'plan-unknown' })
      const { plan, session } = applied
      // A plan ends with its session; and what is known live is of the engine that is shown.
      if (!engine.shows(session) || !isStill(plan, engine.live)) {
        current = undefined
        return fail({ code: 'plan-moved' })
      }
      const originals = plan.deletes.filter(({ image }) => copies.includes(image))
      if (originals.length > 0) {
        const room = await roomFor(folder(), originals)
        if (!room.ok) return room
      }
      // While the folder was checked, a second click may have applied the plan, or a newer choice replaced it.
      if (current !== applied) return fail({ code: 'plan-unknown' })
      current = undefined
      const items = itemsOf(plan)
      const subject = {
        kind: 'remove',
        deletes: plan.deletes.length,
        untags: plan.untags.length,
        promised: plan.frees,
      } as const
      const work = leased(session, (lease, job: Working) => remove(lease, plan, originals, job))
      return ok(jobs.start(subject, items.map(nameOf), work, session.context))
    },
    'removal.chooseFolder': async () => {
      const chosen = await chooseFolder(folder())
      if (chosen !== undefined) await ledger.write({ ...ledger.value, folder: chosen })
      return ok(await placeOf(folder()))
    },
    'removal.undoables': async () => {
      const shown = engine.session()
      return ok(await undoables(jobs.undoables(), shown.ok ? shown.value.identity : undefined))
    },
    'removal.undo': async (id) => {
      const session = engine.session()
      if (!session.ok) return session
      if (undoing.has(id)) return fail({ code: 'undo-over' })
      const found = await undoable(jobs.undoOf(id), session.value.identity)
      if (!found.ok) return found
      if (undoing.has(id)) return fail({ code: 'undo-over' })
      undoing.add(id)
      const names = undoNames(found.value)
      const work = leased(session.value, async (lease, job: Working) => {
        const keep = (left: LedgerEntry) => jobs.setUndo(id, left)
        const ways = { pullAgain, load: archives.load, keep }
        const left = await restoreAll(lease, found.value, job, ways).finally(() => undoing.delete(id))
        if (!isWorth(left)) jobs.amend(id, { subject: { undone: true } })
        await tidyCopies(jobs, folders())
      })
      return ok(jobs.start({ kind: 'undo', restores: names.length }, names, work, session.value.context))
    },
    'removal.strays': async () => ok(await findStrays(jobs, folders())),
    'removal.deleteStrays': async (files) => await deleteStrays(await findStrays(jobs, folders()), files),
    'removal.openCopies': async (id) => {
      const job = jobs.find(id)
      const copies = job?.subject.kind === 'remove' ? job.subject.copies : undefined
      if (!copies) return fail({ code: 'undo-over' })
      await showFolder(copies.folder)
      return ok(undefined)
    },
  }
  return {
    handlers,
    /** Resolves once removals that were cut short are compared with the engine that is shown. */
    settled: () => reconciling,
    /** The window shows another session: removals that were cut short on its engine are looked at. */
    engineChanged() {
      const session = engine.session()
      if (!session.ok || session.value === reconciled) return
      reconciled = session.value
      const compare = () => reconcile(jobs, session.value, folders())
      reconciling = reconciling.then(compare).catch((error: unknown) => {
        reconciled = undefined
        console.warn('What became of an interrupted removal is not known yet:', error)
      })
    },
  }
}

/** Whether all that the plan names is, as far as is known, as it was. */
function isStill({ deletes, untags, containers }: RemovalPlan, live: Engine['live']): boolean {
  const images = live.images()
  const users = Map.groupBy(live.containers().values(), ({ image }) => image)
  const goes = new Set(containers.map(({ id }) => id))
  return (
    [...untags, ...deletes].every(({ image }) => images.get(image)?.unreadable === undefined) &&
    untags.every(({ image, reference }) => images.get(image)?.references.includes(reference)) &&
    deletes.every(
      ({ image, references }) =>
        images.get(image)?.references.join('\n') === references.join('\n') &&
        (users.get(image) ?? []).every(({ id }) => goes.has(id)),
    )
  )
}
