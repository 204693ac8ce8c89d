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
import type { StoredFile } from '../store/index.ts'

/** What the work of a job may do to it. */
export interface Working {
  readonly id: JobId
  /** Aborted when the user cancels: to be looked at between two items. */
  readonly cancelled: AbortSignal
  readonly items: readonly JobItem[]
  /** Tells what became of an item. */
  item(index: number, change: Partial<JobItem>): void
  subject(change: Partial<JobSubject>): void
  /** The whole of it failed. */
  fail(failure: Failure): void
}

export interface Jobs {
  /** Starts work, and answers at once. What the work throws is logged, and told as a failure of the whole. */
  start(subject: JobSubject, items: readonly string[], work: (job: Working) => Promise<void>): JobId
  find(id: JobId): Job | undefined
  /** The newest first, those that run before those that have ended. */
  all(): readonly Job[]
  /** Changes what is told of a job that has ended. */
  amend(id: JobId, change: Partial<JobSubject>): void
  readonly handlers: Handlers<'jobs'>
}

interface Needs {
  readonly publish: Publish
  /** Those that have ended, the newest first. */
  readonly ended: StoredFile<{ readonly jobs: readonly Job[] }>
}

/** So many that have ended are kept. */
const most = 50
/** Progress is told at most so often, in milliseconds. */
const rest = 100

export function jobBook({ publish, ended }: Needs): Jobs {
  const running = new Map<JobId, { job: Job; cancel: AbortController; told?: Promise<void> }>()

  function tell(id: JobId) {
    const entry = running.get(id)
    if (!entry) return
    entry.told ??= delay(rest).then(() => {
      delete entry.told
      if (running.has(id)) publish('jobs.changed', entry.job)
    })
  }

  function change(id: JobId, next: (job: Job) => Job) {
    const entry = running.get(id)
    if (!entry) return
    entry.job = next(entry.job)
    tell(id)
  }

  async function run(id: JobId, working: Working, work: (job: Working) => Promise<void>) {
    try {
      await work(working)
    } catch (error) {
      console.error(`job ${id}:`, error)
      working.fail({ code: 'internal' })
    }
    const entry = running.get(id)!
    const job = { ...entry.job, state: endOf(entry.job, entry.cancel.signal.aborted), ended: now() }
    running.delete(id)
    ended.write({ jobs: [job, ...ended.value.jobs].slice(0, most) })
    publish('jobs.changed', job)
  }

  const all = () => [...[...running.values()].map(({ job }) => job).toReversed(), ...ended.value.jobs]

  return {
    all,
    start(subject, names, work) {
      const id = randomUUID()
      const items = names.map((name): JobItem => ({ name, state: 'waiting' }))
      const cancel = new AbortController()
      running.set(id, { job: { id, subject, state: 'running', items, started: now() }, cancel })
      const working: Working = {
        id,
        cancelled: cancel.signal,
        get items() {
          return running.get(id)?.job.items ?? []
        },
        item: (index, next) =>
          change(id, (job) => ({
            ...job,
            items: job.items.map((item, at) => (at === index ? { ...item, ...next } : item)),
          })),
        subject: (next) => change(id, (job) => ({ ...job, subject: withChange(job.subject, next) })),
        fail: (failure) => change(id, (job) => ({ ...job, failure })),
      }
      tell(id)
      void run(id, working, work)
      return id
    },
    find: (id) => running.get(id)?.job ?? ended.value.jobs.find((job) => job.id === id),
    amend(id, next) {
      const jobs = ended.value.jobs.map((job) =>
        job.id === id ? { ...job, subject: withChange(job.subject, next) } : job,
      )
      ended.write({ jobs })
      const job = jobs.find((one) => one.id === id)
      if (job) publish('jobs.changed', job)
    },
    handlers: {
      'jobs.list': () => ok(all()),
      'jobs.cancel': (id) => {
        running.get(id)?.cancel.abort()
        return ok(undefined)
      },
      'jobs.clear': () => {
        publish(
          'jobs.cleared',
          ended.value.jobs.map(({ id }) => id),
        )
        ended.write({ jobs: [] })
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
