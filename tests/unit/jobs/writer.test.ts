import { expect, test } from 'vitest'
import { journalWriter } from '../../../main/jobs/writer.ts'
import type { Journal, JournalLine } from '../../../main/store/index.ts'

const line = (index: number): JournalLine => ({ kind: 'item', at: index, item: { state: 'done' } })

/** A writer to a journal in which each append takes until its `finish` is called. */
function slowJournal() {
  const appends: { job: string; lines: readonly JournalLine[]; finish: () => void }[] = []
  const append: Journal['append'] = (job, lines) =>
    new Promise((finish) => void appends.push({ job, lines: [...lines], finish }))
  return { appends, writer: journalWriter({ append } as Journal, 'job') }
}
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

test('lines that arrive while the disk is busy are appended together, in order', async () => {
  const { appends, writer } = slowJournal()
  void writer.write(line(0))
  await nextTurn()
  void writer.write(line(1))
  void writer.write(line(2))
  await nextTurn()
  expect(appends.map(({ job, lines }) => [job, lines])).toEqual([['job', [line(0)]]])
  appends[0]!.finish()
  await nextTurn()
  expect(appends.map(({ lines }) => lines)).toEqual([[line(0)], [line(1), line(2)]])
})

test('a write resolves once its own line is on the disk, not before', async () => {
  const { appends, writer } = slowJournal()
  const resolved: number[] = []
  void writer.write(line(0)).then(() => resolved.push(0))
  await nextTurn()
  void writer.write(line(1)).then(() => resolved.push(1))
  await nextTurn()
  expect(resolved).toEqual([])
  appends[0]!.finish()
  await nextTurn()
  expect(resolved).toEqual([0])
  appends[1]!.finish()
  await nextTurn()
  expect(resolved).toEqual([0, 1])
})
