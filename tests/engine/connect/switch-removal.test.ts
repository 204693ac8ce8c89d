/** A removal and its undo finish on the engine where they began, even if the user switches to another context. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { randomImage, publishImages } from '../pull/puller.ts'
import { listImages, valueOf } from '../removal/removal-app.ts'
import { matrix } from '../matrix.ts'
import { eventually } from '../eventually.ts'
import { isDelete, onlySecond, openApp, startTwoEngines, type App, type TwoEngines } from './two-engines.ts'

describe.each(matrix)('$title', (options) => {
  let engines: TwoEngines
  let app: App
  beforeAll(async () => {
    engines = await startTwoEngines(options)
  })
  afterAll(() => engines?.stop())
  beforeEach(async () => {
    app = await openApp(engines)
  })
  afterEach(() => app?.stop())

  /** Expects that the removal deletes all images of red, and none of blue. */
  async function expectOnlyRedIsEmpty(jobId: string) {
    expect(await app.services.waitForJob(jobId)).toMatchObject({ state: 'done', subject: { copies: { count: 3 } } })
    expect(app.copies()).toHaveLength(3)
    expect(await listImages(engines.red)).toEqual({ ids: new Set(), names: new Set() })
    expect(await listImages(engines.blue)).toEqual(app.before.blue)
  }
  /** Expects that the undo is refused while blue is shown, and that it restores the images once red is shown. */
  async function undoOnRed(jobId: string) {
    expect(await app.services.undoFailure(jobId)).toEqual({
      code: 'undo-other-engine',
      endpoint: `unix://${app.proxy.socket}`,
    })
    await app.switchTo('red')
    expect(await app.services.undo(jobId)).toMatchObject({ state: 'done' })
    await expectRestored()
  }
  async function expectRestored() {
    expect(await listImages(engines.red)).toEqual(app.before.red)
    expect(await listImages(engines.blue)).toEqual(app.before.blue)
    expect(app.copies()).toEqual([])
  }
  test('a removal finishes on its engine after a switch while copies are saved', async () => {
    const saving = app.proxy.inject('hold-response', (request) => request.includes('/images/get'))
    const jobId = await app.removeAll()
    await saving.answered
    await app.switchTo('blue')
    saving.release()
    await expectOnlyRedIsEmpty(jobId)
    await undoOnRed(jobId)
  })

  test.each(['hold-response', 'hold-request'] as const)(
    'a removal finishes on its engine after a switch during the removal of an image: %s',
    async (fault) => {
      const deleting = app.proxy.inject(fault, isDelete)
      const jobId = await app.removeAll()
      await (fault === 'hold-request' ? deleting.arrived : deleting.answered)
      await app.switchTo('blue')
      deleting.release()
      await expectOnlyRedIsEmpty(jobId)
      await undoOnRed(jobId)
    },
  )

  test('before each DELETE request, the journal on disk says that the item is running', async () => {
    const plan = await app.planAll()
    const items = plan.plan.deletes.map(({ image, names }) => ({ image, names }))
    const states: (string | undefined)[] = []
    app.proxy.watch(isDelete, (request) => {
      const index = items.findIndex(({ image, names }) => [image, ...names].some((name) => request.includes(name)))
      states.push(app.journal()[0]?.job.items[index]?.state)
    })
    const jobId = valueOf(await app.services.apply(plan, []))
    expect(await app.services.waitForJob(jobId)).toMatchObject({ state: 'done' })
    expect(states.length).toBeGreaterThanOrEqual(items.length)
    expect(new Set(states)).toEqual(new Set(['running']))
  })

  test('a removal finishes on its engine after a switch between two items', async () => {
    const deleting = app.proxy.inject('hold-request', (request) => isDelete(request) && request.includes('two:'))
    const jobId = await app.removeAll()
    await deleting.arrived
    expect(app.services.jobs.find(jobId)?.items.map(({ state }) => state)).toContain('done')
    await app.switchTo('blue')
    deleting.release()
    await expectOnlyRedIsEmpty(jobId)
    await undoOnRed(jobId)
  })

  test('an undo finishes on its engine after a switch while copies are loaded', async () => {
    const jobId = await app.removeAll()
    await expectOnlyRedIsEmpty(jobId)
    const before = await listImages(engines.blue)
    const loading = app.proxy.inject(
      'hold-request',
      onlySecond((request) => request.includes('/images/load')),
    )
    const undoId = await app.services.startUndo(jobId)
    await loading.arrived
    await app.switchTo('blue')
    loading.release()
    expect(await app.services.waitForJob(undoId)).toMatchObject({ state: 'done' })
    await expectRestored()
    expect(before).toEqual(app.before.blue)
  })
})

/**
 * An undo can pull images again only in the classic store: in the containerd store, Slipway cannot tell whether an
 * image came from a registry.
 */
describe.each(matrix.filter(({ store }) => store === 'classic'))('$title', (options) => {
  let engines: TwoEngines
  let registry: Registry
  let app: App
  let publisher: Engine
  beforeAll(async () => {
    ;[engines, registry, publisher] = await Promise.all([
      startTwoEngines(options),
      startRegistry(),
      startEngine(options),
    ])
    await publishImages(
      publisher.docker,
      names.map((name) => randomImage(fullName(name), [50_000, 2_000])),
    )
  })
  afterAll(async () => {
    await Promise.all([engines?.stop(), registry?.stop(), publisher?.stop()])
  })
  const names = ['small:1', 'small:2', 'small:3']
  const fullName = (name: string) => `${registry.host}/${name}`

  test('an undo finishes on its engine after a switch while images are pulled again', async () => {
    app = await openApp(engines, { images: [] })
    try {
      for (const name of names) {
        const id = valueOf(await app.services.pull.handlers['pull.start']({ reference: fullName(name) }))
        expect(await app.services.waitForJob(id)).toMatchObject({ state: 'done' })
      }
      const before = await listImages(engines.red)
      await app.services.catchUp()
      const removal = await app.services.executePlan(await app.planAll())
      expect(removal).toMatchObject({ state: 'done' })
      expect((await listImages(engines.red)).ids.size).toBe(0)

      const pulling = app.proxy.inject(
        'hold-request',
        onlySecond((request) => request.includes('/images/create')),
      )
      const undoId = await app.services.startUndo(removal.id)
      await pulling.arrived
      await app.switchTo('blue')
      pulling.release()
      expect(await app.services.waitForJob(undoId)).toMatchObject({
        state: 'done',
        items: names.map(() => ({ state: 'done' })),
      })
      await eventually(async () => (await listImages(engines.red)).ids.size === names.length)
      expect(await listImages(engines.red)).toEqual(before)
      expect(await listImages(engines.blue)).toEqual({ ids: new Set(), names: new Set() })
    } finally {
      await app.stop()
    }
  })
})
