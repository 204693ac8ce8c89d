import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { jobService } from '../../../main/jobs/index.ts'
import { openStore, type Store } from '../../../main/store/index.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-jobs-'))))
afterEach(() => rmSync(folder, { recursive: true }))

describe('a job', () => {
  const subject = { kind: 'undo', restores: 2 } as const
  let store: Store
  afterEach(() => store.end())
  const book = () => {
    const told: string[] = []
    store = openStore(folder)
    return { told, jobs: jobService({ publish: (name) => told.push(name), store }) }
  }
  const ended = async (jobs: ReturnType<typeof book>['jobs'], id: string) => {
    await expect.poll(() => jobs.find(id)?.state).not.toBe('running')
    return jobs.find(id)
  }

  test('ends with the outcome of each item, and is known to the next run of the app', async () => {
    const { jobs } = book()
    const id = jobs.start(subject, ['a', 'b'], async (job) => {
      job.item(0, { state: 'done' })
      job.item(1, { state: 'failed', failure: { code: 'internal' } })
    })
    expect(await ended(jobs, id)).toMatchObject({ state: 'failed', items: [{ state: 'done' }, { state: 'failed' }] })
    await store.end()
    expect(book().jobs.find(id)).toEqual(jobs.find(id))
  })

  test('is cancelled between two items', async () => {
    const { jobs } = book()
    const id = jobs.start(subject, ['a', 'b'], async (job) => {
      job.item(0, { state: 'done' })
      void jobs.handlers['jobs.cancel'](job.id)
      if (job.cancelled.aborted) job.item(1, { state: 'skipped' })
    })
    expect(await ended(jobs, id)).toMatchObject({
      state: 'cancelled',
      items: [{ state: 'done' }, { state: 'skipped' }],
    })
  })

  test('that throws has failed, and is forgotten once it is cleared', async () => {
    const { jobs, told } = book()
    const id = jobs.start(subject, [], async () => Promise.reject(new Error('thrown by the test')))
    expect(await ended(jobs, id)).toMatchObject({ state: 'failed', failure: { code: 'internal' } })
    await jobs.handlers['jobs.clear'](undefined)
    expect(jobs.find(id)).toBeUndefined()
    expect(told).toContain('jobs.cleared')
  })

  test('publishes many changes in a row once', async () => {
    const { jobs, told } = book()
    const published = () => told.filter((name) => name === 'jobs.changed').length
    const changed = Promise.withResolvers<void>()
    const id = jobs.start(subject, ['a'], async (job) => {
      for (let restores = 0; restores < 100; restores++) job.subject({ restores })
      await changed.promise
    })
    await expect.poll(published).toBe(1)
    changed.resolve()
    await ended(jobs, id)
    // The last one is the end itself.
    expect(published()).toBe(2)
  })
})
