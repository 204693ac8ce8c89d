/** Jobs and what can be undone of them, after a crash, a cut file, an older version or a cleared list. */
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

const removing = { kind: 'remove', deletes: 2, untags: 0, promised: { min: 0, max: 0 } } as const
const undoOf = (job: string): LedgerEntry => ({
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
/** The next start of the app. */
function start(): Jobs {
  store = openStore(folder)
  return jobService({ publish: () => {}, store })
}
const ended = (jobs: Jobs, id: string) => expect.poll(() => jobs.find(id)?.state, { interval: 5 }).not.toBe('running')
const fileOf = (id: string) => join(folder, 'journal', `${id}.jsonl`)

test('an item is in the journal on the disk before its work begins', async () => {
  const jobs = start()
  const seen: string[] = []
  const id = jobs.start(removing, ['a', 'b'], async (job) => {
    for (const at of [0, 1]) {
      await job.begin(at)
      seen.push(readFileSync(fileOf(job.id), 'utf8'))
      job.item(at, { state: 'done' })
    }
  })
  await ended(jobs, id)
  expect(seen.map((text) => foldLines(text)?.job.items.map(({ state }) => state))).toEqual([
    ['running', 'waiting'],
    ['done', 'running'],
  ])
  expect(statSync(fileOf(id)).mode & 0o777).toBe(0o600)
  expect(statSync(join(folder, 'journal')).mode & 0o777).toBe(0o700)
})

test('a job that the end of the app cut short is `interrupted` at the next start, and keeps its undo', async () => {
  const first = start()
  const begun = Promise.withResolvers<void>()
  const id = first.start(removing, ['a', 'b', 'c'], async (job) => {
    await job.setUndo(undoOf(job.id))
    await job.begin(0)
    job.item(0, { state: 'done' })
    await job.begin(1)
    begun.resolve()
    // The app is killed here: nothing of what follows is ever said.
    await new Promise(() => {})
  })
  await begun.promise
  const jobs = start()
  expect(jobs.find(id)).toMatchObject({
    state: 'interrupted',
    items: [{ state: 'done' }, { state: 'unknown' }, { state: 'skipped' }],
  })
  expect(jobs.undoOf(id)).toEqual(undoOf(id))
  await store.end()
  expect(start().find(id)).toEqual(jobs.find(id))
})

test('neither clearing nor a hundred newer jobs lose what can be undone', async () => {
  const jobs = start()
  const id = jobs.start(removing, [], (job) => job.setUndo(undoOf(job.id)))
  await ended(jobs, id)
  await jobs.handlers['jobs.clear'](undefined)
  expect(jobs.all()).toEqual([])
  for (let at = 0; at < 100; at++)
    await ended(
      jobs,
      jobs.start({ kind: 'undo', restores: 0 }, [], async () => {}),
    )
  // The oldest one is dropped once the last one is in the journal.
  await expect.poll(() => jobs.all().length).toBe(50)
  await store.end()
  const next = start()
  expect(next.all()).toHaveLength(50)
  expect(next.undoables()).toEqual([undoOf(id)])
  // Once it is undone nothing is left of it.
  await next.setUndo(id, undefined)
  await store.end()
  expect(readdirSync(join(folder, 'journal'))).not.toContain(`${id}.jsonl`)
})

test('jobs and removals of versions before the journal are taken over once', async () => {
  const old = {
    id: 'old',
    subject: removing,
    state: 'done',
    items: [{ name: 'a', state: 'done' }],
    started: 1,
    ended: 2,
  }
  writeFileSync(join(folder, 'jobs.json'), JSON.stringify({ jobs: [old] }))
  const removals = [undoOf('old'), undoOf('forgotten')]
  writeFileSync(join(folder, 'ledger.json'), JSON.stringify({ folder: '/copies', removals, pulls: [] }))
  const jobs = start()
  expect(jobs.all()).toEqual([old])
  expect(jobs.undoables().toSorted((a, b) => (a.job < b.job ? 1 : -1))).toEqual(removals)
  await jobs.end()
  await store.end()
  expect(JSON.parse(readFileSync(join(folder, 'ledger.json'), 'utf8'))).toMatchObject({
    folder: '/copies',
    removals: [],
  })
  const next = start()
  expect(next.all()).toEqual([old])
  expect(next.undoables()).toHaveLength(2)
})

test('jobs of versions that named states and results otherwise are read with the names of today', async () => {
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
  const removal = { id: 'removed', subject: removing, state: 'running', started: 1 }
  const lines = [
    { kind: 'begin', version: 1, job: { ...removal, items: ['a', 'b'].map((name) => ({ name, state: 'waiting' })) } },
    { kind: 'item', at: 1, item: { state: 'kept' } },
  ]
  writeFileSync(join(folder, 'journal', 'removed.jsonl'), lines.map((line) => `${JSON.stringify(line)}\n`).join(''))
  const jobs = start()
  expect(jobs.all()).toMatchObject([
    {
      subject: { layers: [{ ...layer, state: 'exists' }], result: { image: 'sha256:1', isNew: true, cost: 5 } },
      items: [{ state: 'skipped' }],
    },
    { id: 'removed', items: [{ state: 'skipped' }, { state: 'skipped' }] },
  ])
  await jobs.end()
})

test('a journal that is cut at any byte, or has lines of a newer version, loses no complete line that is understood', async () => {
  const jobs = start()
  const id = jobs.start(removing, ['a', 'b'], async (job) => {
    await job.setUndo(undoOf(job.id))
    await job.begin(0)
    job.item(0, { state: 'done' })
    await job.begin(1)
    job.item(1, { state: 'failed', failure: { code: 'internal' } })
  })
  await ended(jobs, id)
  await store.end()
  const text = readFileSync(fileOf(id), 'utf8')
  const lines = text.split('\n')
  fc.assert(
    fc.property(fc.nat(text.length), (at) => {
      const whole = text.slice(0, at).split('\n').length - 1
      // The line that is cut counts if only its line end is missing.
      const upTo = (count: number) => foldLines(lines.slice(0, count).join('\n'))
      expect([upTo(whole), upTo(whole + 1)]).toContainEqual(foldLines(text.slice(0, at)))
    }),
  )
  const strange = [lines[0], '{"kind":"of a newer version"}', 'no JSON', ...lines.slice(1)].join('\n')
  expect(foldLines(strange)).toEqual(foldLines(text))
  truncateSync(fileOf(id), 10)
  expect(start().find(id)).toBeUndefined()
})
