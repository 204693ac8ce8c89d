import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { jobBook } from '../../../main/jobs/index.ts'
import { openStore, type Store } from '../../../main/store/index.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-jobs-'))))
afterEach(() => rmSync(folder, { recursive: true }))

describe('jobs', () => {
  const subject = { kind: 'undo', restores: 2 } as const
  let store: Store
  afterEach(() => store.end())
  const book = () => {
    const told: string[] = []
    store = openStore(folder)
    return { told, jobs: jobBook({ publish: (name) => told.push(name), store }) }
  }
  const ended = async (jobs: ReturnType<typeof book>['jobs'], id: string) => {
    await expect.poll(() => jobs.find(id)?.state).not.toBe('running')
    return jobs.find(id)
  }

  test('end with what became of each item, and are remembered', async () => {
    const { jobs } = book()
    const id = jobs.start(subject, ['a', 'b'], async (job) => {
      job.item(0, { state: 'done' })
      job.item(1, { state: 'failed', failure: { code: 'internal' } })
    })
    expect(await ended(jobs, id)).toMatchObject({ state: 'failed', items: [{ state: 'done' }, { state: 'failed' }] })
    await store.end()
    expect(book().jobs.find(id)).toEqual(jobs.find(id))
  })

  test('are cancelled between two items', async () => {
    const { jobs } = book()
    const id = jobs.start(subject, ['a', 'b'], async (job) => {
      job.item(0, { state: 'done' })
      void jobs.handlers['jobs.cancel'](job.id)
      if (job.cancelled.aborted) job.item(1, { state: 'kept' })
    })
    expect(await ended(jobs, id)).toMatchObject({ state: 'cancelled', items: [{ state: 'done' }, { state: 'kept' }] })
  })

  test('that throw have failed, and are forgotten when asked', async () => {
    const { jobs, told } = book()
    const id = jobs.start(subject, [], async () => Promise.reject(new Error('as a test wants it')))
    expect(await ended(jobs, id)).toMatchObject({ state: 'failed', failure: { code: 'internal' } })
    await jobs.handlers['jobs.clear'](undefined)
    expect(jobs.find(id)).toBeUndefined()
    expect(told).toContain('jobs.cleared')
  })
})
