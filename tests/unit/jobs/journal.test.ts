/** Jobs and their undo after a crash, a truncated file, an update of the app or a cleared list. */
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { jobService, type Jobs } from '../../../main/jobs/index.ts'
import { openStore, type LedgerEntry, type Store } from '../../../main/store/index.ts'
import { foldLines } from '../../../main/store/journal.ts'

const removalSubject = { kind: 'remove', deletes: 2, untags: 0, promised: { min: 0, max: 0 } } as const
const ledgerEntry = (job: string): LedgerEntry => ({
  job,
  endpoint: 'unix:///var/run/docker.sock',
  engine: { endpoint: 'unix:///var/run/docker.sock', id: 'ABCD', rootDir: '/var/lib/docker' },
  until: 4_000_000_000,
  untagged: [],
  deleted: [{ image: 'sha256:1', references: ['redis:7'], file: '/copies/redis.tar', sha256: 'ab' }],
})

let folder: string
let store: Store
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-journal-'))))
afterEach(async () => {
  await store.end()
  rmSync(folder, { recursive: true })
})
/** Starts the job service, as each start of the app does. */
function startService(): Jobs {
  store = openStore(folder)
  return jobService({ publish: () => {}, store })
}
const untilEnded = (jobs: Jobs, id: string) =>
  expect.poll(() => jobs.find(id)?.state, { interval: 5 }).not.toBe('running')
const journalFile = (id: string) => join(folder, 'journal', `${id}.jsonl`)

test('an item is `running` in the journal on the disk before its work begins', async () => {
  const jobs = startService()
  const contents: string[] = []
  const id = jobs.start(removalSubject, ['a', 'b'], async (job) => {
    for (const index of [0, 1]) {
      await job.begin(index)
      contents.push(readFileSync(journalFile(job.id), 'utf8'))
      job.updateItem(index, { state: 'done' })
    }
  })
  await untilEnded(jobs, id)
  expect(contents.map((text) => foldLines(text)?.job.items.map(({ state }) => state))).toEqual([
    ['running', 'waiting'],
    ['done', 'running'],
  ])
  expect(statSync(journalFile(id)).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'journal')).mode & 0o777).toBe(0o700)
})

test('a job that was running when the app ended is `interrupted` at the next start, and keeps its undo', async () => {
  const jobs = startService()
  const secondItemStarted = Promise.withResolvers<void>()
  const id = jobs.start(removalSubject, ['a', 'b', 'c'], async (job) => {
    await job.setUndo(ledgerEntry(job.id))
    await job.begin(0)
    job.updateItem(0, { state: 'done' })
    await job.begin(1)
    secondItemStarted.resolve()
    // The app is killed here, so the job never ends.
    await new Promise(() => {})
  })
  await secondItemStarted.promise
  const restarted = startService()
  expect(restarted.find(id)).toMatchObject({
    state: 'interrupted',
    items: [{ state: 'done' }, { state: 'unknown' }, { state: 'skipped' }],
  })
  expect(restarted.undoOf(id)).toEqual(ledgerEntry(id))
  await store.end()
  expect(startService().find(id)).toEqual(restarted.find(id))
})

test('the undo of a job survives clearing the list and a hundred newer jobs', async () => {
  const jobs = startService()
  const id = jobs.start(removalSubject, [], (job) => job.setUndo(ledgerEntry(job.id)))
  await untilEnded(jobs, id)
  await jobs.handlers['jobs.clear'](undefined)
  expect(jobs.all()).toEqual([])
  for (let index = 0; index < 100; index++)
    await untilEnded(
      jobs,
      jobs.start({ kind: 'undo', restores: 0 }, [], async () => {}),
    )
  // The list is trimmed to fifty jobs after the end of the last job is in the journal.
  await expect.poll(() => jobs.all().length).toBe(50)
  await store.end()
  const restarted = startService()
  expect(restarted.all()).toHaveLength(50)
  expect(restarted.undoables()).toEqual([ledgerEntry(id)])
  // Once the job is undone, its file is deleted.
  await restarted.setUndo(id, undefined)
  await store.end()
  expect(readdirSync(join(folder, 'journal'))).not.toContain(`${id}.jsonl`)
})

