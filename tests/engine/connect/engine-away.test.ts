/**
 * The engine disconnects during a removal, or another engine replaces it: nothing is lost and nothing else is removed.
 */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../preload/contract/index.ts'
import { listImages } from '../removal/removal-app.ts'
import type { ImageSpec } from '../../../tools/world/images.ts'
import { matrix } from '../matrix.ts'
import { eventually } from '../eventually.ts'
import {
  isDelete,
  openApp,
  startTwoEngines,
  twoTagsSecond,
  unrelatedImages,
  type App,
  type TwoEngines,
} from './two-engines.ts'

describe.each(matrix)('$title', (options) => {
  let engines: TwoEngines
  let app: App
  const reconnectTimeoutMs = 3_000
  beforeAll(async () => {
    engines = await startTwoEngines(options)
  })
  afterAll(() => engines?.stop())
  beforeEach(async () => {
    app = await openApp(engines, { reconnectTimeoutMs, keepAlive: false })
  })
  afterEach(() => app?.stop())

  const statesOf = ({ items }: Job) => items.map(({ state }) => state)
  /** Undoes the removal on red. Expects that both engines have all of their images afterwards. */
  async function undoAndExpectRestored(jobId: string) {
    expect(await app.services.undo(jobId)).toMatchObject({ state: 'done' })
    expect(await listImages(engines.red)).toEqual(app.before.red)
    expect(await listImages(engines.blue)).toEqual(app.before.blue)
    expect(app.copies()).toEqual([])
  }
  const countImages = async () => (await listImages(engines.red)).ids.size

  test('a plan cannot be applied after its session has ended, even if the same engine comes back', async () => {
    const storedPlan = await app.planAll()
    await engines.red.restart()
    await app.waitUntilConnected('red')
    const result = await app.services.apply(storedPlan)
    expect(result).toMatchObject({ ok: false, error: { code: expect.stringMatching(/^plan-(outdated|unknown)$/) } })
    expect(await listImages(engines.red)).toEqual(app.before.red)
    await expectNewPlanWorks()
  })
  async function expectNewPlanWorks() {
    const jobId = await app.removeAll()
    expect(await app.services.waitForJob(jobId)).toMatchObject({ state: 'done' })
    await undoAndExpectRestored(jobId)
  }

  test('if the response to a removal is lost and the engine stays away, the outcome is unknown, and the removal can be undone', async () => {
    const lost = app.proxy.inject('drop-response', isDelete)
    const jobId = await app.removeAll()
    await lost.answered
    await app.proxy.goOffline()
    const job = await app.services.waitForJob(jobId)
    expect(job).toMatchObject({
      state: 'failed',
      failure: { code: 'engine-stopped', kind: expect.any(Object) as object },
    })
    expect(statesOf(job)).toEqual(['unknown', 'skipped', 'skipped'])
    expect(await countImages()).toBe(2)
    expect(app.copies()).toHaveLength(1)
    await app.proxy.goOnline()
    await app.waitUntilConnected('red')
    expect(job.subject).toMatchObject({ kind: 'remove', copies: { count: 1 }, undoUntil: expect.any(Number) })
    await undoAndExpectRestored(jobId)
  })

  test('if a response is lost and the engine comes back in time, Slipway inspects the image and reports that it is removed', async () => {
    const lost = app.proxy.inject('drop-response', isDelete)
    const jobId = await app.removeAll()
    await lost.answered
    await app.proxy.goOffline()
    await app.proxy.goOnline()
    const job = await app.services.waitForJob(jobId)
    expect(statesOf(job)).toEqual(['done', 'skipped', 'skipped'])
    await app.waitUntilConnected('red')
    await undoAndExpectRestored(jobId)
  })

  test('if a request reaches the engine only after its item has failed, the copy is kept, and the removal can be undone', async () => {
    const late = app.proxy.inject('deliver-late', isDelete)
    const jobId = await app.removeAll()
    await late.arrived
    const job = await app.services.waitForJob(jobId)
    expect(statesOf(job)).toEqual(['failed', 'skipped', 'skipped'])
    late.release()
    await late.answered
    expect((await listImages(engines.red)).names).not.toEqual(app.before.red.names)
    expect(app.copies()).toHaveLength(1)
    await undoAndExpectRestored(jobId)
  })

  test.each([504, 500] as const)(
    'if the engine answers %s although it has deleted the image, the copy is kept',
    async (status) => {
      const broken = app.proxy.inject(status, isDelete)
      const jobId = await app.removeAll()
      await broken.answered
      await app.services.waitForJob(jobId)
      expect((await listImages(engines.red)).names.has('one:1')).toBe(false)
      await undoAndExpectRestored(jobId)
    },
  )

  /** Removes all images, and goes offline while the undo sends the first copy. */
  async function loseConnectionDuringUndo() {
    const jobId = await app.removeAll()
    expect(await app.services.waitForJob(jobId)).toMatchObject({ state: 'done' })
    const loading = app.proxy.inject('hold-request', (request) => request.includes('/images/load'))
    const undoId = await app.services.startUndo(jobId)
    await loading.arrived
    await app.proxy.goOffline()
    return { jobId, undoId }
  }

  test('an undo whose connection breaks continues once the engine is back', async () => {
    const { undoId } = await loseConnectionDuringUndo()
    await app.proxy.goOnline()
    expect(statesOf(await app.services.waitForJob(undoId))).toEqual(['done', 'done', 'done'])
    await eventually(async () => (await countImages()) === 3)
    expect(await listImages(engines.red)).toEqual(app.before.red)
    expect(app.copies()).toEqual([])
  })

  test('an undo whose engine stays away keeps every copy, and can be tried again', async () => {
    const { jobId, undoId } = await loseConnectionDuringUndo()
    const undo = await app.services.waitForJob(undoId)
    expect(undo.items.map(({ failure }) => failure?.code)).toEqual(Array(3).fill('engine-stopped'))
    expect(app.copies()).toHaveLength(3)
    await app.proxy.goOnline()
    await app.waitUntilConnected('red')
    await undoAndExpectRestored(jobId)
  })

  async function reopenWith(images: readonly ImageSpec[]) {
    await app.stop()
    await Promise.all(
      [engines.red, engines.blue].map(({ docker }) => docker.pruneImages({ filters: { dangling: { false: true } } })),
    )
    app = await openApp(engines, { reconnectTimeoutMs, keepAlive: false, images })
  }

  test('if the responses for two unrelated images are lost, each image keeps its copy', async () => {
    await reopenWith(unrelatedImages)
    const lost = unrelatedImages.map(() => app.proxy.inject('drop-response', isDelete))
    const jobId = await app.removeAll()
    await Promise.all(lost.map(({ answered }) => answered))
    await app.proxy.goOffline()
    const job = await app.services.waitForJob(jobId)
    // Slipway may have inspected one of the images before the proxy went offline.
    expect(statesOf(job).filter((state) => state !== 'unknown' && state !== 'done')).toEqual([])
    expect(job.state).toBe('failed')
    expect(await countImages()).toBe(0)
    expect(app.copies()).toHaveLength(2)
    await app.proxy.goOnline()
    await app.waitUntilConnected('red')
    await undoAndExpectRestored(jobId)
  })

  test('an image that loses a tag before its turn gets the tag back if its removal is skipped', async () => {
    await reopenWith(twoTagsSecond)
    const lost = app.proxy.inject('drop-response', (request) => isDelete(request) && !request.includes('two:'))
    const jobId = await app.removeAll()
    await lost.answered
    const job = await app.services.waitForJob(jobId)
    expect(statesOf(job)).toEqual(['done', 'skipped', 'skipped'])
    expect((await listImages(engines.red)).names).toEqual(new Set(['two:1', 'two:2', 'three:1']))
    await undoAndExpectRestored(jobId)
  })

  test('an image that has lost a tag, and that someone else deletes before Slipway does, keeps its copy', async () => {
    await reopenWith(twoTagsSecond)
    const deleting = app.proxy.inject('hold-request', (request) => isDelete(request) && !request.includes('two:'))
    const jobId = await app.removeAll()
    await deleting.arrived
    await eventually(async () => !(await listImages(engines.red)).names.has('two:1'))
    await engines.red.docker.getImage('two:2').remove()
    deleting.release()
    const job = await app.services.waitForJob(jobId)
    expect(statesOf(job)).toEqual(['done', 'done', 'done'])
    expect(app.copies()).toHaveLength(3)
    await undoAndExpectRestored(jobId)
  })

  /** Expects that the removal stopped at its first item, and did nothing to the other engine behind the same socket. */
  async function expectOtherEngineUntouched(jobId: string) {
    const ended = await app.services.waitForJob(jobId)
    expect(statesOf(ended)).toEqual(['unknown', 'skipped', 'skipped'])
    expect(await listImages(engines.blue)).toEqual(app.before.blue)
    await app.waitUntilConnected('linked')
    await eventually(() => app.rootDir().startsWith(engines.blue.root))
    expect(await app.services.undoFailure(jobId)).toMatchObject({ code: 'undo-other-engine' })
    expect(app.copies()).toHaveLength(1)
  }

  test('if the engine is killed and another engine takes over its socket, the other engine is not touched', async () => {
    await app.switchTo('linked')
    const deleting = app.proxy.inject('hold-request', isDelete)
    const jobId = await app.removeAll()
    await deleting.arrived
    await engines.red.kill()
    app.moveLink(engines.blue.socket)
    await expectOtherEngineUntouched(jobId)
    await engines.red.restart()
    app.moveLink(app.proxy.socket)
    await app.switchTo('red')
    await app.switchTo('linked')
    await undoAndExpectRestored(jobId)
  })

  test('if the socket leads to another engine while the first one still runs, the other engine is not touched', async () => {
    await app.switchTo('linked')
    const deleting = app.proxy.inject('hold-request', isDelete)
    const jobId = await app.removeAll()
    await deleting.arrived
    app.moveLink(engines.blue.socket)
    deleting.release()
    const job = await app.services.waitForJob(jobId)
    expect(await listImages(engines.blue)).toEqual(app.before.blue)
    expect(job.state).toBe('failed')
    expect(statesOf(job)).toEqual(['done', 'unknown', expect.stringMatching(/^(skipped|unknown)$/)])
    await eventually(() => app.rootDir().startsWith(engines.blue.root))
    expect(await app.services.undoFailure(jobId)).toMatchObject({ code: 'undo-other-engine' })
    app.moveLink(app.proxy.socket)
    await app.switchTo('red')
    await app.switchTo('linked')
    await undoAndExpectRestored(jobId)
  })
})
