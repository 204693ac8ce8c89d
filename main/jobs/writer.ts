/** Writes the lines of one job to the journal. Lines passed during a write are written together afterwards. */
import type { JobId } from '../../preload/contract/index.ts'
import type { Journal, JournalLine } from '../store/index.ts'

export interface JournalWriter {
  /** Resolves once this line and all earlier lines are on the disk. */
  write(line: JournalLine): Promise<void>
}

export function journalWriter(journal: Journal, job: JobId): JournalWriter {
  let pendingLines: JournalLine[] = []
  let nextWrite: Promise<void> | undefined
  let lastWrite = Promise.resolve()
  return {
    write(line) {
      pendingLines.push(line)
      nextWrite ??= lastWrite.then(() => {
        const lines = pendingLines
        pendingLines = []
        nextWrite = undefined
        return (lastWrite = journal.append(job, lines))
      })
      return nextWrite
    },
  }
}
