import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { removeUnfinished } from '../../../main/removal/copies.ts'
import { deleteExpiredUndos, nowInSeconds, restoreAll, undoDays } from '../../../main/removal/undo.ts'
import { jobService } from '../../../main/jobs/index.ts'
import { openStore, type LedgerEntry } from '../../../main/store/index.ts'
import { createFakeSession } from '../fake-session.ts'
import { serve } from '../local-server.ts'

const day = 86_400

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-undo-'))))
afterEach(() => rmSync(folder, { recursive: true }))

/** A removal from some days ago, with a saved copy. */
function removalFrom(daysAgo: number): LedgerEntry {
  const file = join(folder, `${daysAgo}.tar`)
  writeFileSync(file, 'a copy')
  return {
    job: `removal of ${daysAgo} days ago`,
    endpoint: 'unix:///var/run/docker.sock',
    until: nowInSeconds() + Math.round((undoDays - daysAgo) * day),
    untagged: [],
    deleted: [{ image: 'sha256:1', references: ['redis:7'], file }],
  }
}

test('a removal that is more than a week old is forgotten and its copy deleted, and a newer one stays', async () => {
  const [young, old] = [removalFrom(6.9), removalFrom(7.1)]
  await openStore(folder).ledger.write({ folder: '/copies', removals: [young, old], pulls: [] })
  const store = openStore(folder)
  const jobs = jobService({ publish: () => {}, store })
  await deleteExpiredUndos(jobs)
  expect(jobs.undoables()).toEqual([young])
  await jobs.end()
  await store.end()
  expect(jobService({ publish: () => {}, store: openStore(folder) }).undoables()).toEqual([young])
  expect(openStore(folder).ledger.value).toEqual({ folder: '/copies', removals: [], pulls: [] })
  expect(existsSync(young.deleted[0]!.file!)).toBe(true)
  expect(existsSync(old.deleted[0]!.file!)).toBe(false)
})

test('an expired removal is forgotten even if the user has already deleted its copy', async () => {
  const old = removalFrom(8)
  rmSync(old.deleted[0]!.file!)
  await openStore(folder).ledger.write({ pulls: [], removals: [old] })
  const jobs = jobService({ publish: () => {}, store: openStore(folder) })
  await deleteExpiredUndos(jobs)
  expect(jobs.undoables()).toEqual([])
  await jobs.end()
})

test('copies that an earlier run did not finish are removed; other files stay', async () => {
  const unfinished = 'redis_7-0123456789ab-01234567.tar.part'
  const otherFiles = ['redis_7-0123456789ab-01234567.tar', 'film.part', 'notes.tar.part']
  for (const name of [unfinished, ...otherFiles]) writeFileSync(join(folder, name), '')
  await removeUnfinished([folder, join(folder, 'not there')])
  expect(readdirSync(folder).sort()).toEqual(otherFiles.sort())
})

test('an undo that is cancelled while it pulls an image again skips the image, and can be repeated', async () => {
  const { url } = await serve((_, response) => void response.writeHead(404).end('{"message":"No such image"}'))
  const { hostname, port } = new URL(url)
  const session = createFakeSession(new Docker({ protocol: 'http', host: hostname, port }))
  const { promise: aborted } = Promise.withResolvers<never>()
  const lease = {
    ...{ identity: session.identity, session, reconnectTimeoutMs: 0 },
    awaitReconnect: () => aborted,
    release() {},
  }
  const deleted = [{ image: 'sha256:1', references: ['redis:7'], digest: `redis@sha256:${'a'.repeat(64)}` }]
  const entry: LedgerEntry = { ...removalFrom(1), deleted }
  const store = openStore(folder)
  const jobs = jobService({ publish: () => {}, store })
  let remaining: LedgerEntry | undefined
  const id = jobs.start({ kind: 'undo', restores: 1 }, ['redis:7'], async (job) => {
    remaining = await restoreAll(lease, entry, job, {
      load: () => aborted,
      async pullAgain(_, _reference, cancelled) {
        await jobs.handlers['jobs.cancel'](id)
        cancelled.throwIfAborted()
        return undefined
      },
      save: async () => undefined,
    })
  })
  await vi.waitFor(() => expect(jobs.all()).not.toMatchObject([{ state: 'running' }]))
  expect(jobs.all()).toMatchObject([{ state: 'cancelled', items: [{ state: 'skipped' }] }])
  expect(remaining).toEqual(entry)
})
