/** The one mechanism for work that takes longer than a moment: it goes on whatever the window does. */
import { randomUUID } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import {
  ok,
  type Failure,
  type Handlers,
  type Job,
  type JobId,
  type JobItem,
  type JobSubject,
  type Publish,
} from '../../preload/contract/index.ts'
import type { LedgerEntry } from '../store/index.ts'
import { jobArchive, type JobStore } from './archive.ts'
import { journalWriter } from './writer.ts'

/** What the work of a job may do to it. */
export interface Working {
  readonly id: JobId
  /** Aborted when the user cancels: to be looked at between two items. */
  readonly cancelled: AbortSignal
  readonly items: readonly JobItem[]
  /** An item begins: resolves once the journal says so, with all that was told before. Await it before the deed. */
  begin(index: number): Promise<void>
  /** Tells what became of an item. */
  item(index: number, change: Partial<JobItem>): void
  subject(change: Partial<JobSubject>): void
  /** What can be undone of the job from here on. Resolves once the journal has it. */
  setUndo(undo: LedgerEntry | undefined): Promise<void>
  /** The whole of it failed. */
  fail(failure: Failure): void
}

export interface Jobs {
  /**
   * Starts work, and answers at once; the work begins once the journal knows of it. What the work throws is logged, and
   * told as a failure of the whole.
   */
  start(
    subject: JobSubject,
    items: readonly string[],
    work: (job: Working) => Promise<void>,
    engine?: Job['engine'],
  ): JobId
  find(id: JobId): Job | undefined
  /** Of all jobs that are known, also of those whose journal only a newer version can read. */
  knownIds(): readonly JobId[]
  /** The newest first, those that run before those that have ended. */
  all(): readonly Job[]
  /** Changes what is told of a job that has ended. */
  amend(id: JobId, change: Pick<Partial<Job>, 'items'> & { readonly subject?: Partial<JobSubject> }): void
  /** What can be undone of a job; also of one that was cleared from Activity. */
  undoOf(id: JobId): LedgerEntry | undefined
  setUndo(id: JobId, undo: LedgerEntry | undefined): Promise<void>
  /** All that can be undone, the newest first. */
  undoables(): readonly LedgerEntry[]
  /** The app ends: what runs is cancelled, and has a few seconds to finish the item that it is at. */
  end(): Promise<void>
  readonly handlers: Handlers<'jobs'>
}

interface Needs {
  readonly publish: Publish
  readonly store: JobStore
}

interface Running {
  job: Job
  readonly cancel: AbortController
  readonly ended: Promise<void>
  publishing?: Promise<void>
}

/** Progress is told at most so often. */
const publishEveryMs = 100
const endWithinMs = 4_000

export function jobBook({ publish, store }: Needs): Jobs {
  const running = new Map<JobId, Running>()
  const archive = jobArchive(store)
  /** All jobs up to now are in the journal. */
  let begun: Promise<unknown> = Promise.resolve()

  function publishSoon(entry: Running) {
    entry.publishing ??= delay(publishEveryMs).then(() => {
      delete entry.publishing
      if (running.get(entry.job.id) === entry) publish('jobs.changed', entry.job)
    })
  }

  function change(id: JobId, next: (job: Job) => Job) {
    const entry = running.get(id)
    if (!entry) return
    entry.job = next(entry.job)
    publishSoon(entry)
  }

  function working(id: JobId, cancelled: AbortSignal, writer: ReturnType<typeof journalWriter>): Working {
    const setItem = (index: number, next: Partial<JobItem>) =>
      change(id, (job) => ({
        ...job,
        items: job.items.map((item, at) => (at === index ? { ...item, ...next } : item)),
      }))
    return {
      id,
      cancelled,
      get items() {
        return running.get(id)?.job.items ?? []
      },
      begin(index) {
        setItem(index, { state: 'running' })
        return writer.write({ kind: 'item', at: index, item: { state: 'running' } })
      },
      item(index, next) {
        setItem(index, next)
        void writer.write({ kind: 'item', at: index, item: next })
      },
      subject: (next) => change(id, (job) => ({ ...job, subject: withChange(job.subject, next) })),
      setUndo: (undo) => archive.setUndo(id, undo, writer),
      fail: (failure) => change(id, (job) => ({ ...job, failure })),
    }
  }

  return {
    all: () => [...[...running.values()].map(({ job }) => job).toReversed(), ...archive.shown()],
    start(subject, names, work, engine) {
      archive.load()
      const id = randomUUID()
      const items = names.map((name): JobItem => ({ name, state: 'waiting' }))
      const job: Job = { id, subject, state: 'running', items, started: now(), ...(engine && { engine }) }
      const cancel = new AbortController()
      const writer = journalWriter(store.journal, id)
      // In the order in which they were asked for: who clicked first is first in a queue.
      begun = Promise.all([begun, writer.write({ kind: 'begin', version: 1, job })])
      const known = begun
      const worker = working(id, cancel.signal, writer)
      const ended = Promise.withResolvers<void>()
      const entry: Running = { job, cancel, ended: ended.promise }
      running.set(id, entry)
      publishSoon(entry)
      void run()
      return id

      async function run() {
        try {
          await known
          await work(worker)
        } catch (error) {
          console.error(`job ${id}:`, error)
          worker.fail({ code: 'internal' })
        }
        const last: Job = { ...entry.job, state: endOf(entry.job, cancel.signal.aborted), ended: now() }
        running.delete(id)
        void archive.add(last, writer)
        publish('jobs.changed', last)
        ended.resolve()
      }
    },
    find: (id) => running.get(id)?.job ?? archive.find(id),
    knownIds: () => [...running.keys(), ...archive.ids()],
    amend(id, { items, subject = {} }) {
      const job = archive.find(id)
      if (!job) return
      const next = { ...job, ...(items && { items }), subject: withChange(job.subject, subject) }
      archive.change(next)
      publish('jobs.changed', next)
    },
    undoOf: archive.undoOf,
    setUndo: (id, undo) => archive.setUndo(id, undo),
    undoables: archive.undoables,
    async end() {
      const all = [...running.values()]
      for (const { cancel } of all) cancel.abort()
      const done = Promise.all([archive.settled(), ...all.map(({ ended }) => ended)])
      await Promise.race([done, delay(endWithinMs, undefined, { ref: false })])
    },
    handlers: {
      'jobs.list': () => ok([...[...running.values()].map(({ job }) => job).toReversed(), ...archive.shown()]),
      'jobs.cancel': (id) => {
        running.get(id)?.cancel.abort()
        return ok(undefined)
      },
      'jobs.clear': () => {
        publish('jobs.cleared', archive.clear())
        return ok(undefined)
      },
    },
  }
}

const now = () => Math.floor(Date.now() / 1000)

const withChange = (subject: JobSubject, change: Partial<JobSubject>): JobSubject =>
  ({ ...subject, ...change }) as JobSubject

function endOf({ failure, items }: Job, cancelled: boolean): Job['state'] {
  if (failure || items.some(({ state }) => state === 'failed' || state === 'unknown')) return 'failed'
  // A cancel that came when all was done has changed nothing.
  const undone = items.length === 0 || items.some(({ state }) => state !== 'done')
  return cancelled && undone ? 'cancelled' : 'done'
}
