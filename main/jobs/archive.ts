/** Keeps ended jobs and their undo entries, in memory and in the journal. */
import type { Job, JobId } from '../../preload/contract/index.ts'
import { journalVersion, type LedgerEntry, type Store } from '../store/index.ts'
import { journalWriter, type JournalWriter } from './writer.ts'

export type JobStore = Pick<Store, 'journal' | 'jobs' | 'ledger'>

interface Entry {
  readonly job: Job
  readonly undo: LedgerEntry | null
  /** Whether the user cleared the job from Activity. Only its undo is still needed then. */
  readonly cleared: boolean
}

/** Limit for ended jobs, not counting jobs that can be undone. */
const maxEnded = 50

export function jobArchive(store: JobStore) {
  const { journal } = store
  /** Newest first. */
  let entries: Map<JobId, Entry> | undefined
  /** Resolves once the jobs of older versions are in the journal. */
  let migration = Promise.resolve()
  /** Undo entries of running jobs. */
  const undosOfRunning = new Map<JobId, LedgerEntry>()

  function all(): Map<JobId, Entry> {
    if (entries) return entries
    const earlierRuns = readEarlierRuns(store)
    const ids = new Set(earlierRuns.map(({ job }) => job.id))
    const older = readOlderVersions(store).filter(({ job }) => !ids.has(job.id))
    migration = migrateOlderFiles(store, older)
    entries = sortByStart([...earlierRuns, ...older])
    return entries
  }
  const append = (id: JobId, ...lines: Parameters<typeof journal.append>[1]) =>
    journal.append(id, lines).then(() => journal.close(id))

  /** Drops the oldest jobs beyond the limit, except those that can be undone. */
  function trim() {
    const ended = [...all().values()].filter(({ undo }) => !undo)
    for (const { job } of ended.slice(maxEnded)) drop(job.id)
  }
  function drop(id: JobId) {
    all().delete(id)
    void journal.remove(id)
  }

  return {
    /** Reads the jobs of earlier runs. Call this before the first job of this run writes to the journal. */
    load: () => void all(),
    /** Resolves once the jobs that an older version stored are in the journal. */
    settled: () => migration,
    shown: () => [...all().values()].filter(({ cleared }) => !cleared).map(({ job }) => job),
    find: (id: JobId) => all().get(id)?.job,
    ids: (): JobId[] => [...all().keys(), ...journal.ids()],
    undoOf: (id: JobId): LedgerEntry | undefined => undosOfRunning.get(id) ?? all().get(id)?.undo ?? undefined,
    undoables: () => [...all().values()].flatMap(({ undo }) => undo ?? []),
    /** Adds a job that has ended. */
    async add(job: Job, writer: JournalWriter): Promise<void> {
      const undo = undosOfRunning.get(job.id) ?? null
      undosOfRunning.delete(job.id)
      entries = new Map([[job.id, { job, undo, cleared: false }], ...all()])
      await writer.write({ kind: 'job', job })
      await journal.close(job.id)
      trim()
    },
    change(job: Job) {
      const entry = all().get(job.id)
      if (!entry) return
      all().set(job.id, { ...entry, job })
      void append(job.id, { kind: 'job', job })
    },
    /** Resolves once the journal has the entry. */
    async setUndo(id: JobId, undo: LedgerEntry | undefined, writer?: JournalWriter): Promise<void> {
      const entry = all().get(id)
      if (!entry) {
        if (undo) undosOfRunning.set(id, undo)
        else undosOfRunning.delete(id)
        return await (writer ?? journalWriter(journal, id)).write({ kind: 'undo', undo: undo ?? null })
      }
      all().set(id, { ...entry, undo: undo ?? null })
      if (!undo && entry.cleared) return drop(id)
      await append(id, { kind: 'undo', undo: undo ?? null })
    },
    /** Clears all ended jobs from Activity. Their undo entries remain. @returns the ids of the cleared jobs */
    clear(): JobId[] {
      const shown = [...all().values()].filter(({ cleared }) => !cleared)
      for (const { job, undo } of shown) {
        if (!undo) drop(job.id)
        else {
          all().set(job.id, { job, undo, cleared: true })
          void append(job.id, { kind: 'cleared' })
        }
      }
      return shown.map(({ job }) => job.id)
    },
  }
}

/** Reads the jobs of earlier runs. A job without an end was running when the app ended: it is marked as interrupted. */
const readEarlierRuns = ({ journal }: JobStore): Entry[] =>
  journal.read().map(({ job, undo, cleared, ended }): Entry => {
    if (ended) return { job, undo, cleared }
    const interruptedJob = toInterrupted(job)
    void journal.append(job.id, [{ kind: 'job', job: interruptedJob }]).then(() => journal.close(job.id))
    return { job: interruptedJob, undo, cleared }
  })

const sortByStart = (all: readonly Entry[]) =>
  new Map(all.toSorted((a, b) => b.job.started - a.job.started).map((entry) => [entry.job.id, entry]))

const toInterrupted = (job: Job): Job => ({
  ...job,
  state: 'interrupted',
  ended: Math.floor(Date.now() / 1000),
  items: job.items.map((item) => {
    if (item.state === 'running') return { ...item, state: 'unknown' }
    return item.state === 'waiting' ? { ...item, state: 'skipped' } : item
  }),
})

/** Reads the data of versions without a journal, which stored jobs in one file and undo entries in another. */
function readOlderVersions({ jobs, ledger }: JobStore): Entry[] {
  const { removals } = ledger.value
  const stored = jobs.value.jobs
  const undosWithoutJob = removals.filter(({ job }) => !stored.some(({ id }) => id === job))
  return [
    ...stored.map((job): Entry => ({
      job,
      undo: removals.find((undo) => undo.job === job.id) ?? null,
      cleared: false,
    })),
    ...undosWithoutJob.map((undo): Entry => ({ job: jobFromUndo(undo), undo, cleared: true })),
  ]
}

/** Moves the jobs of older versions to the journal. Empties the old files after the journal is on the disk. */
async function migrateOlderFiles({ journal, jobs, ledger }: JobStore, entries: readonly Entry[]): Promise<void> {
  if (jobs.value.jobs.length + ledger.value.removals.length === 0) return
  for (const { job, undo, cleared } of entries) {
    const lines = [{ kind: 'begin', version: journalVersion, job } as const, { kind: 'undo', undo } as const]
    void journal.append(job.id, [...lines, { kind: 'job', job }, ...(cleared ? [{ kind: 'cleared' } as const] : [])])
  }
  await Promise.all(entries.map(({ job }) => journal.close(job.id)))
  await jobs.write({ jobs: [] })
  await ledger.write({ ...ledger.value, removals: [] })
}

/** Creates a job for a removal that has only an undo entry. */
function jobFromUndo({ job, until, untagged, deleted }: LedgerEntry): Job {
  const names = [
    ...untagged.map(({ reference }) => reference),
    ...deleted.map(({ references, image }) => references[0] ?? image),
  ]
  const [deletes, untags] = [deleted.length, untagged.length]
  return {
    id: job,
    subject: { kind: 'remove', deletes, untags, promised: { min: 0, max: 0 }, undoUntil: until },
    state: 'done',
    items: names.map((name) => ({ name, state: 'done' })),
    started: until,
    ended: until,
  }
}
