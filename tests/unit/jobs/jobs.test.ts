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
  const startService = () => {
    const events: string[] = []
    store = openStore(folder)
    return { events, jobs: jobService({ publish: (name) => events.push(name), store }) }
  }
  const untilEnded = async (jobs: ReturnType<typeof startService>['jobs'], id: string) => {
    await expect.poll(() => jobs.find(id)?.state).not.toBe('running')
    return jobs.find(id)
  }

  test('ends with the state of each item, and is found in the next run of the app', async () => {
    const { jobs } = startService()
    const id = jobs.start(subject, ['a', 'b'], async (job) => {
      job.updateItem(0, { state: 'done' })
      job.updateItem(1, { state: 'failed', failure: { code: 'internal' } })
    })
    expect(await untilEnded(jobs, id)).toMatchObject({
      state: 'failed',
      items: [{ state: 'done' }, { state: 'failed' }],
    })
    await store.end()
    expect(startService().jobs.find(id)).toEqual(jobs.find(id))
  })

  test('is cancelled between two items', async () => {
    const { jobs } = startService()
    const id = jobs.start(subject, ['a', 'b'], async (job) => {
      job.updateItem(0, { state: 'done' })
      void jobs.handlers['jobs.cancel'](job.id)
      if (job.cancelled.aborted) job.updateItem(1, { state: 'skipped' })
    })
    expect(await untilEnded(jobs, id)).toMatchObject({
      state: 'cancelled',
      items: [{ state: 'done' }, { state: 'skipped' }],
    })
  })

  test('fails if it throws, and is forgotten once it is cleared', async () => {
    const { jobs, events } = startService()
    const id = jobs.start(subject, [], async () => Promise.reject(new Error('thrown by the test')))
    expect(await untilEnded(jobs, id)).toMatchObject({ state: 'failed', failure: { code: 'internal' } })
    await jobs.handlers['jobs.clear'](undefined)
    expect(jobs.find(id)).toBeUndefined()
    expect(events).toContain('jobs.cleared')
  })

  test('publishes many changes in a row as one event', async () => {
    const { jobs, events } = startService()
    const publishedCount = () => events.filter((name) => name === 'jobs.changed').length
    const eventReceived = Promise.withResolvers<void>()
    const id = jobs.start(subject, ['a'], async (job) => {
      for (let restores = 0; restores < 100; restores++) job.updateSubject({ restores })
      await eventReceived.promise
    })
    await expect.poll(publishedCount).toBe(1)
    eventReceived.resolve()
    await untilEnded(jobs, id)
    // The second event is the end of the job.
    expect(publishedCount()).toBe(2)
  })
})
