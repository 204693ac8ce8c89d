import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { jobArchive } from '../../../main/jobs/archive.ts'
import { journalWriter } from '../../../main/jobs/writer.ts'
import { journalVersion, openStore, type LedgerEntry, type Store } from '../../../main/store/index.ts'
import type { Job } from '../../../preload/contract/index.ts'

const job = (id: string, started = 1): Job => ({
  ...{ id, subject: { kind: 'undo', restores: 1 }, state: 'done', started, ended: started },
  items: [{ name: 'one:1', state: 'done' }],
})
const ledgerEntry = (id: string): LedgerEntry => ({
  ...{ job: id, endpoint: 'unix:///x', until: 4_000_000_000, deleted: [] },
  untagged: [{ image: 'sha256:1', reference: 'one:1' }],
})

let folder: string
let store: Store
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-archive-'))
  store = openStore(folder)
})
afterEach(async () => {
  await store.end()
  rmSync(folder, { recursive: true })
})

/** Writes the first line of a job's journal, as at the start of a job, and then adds the job as ended. */
async function add(archive: ReturnType<typeof jobArchive>, ended: Job, undo?: LedgerEntry) {
  const writer = journalWriter(store.journal, ended.id)
  await writer.write({ kind: 'begin', version: journalVersion, job: ended })
  if (undo) await archive.setUndo(ended.id, undo, writer)
  await archive.add(ended, writer)
}
/** Opens the archive, and loads the jobs of earlier runs before a job of this run writes to its file. */
function openArchive() {
  const archive = jobArchive(store)
  archive.load()
  return archive
}

test('an undo that is set while a job runs is found by the job’s id at once, and is listed once the job has ended', async () => {
  const archive = openArchive()
  const writer = journalWriter(store.journal, 'a')
  await writer.write({ kind: 'begin', version: journalVersion, job: job('a') })
  await archive.setUndo('a', ledgerEntry('a'), writer)
  expect([archive.undoOf('a'), archive.undoables()]).toEqual([ledgerEntry('a'), []])
  await archive.add(job('a'), writer)
  expect([archive.undoOf('a'), archive.undoables()]).toEqual([ledgerEntry('a'), [ledgerEntry('a')]])
})

test('the 50 newest ended jobs are kept, and every job that can be undone', async () => {
  const archive = openArchive()
  await add(archive, job('undoable'), ledgerEntry('undoable'))
  for (let index = 0; index < 51; index++) await add(archive, job(`job ${index}`))
  expect(archive.shown()).toHaveLength(51)
  expect(archive.find('job 0')).toBeUndefined()
  expect(archive.find('job 1')).toEqual(job('job 1'))
  expect(archive.find('undoable')).toEqual(job('undoable'))
})

test('clearing returns the ids of the shown jobs, hides those that can be undone, and forgets the others', async () => {
  const archive = openArchive()
  await add(archive, job('plain'))
  await add(archive, job('undoable'), ledgerEntry('undoable'))
  expect(archive.clear()).toEqual(['undoable', 'plain'])
  expect([archive.shown(), archive.clear()]).toEqual([[], []])
  expect(archive.find('plain')).toBeUndefined()
  expect(archive.undoables()).toEqual([ledgerEntry('undoable')])
})

test('a cleared job is forgotten once it can no longer be undone', async () => {
  const archive = openArchive()
  await add(archive, job('a'), ledgerEntry('a'))
  archive.clear()
  await archive.setUndo('a', undefined)
  expect([archive.find('a'), archive.undoables()]).toEqual([undefined, []])
})

test('the next run of the app has the same jobs, newest first, including a change to one of them', async () => {
  const archive = openArchive()
  await add(archive, job('older', 10))
  await add(archive, job('newer', 20))
  const changed: Job = { ...job('older', 10), subject: { kind: 'undo', restores: 7 } }
  archive.change(changed)
  await store.end()
  store = openStore(folder)
  expect(openArchive().shown()).toEqual([job('newer', 20), changed])
})
