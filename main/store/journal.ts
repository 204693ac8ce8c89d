/**
 * The journal: one file of JSON lines for each job. Lines are written and synced before each step of a job, so that
 * after a crash it is known which steps had started, and what is needed to undo them.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { jobItemSchema, jobSchema, type Job } from '../../preload/contract/index.ts'
import { prepareFolder, readPrivateFile } from './disk.ts'
import { undoEntry } from './ledger.ts'
import { migrateLine } from './migrations.ts'

/** The version of new files. Files of version 1 can be read, and may get new lines of version 2. */
export const journalVersion = 2

const lineSchema = v.variant('kind', [
  /** The first line, written before the job starts its work. */
  v.object({ kind: v.literal('begin'), version: v.picklist([1, journalVersion]), job: jobSchema }),
  v.object({ kind: v.literal('item'), at: v.number(), item: v.partial(jobItemSchema) }),
  /** Replaces the undo entry; null if nothing can be undone. */
  v.object({ kind: v.literal('undo'), undo: v.nullable(undoEntry) }),
  /** The job after its end, or after a later change. */
  v.object({ kind: v.literal('job'), job: jobSchema }),
  /** The user cleared the job from Activity. */
  v.object({ kind: v.literal('cleared') }),
])
export type JournalLine = v.InferOutput<typeof lineSchema>

/** The state of a job after all of its lines. */
export interface JournalEntry {
  readonly job: Job
  readonly undo: v.InferOutput<typeof undoEntry> | null
  readonly cleared: boolean
  /** The job has ended or was marked as interrupted. */
  readonly ended: boolean
}

/**
 * Applies the lines of a file one after another. Lines that cannot be parsed are skipped.
 * @returns undefined if the first line is missing or is of a newer version
 */
export function foldLines(text: string): JournalEntry | undefined {
  let entry: JournalEntry | undefined
  for (const lineText of text.split('\n')) {
    const line = parseLine(lineText)
    if (line?.kind === 'begin') entry ??= { job: line.job, undo: null, cleared: false, ended: false }
    if (!entry || !line) continue
    if (line.kind === 'job') entry = { ...entry, job: line.job, ended: true }
    if (line.kind === 'undo') entry = { ...entry, undo: line.undo }
    if (line.kind === 'cleared') entry = { ...entry, cleared: true }
    if (line.kind === 'item') {
      const items = entry.job.items.map((item, at) =>
        at === line.at ? { ...item, ...withoutUndefined(line.item) } : item,
      )
      entry = { ...entry, job: { ...entry.job, items } }
    }
  }
  return entry
}

/** @returns undefined if the line is invalid. If the app was killed, the last line may be incomplete. */
function parseLine(text: string): JournalLine | undefined {
  try {
    const result = v.safeParse(lineSchema, migrateLine(JSON.parse(text)))
    return result.success ? result.output : undefined
  } catch {
    return undefined
  }
}

function withoutUndefined({ name, state, failure }: Extract<JournalLine, { kind: 'item' }>['item']) {
  return { ...(name !== undefined && { name }), ...(state && { state }), ...(failure && { failure }) }
}

export interface Journal {
  /** @returns the jobs of earlier runs. Files that are unreadable or of a newer version are skipped, not changed. */
  read(): JournalEntry[]
  /** @returns the ids of all jobs with a file, readable or not */
  ids(): string[]
  /**
   * Appends lines to a job's file. Resolves once these and all earlier lines are on the disk. A failed write also
   * resolves, so that the job can continue; the first failure is logged.
   */
  append(job: string, lines: readonly JournalLine[]): Promise<void>
  /** Closes a job's file. */
  close(job: string): Promise<void>
  remove(job: string): Promise<void>
  /** Resolves once all pending operations are done. */
  end(): Promise<void>
}

interface OpenFile {
  handle?: FileHandle | undefined
  /** Resolves once all queued operations are done. */
  lastOperation: Promise<void>
  /** Number of queued operations. */
  pending: number
}

export function openJournal(folder: string): Journal {
  const files = new Map<string, OpenFile>()
  const fileOf = (job: string) => join(folder, `${job}.jsonl`)
  let hasFailed = false
  prepareFolder(folder)

  /** Runs operations on a file one at a time, in the order of the calls. */
  function enqueue(job: string, work: (file: OpenFile) => Promise<void>): Promise<void> {
    const file = files.get(job) ?? { lastOperation: Promise.resolve(), pending: 0 }
    files.set(job, file)
    file.pending++
    file.lastOperation = file.lastOperation
      .then(() => work(file))
      .catch((error: unknown) => {
        if (!hasFailed) console.error('The journal cannot be written:', error)
        hasFailed = true
      })
      .finally(() => {
        file.pending--
        if (file.pending === 0 && !file.handle) files.delete(job)
      })
    return file.lastOperation
  }

  async function closeFile(file: OpenFile) {
    const { handle } = file
    file.handle = undefined
    await handle?.close()
  }

  async function openFile(job: string): Promise<FileHandle> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const handle = await open(fileOf(job), 'a', 0o600)
    // The folder is synced, because a power failure could otherwise lose the new file's name.
    const parent = await open(folder, 'r')
    await parent.sync().finally(() => parent.close())
    return handle
  }

  return {
    read() {
      const names = fileNamesIn(folder)
      return names.flatMap((name) => {
        try {
          return foldLines(readPrivateFile(join(folder, name)) ?? '') ?? []
        } catch (error) {
          console.warn(`The journal's file ${name} cannot be read, and will not be changed:`, error)
          return []
        }
      })
    },
    ids: () => fileNamesIn(folder).map((name) => name.slice(0, -'.jsonl'.length)),
    append: (job, lines) =>
      enqueue(job, async (file) => {
        file.handle ??= await openFile(job)
        await file.handle.appendFile(lines.map((newLine) => `${JSON.stringify(newLine)}\n`).join(''))
        await file.handle.datasync()
      }),
    close: (job) => enqueue(job, closeFile),
    remove: (job) =>
      enqueue(job, async (file) => {
        await closeFile(file)
        await rm(fileOf(job), { force: true })
      }),
    end: async () => void (await Promise.all([...files.values()].map(({ lastOperation }) => lastOperation))),
  }
}

function fileNamesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  } catch {
    return []
  }
}