test('jobs and removals from versions before the journal are imported once', async () => {
  const old = {
    id: 'old',
    subject: removalSubject,
    state: 'done',
    items: [{ name: 'a', state: 'done' }],
    started: 1,
    ended: 2,
  }
  writeFileSync(join(folder, 'jobs.json'), JSON.stringify({ jobs: [old] }))
  const removals = [ledgerEntry('old'), ledgerEntry('forgotten')]
  writeFileSync(join(folder, 'ledger.json'), JSON.stringify({ folder: '/copies', removals, pulls: [] }))
  const jobs = startService()
  expect(jobs.all()).toEqual([old])
  expect(jobs.undoables().toSorted((a, b) => (a.job < b.job ? 1 : -1))).toEqual(removals)
  await jobs.end()
  await store.end()
  expect(JSON.parse(readFileSync(join(folder, 'ledger.json'), 'utf8'))).toMatchObject({
    folder: '/copies',
    removals: [],
  })
  const restarted = startService()
  expect(restarted.all()).toEqual([old])
  expect(restarted.undoables()).toHaveLength(2)
})

test('states and results that older versions stored under other names are read under their current names', async () => {
  const layer = { id: 'aa', state: 'here', bytes: 0 }
  const came = { image: 'sha256:1', news: true, cost: 5 }
  const pull = { kind: 'pull', reference: 'nginx:latest', layers: [layer], came }
  const old = {
    id: 'pulled',
    subject: pull,
    state: 'done',
    items: [{ name: 'a', state: 'kept' }],
    started: 2,
    ended: 3,
  }
  writeFileSync(join(folder, 'jobs.json'), JSON.stringify({ version: 1, jobs: [old] }))
  mkdirSync(join(folder, 'journal'))
  const removal = { id: 'removed', subject: removalSubject, state: 'running', started: 1 }
  const lines = [
    { kind: 'begin', version: 1, job: { ...removal, items: ['a', 'b'].map((name) => ({ name, state: 'waiting' })) } },
    { kind: 'item', at: 1, item: { state: 'kept' } },
  ]
  writeFileSync(join(folder, 'journal', 'removed.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const jobs = startService()
  expect(jobs.all()).toMatchObject([
    {
      subject: { layers: [{ ...layer, state: 'exists' }], result: { image: 'sha256:1', isNew: true, cost: 5 } },
      items: [{ state: 'skipped' }],
    },
    { id: 'removed', items: [{ state: 'skipped' }, { state: 'skipped' }] },
  ])
  await jobs.end()
})

test('every complete line of a truncated journal is read, and lines of a newer version are skipped', async () => {
  const jobs = startService()
  const id = jobs.start(removalSubject, ['a', 'b'], async (job) => {
    await job.setUndo(ledgerEntry(job.id))
    await job.begin(0)
    job.updateItem(0, { state: 'done' })
    await job.begin(1)
    job.updateItem(1, { state: 'failed', failure: { code: 'internal' } })
  })
  await untilEnded(jobs, id)
  await store.end()
  const text = readFileSync(journalFile(id), 'utf8')
  const lines = text.split('\n')
  fc.assert(
    fc.property(fc.nat(text.length), (index) => {
      const completeCount = text.slice(0, index).split('\n').length - 1
      // The truncated line counts as complete if only its line end is missing.
      const upTo = (count: number) => foldLines(lines.slice(0, count).join('\n'))
      expect([upTo(completeCount), upTo(completeCount + 1)]).toContainEqual(foldLines(text.slice(0, index)))
    }),
  )
  const withUnknownLines = [lines[0], '{"kind":"of a newer version"}', 'no JSON', ...lines.slice(1)].join('\n')
  expect(foldLines(withUnknownLines)).toEqual(foldLines(text))
  truncateSync(journalFile(id), 10)
  expect(startService().find(id)).toBeUndefined()
})
