/** Writes the journal's lines of one job. Lines that arrive during a write are written together after it. */
import type { JobId } from '../../preload/contract/index.ts'
import type { Journal, JournalLine } from '../store/index.ts'

export interface JournalWriter {
  /** Resolves once this line and all earlier lines are on the disk. */
  write(line: JournalLine): Promise<void>
}

export function journalWriter(journal: Journal, job: JobId): JournalWriter {
  let waiting: JournalLine[] = []
  let next: Promise<void> | undefined
  let writing = Promise.resolve()
  return {
    write(line) {
      waiting.push(line)
      next ??= writing.then(() => {
        const lines = waiting
        waiting = []
        next = undefined
        return (writing = journal.append(job, lines))
      })
      return next
    },
  }
}
