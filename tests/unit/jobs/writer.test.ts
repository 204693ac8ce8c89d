import { expect, test } from 'vitest'
import { journalWriter } from '../../../main/jobs/writer.ts'
import type { Journal, JournalLine } from '../../../main/store/index.ts'

const line = (at: number): JournalLine => ({ kind: 'item', at, item: { state: 'done' } })

/** A writer to a journal whose disk is busy until `finish` is called for the oldest append. */
function slowJournal() {
  const appends: { job: string; lines: readonly JournalLine[]; finish: () => void }[] = []
  const append: Journal['append'] = (job, lines) =>
    new Promise((finish) => void appends.push({ job, lines: [...lines], finish }))
  return { appends, writer: journalWriter({ append } as Journal, 'job') }
}
const turn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('lines that arrive while the disk is busy are appended together, in order', async () => {
  const { appends, writer } = slowJournal()
  void writer.write(line(0))
  await turn()
  void writer.write(line(1))
  void writer.write(line(2))
  await turn()
  expect(appends.map(({ job, lines }) => [job, lines])).toEqual([['job', [line(0)]]])
  appends[0]!.finish()
  await turn()
  expect(appends.map(({ lines }) => lines)).toEqual([[line(0)], [line(1), line(2)]])
})

test('a write resolves once its own line is on the disk, not before', async () => {
  const { appends, writer } = slowJournal()
  const written: number[] = []
  void writer.write(line(0)).then(() => written.push(0))
  await turn()
  void writer.write(line(1)).then(() => written.push(1))
  await turn()
  expect(written).toEqual([])
  appends[0]!.finish()
  await turn()
  expect(written).toEqual([0])
  appends[1]!.finish()
  await turn()
  expect(written).toEqual([0, 1])
})
