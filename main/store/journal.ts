/**
 * The journal: one file of JSON lines a job, appended and synced before each deed, so that a crash loses neither what was
 * done nor what can be undone.
 */
import { mkdirSync, readdirSync } from 'node:fs'
import { open, rm, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import * as v from 'valibot'
import { jobItemSchema, jobSchema, type Job } from '../../preload/contract/index.ts'
import { readPrivately } from './disk.ts'
import { undoEntry } from './ledger.ts'

const line = v.variant('kind', [
  /** The first line: written before the job does anything. */
  v.object({ kind: v.literal('begin'), version: v.literal(1), job: jobSchema }),
  v.object({ kind: v.literal('item'), at: v.number(), item: v.partial(jobItemSchema) }),
  /** What can be undone of the job from here on; null: nothing any more. */
  v.object({ kind: v.literal('undo'), undo: v.nullable(undoEntry) }),
  /** The job as it ended, or as it was changed afterwards. */
  v.object({ kind: v.literal('job'), job: jobSchema }),
  /** The user has cleared it from Activity. */
  v.object({ kind: v.literal('cleared') }),
])
export type JournalLine = v.InferOutput<typeof line>

/** What the lines of one job come to. */
export interface JournalEntry {
  readonly job: Job
  readonly undo: v.InferOutput<typeof undoEntry> | null
  readonly cleared: boolean
  /** The job ended, or was seen to have been cut short. */
  readonly ended: boolean
}

/** @returns undefined if the first line is missing or of a newer version. A line that does not parse is left out. */
export function foldLines(text: string): JournalEntry | undefined {
  let entry: JournalEntry | undefined
  for (const written of text.split('\n')) {
    const read = parsed(written)
    if (read?.kind === 'begin') entry ??= { job: read.job, undo: null, cleared: false, ended: false }
    if (!entry || !read) continue
    if (read.kind === 'job') entry = { ...entry, job: read.job, ended: true }
    if (read.kind === 'undo') entry = { ...entry, undo: read.undo }
    if (read.kind === 'cleared') entry = { ...entry, cleared: true }
    if (read.kind === 'item') {
      const items = entry.job.items.map((item, at) => (at === read.at ? { ...item, ...definedOf(read.item) } : item))
      entry = { ...entry, job: { ...entry.job, items } }
    }
  }
  return entry
}

/** The last line of a killed run may be cut. */
function parsed(text: string): JournalLine | undefined {
  try {
    const read = v.safeParse(line, JSON.parse(text))
    return read.success ? read.output : undefined
  } catch {
    return undefined
  }
}

function definedOf({ name, state, failure }: Extract<JournalLine, { kind: 'item' }>['item']) {
  return { ...(name !== undefined && { name }), ...(state && { state }), ...(failure && { failure }) }
}

export interface Journal {
  /** Of earlier runs. A file that cannot be read stays where it is, and is logged. */
  read(): JournalEntry[]
  /** The jobs that have a file, whether it can be read or not. */
  ids(): string[]
  /**
   * Appends to a job's file. Resolves once the lines are on the disk, with all that was appended before; also if the
   * disk refuses them, which is logged once: nobody's work fails for being remembered.
   */
  append(job: string, lines: readonly JournalLine[]): Promise<void>
  /** Closes a job's file. */
  close(job: string): Promise<void>
  remove(job: string): Promise<void>
  /** Resolves once all that was asked for is done. */
  end(): Promise<void>
}

interface OpenFile {
  handle?: FileHandle | undefined
  last: Promise<void>
  /** How much is asked for and not done yet. */
  waiting: number
}

export function openJournal(folder: string): Journal {
  const files = new Map<string, OpenFile>()
  const fileOf = (job: string) => join(folder, `${job}.jsonl`)
  let refused = false

  /** One thing at a time for each file, in the order in which it was asked for. */
  function queue(job: string, work: (file: OpenFile) => Promise<void>): Promise<void> {
    const file = files.get(job) ?? { last: Promise.resolve(), waiting: 0 }
    files.set(job, file)
    file.waiting++
    file.last = file.last
      .then(() => work(file))
      .catch((error: unknown) => {
        if (!refused) console.error('The journal cannot be written:', error)
        refused = true
      })
      .finally(() => {
        file.waiting--
        if (file.waiting === 0 && !file.handle) files.delete(job)
      })
    return file.last
  }

  async function closed(file: OpenFile) {
    const { handle } = file
    file.handle = undefined
    await handle?.close()
  }

  async function opened(job: string): Promise<FileHandle> {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    const handle = await open(fileOf(job), 'a', 0o600)
    // The new name must last through a power cut, too.
    const parent = await open(folder, 'r')
    await parent.sync().finally(() => parent.close())
    return handle
  }

  return {
    read() {
      const names = namesIn(folder)
      return names.flatMap((name) => {
        try {
          return foldLines(readPrivately(join(folder, name)) ?? '') ?? []
        } catch (error) {
          console.warn(`${name} of the journal cannot be read, and is left as it is:`, error)
          return []
        }
      })
    },
    ids: () => namesIn(folder).map((name) => name.slice(0, -'.jsonl'.length)),
    append: (job, lines) =>
      queue(job, async (file) => {
        file.handle ??= await opened(job)
        await file.handle.appendFile(lines.map((each) => `${JSON.stringify(each)}\n`).join(''))
        await file.handle.datasync()
      }),
    close: (job) => queue(job, closed),
    remove: (job) =>
      queue(job, async (file) => {
        await closed(file)
        await rm(fileOf(job), { force: true })
      }),
    end: async () => void (await Promise.all([...files.values()].map(({ last }) => last))),
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith('.jsonl'))
  } catch {
    return []
  }
}
