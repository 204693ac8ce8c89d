/** Runs long work as jobs. A job continues if the window is reloaded. */
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
import { journalVersion, type LedgerEntry } from '../store/index.ts'
import { jobArchive, type JobStore } from './archive.ts'
import { journalWriter } from './writer.ts'

/** The functions by which a job's work reports its progress. */
export interface JobContext {
  readonly id: JobId
  /** Aborted when the user cancels the job. The work should check this between items. */
  readonly cancelled: AbortSignal
  readonly items: readonly JobItem[]
  /** Marks an item as running. Resolves once the journal has this and all earlier lines; start the item after that. */
  begin(index: number): Promise<void>
  /** Updates an item. */
  updateItem(index: number, change: Partial<JobItem>): void
  /** Updates the subject. */
  updateSubject(change: Partial<JobSubject>): void
  /** Sets the undo entry of the job; undefined removes it. Resolves once the journal has the change. */
  setUndo(undo: LedgerEntry | undefined): Promise<void>
  /** Marks the job as failed. */
  fail(failure: Failure): void
}

export interface Jobs {
  /**
   * Starts a job, and returns at once; the work starts when the journal has the job. If the work throws an error, the
   * error is logged, and the job fails with the code `internal`.
   */
  start(
    subject: JobSubject,
    items: readonly string[],
    work: (job: JobContext) => Promise<void>,
    engine?: Job['engine'],
  ): JobId
  find(id: JobId): Job | undefined
  /** @returns the ids of all jobs, including those whose journal only a newer version can read */
  knownIds(): readonly JobId[]
  /** @returns running jobs, then ended jobs that the user has not cleared, each newest first */
  all(): readonly Job[]
  /** Updates a job that has ended. */
  amend(id: JobId, change: Pick<Partial<Job>, 'items'> & { readonly subject?: Partial<JobSubject> }): void
  /** @returns the undo entry of a job, even if the job was cleared from Activity */
  undoOf(id: JobId): LedgerEntry | undefined
  setUndo(id: JobId, undo: LedgerEntry | undefined): Promise<void>
  /** @returns all undo entries, newest first */
  undoables(): readonly LedgerEntry[]
  /** Cancels running jobs, and waits up to 4 s for their current items. Call this before the app ends. */
  end(): Promise<void>
  readonly handlers: Handlers<'jobs'>
}

interface Needs {
  readonly publish: Publish
  readonly store: JobStore
}

interface RunningJob {
  job: Job
  readonly cancel: AbortController
  readonly ended: Promise<void>
  publishing?: Promise<void>
}

const publishIntervalMs = 100
const endTimeoutMs = 4_000

export function jobService({ publish, store }: Needs): Jobs {
  const running = new Map<JobId, RunningJob>()
  const archive = jobArchive(store)
  /** Resolves once the journal has all jobs started so far. */
  let journalWrites: Promise<unknown> = Promise.resolve()

  function publishSoon(entry: RunningJob) {
    entry.publishing ??= delay(publishIntervalMs).then(() => {
      delete entry.publishing
      if (running.get(entry.job.id) === entry) publish('jobs.changed', entry.job)
    })
  }

  function updateJob(id: JobId, update: (job: Job) => Job) {
    const entry = running.get(id)
    if (!entry) return
    entry.job = update(entry.job)
    publishSoon(entry)
  }

  function createContext(id: JobId, cancelled: AbortSignal, writer: ReturnType<typeof journalWriter>): JobContext {
    const setItem = (index: number, change: Partial<JobItem>) =>
      updateJob(id, (job) => ({
        ...job,
        items: job.items.map((item, itemIndex) => (itemIndex === index ? { ...item, ...change } : item)),
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
      updateItem(index, change) {
        setItem(index, change)
        void writer.write({ kind: 'item', at: index, item: change })
      },
      updateSubject: (change) => updateJob(id, (job) => ({ ...job, subject: withChange(job.subject, change) })),
      setUndo: (undo) => archive.setUndo(id, undo, writer),
      fail: (failure) => updateJob(id, (job) => ({ ...job, failure })),
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
      // Each job waits until the earlier ones are in the journal, so that their work starts in the order of the calls.
      journalWrites = Promise.all([journalWrites, writer.write({ kind: 'begin', version: journalVersion, job })])
      const inJournal = journalWrites
      const context = createContext(id, cancel.signal, writer)
      const ended = Promise.withResolvers<void>()
      const entry: RunningJob = { job, cancel, ended: ended.promise }
      running.set(id, entry)
      publishSoon(entry)
      void run()
      return id

      async function run() {
        try {
          await inJournal
          await work(context)
        } catch (error) {
          console.error(`job ${id}:`, error)
          context.fail({ code: 'internal' })
        }
        const endedJob: Job = { ...entry.job, state: endStateOf(entry.job, cancel.signal.aborted), ended: now() }
        running.delete(id)
        void archive.add(endedJob, writer)
        publish('jobs.changed', endedJob)
        ended.resolve()
      }
    },
    find: (id) => running.get(id)?.job ?? archive.find(id),
    knownIds: () => [...running.keys(), ...archive.ids()],
    amend(id, { items, subject = {} }) {
      const job = archive.find(id)
      if (!job) return
      const changed = { ...job, ...(items && { items }), subject: withChange(job.subject, subject) }
      archive.change(changed)
      publish('jobs.changed', changed)
    },
    undoOf: archive.undoOf,
    setUndo: (id, undo) => archive.setUndo(id, undo),
    undoables: archive.undoables,
    async end() {
      const all = [...running.values()]
      for (const { cancel } of all) cancel.abort()
      const allEnded = Promise.all([archive.settled(), ...all.map(({ ended }) => ended)])
      await Promise.race([allEnded, delay(endTimeoutMs, undefined, { ref: false })])
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

function endStateOf({ failure, items }: Job, cancelled: boolean): Job['state'] {
  if (failure || items.some(({ state }) => state === 'failed' || state === 'unknown')) return 'failed'
  // A job that was cancelled after its last item is done.
  const isIncomplete = items.length === 0 || items.some(({ state }) => state !== 'done')
  return cancelled && isIncomplete ? 'cancelled' : 'done'
}
