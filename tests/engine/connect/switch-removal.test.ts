/** A removal and its undo end on the engine where they began, whatever the window shows meanwhile. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { noisy, publishImages } from '../pull/puller.ts'
import { listImages, value } from '../removal/removal-app.ts'
import { matrix } from '../matrix.ts'
import { eventually } from '../eventually.ts'
import { deletion, openApp, second, startTwoEngines, type App, type TwoEngines } from './two-engines.ts'

describe.each(matrix)('$title', (wish) => {
  let two: TwoEngines
  let app: App
  beforeAll(async () => {
    two = await startTwoEngines(wish)
  })
  afterAll(() => two?.stop())
  beforeEach(async () => {
    app = await openApp(two)
  })
  afterEach(() => app?.stop())

  /** All of red's images are gone, blue has all of its own. */
  async function onlyRedIsEmpty(job: string) {
    expect(await app.cleaner.waitForJob(job)).toMatchObject({ state: 'done', subject: { copies: { count: 3 } } })
    expect(app.copies()).toHaveLength(3)
    expect(await listImages(two.red)).toEqual({ ids: new Set(), names: new Set() })
    expect(await listImages(two.blue)).toEqual(app.before.blue)
  }
  async function undoneOnRed(job: string) {
    expect(await app.cleaner.undoFailure(job)).toEqual({
      code: 'undo-elsewhere',
      endpoint: `unix://${app.way.socket}`,
    })
    await app.show('red')
    expect(await app.cleaner.undo(job)).toMatchObject({ state: 'done' })
    await restored()
  }
  async function restored() {
    expect(await listImages(two.red)).toEqual(app.before.red)
    expect(await listImages(two.blue)).toEqual(app.before.blue)
    expect(app.copies()).toEqual([])
  }
  test('a removal ends on its engine after a switch while copies are saved', async () => {
    const saving = app.way.trouble('answer-held', (question) => question.includes('/images/get'))
    const job = await app.removeAll()
    await saving.answered
    await app.show('blue')
    saving.letGo()
    await onlyRedIsEmpty(job)
    await undoneOnRed(job)
  })

  test.each(['answer-held', 'held'] as const)(
    'a removal ends on its engine after a switch in the middle of an item: %s',
    async (trouble) => {
      const deleting = app.way.trouble(trouble, deletion)
      const job = await app.removeAll()
      await (trouble === 'held' ? deleting.begun : deleting.answered)
      await app.show('blue')
      deleting.letGo()
      await onlyRedIsEmpty(job)
      await undoneOnRed(job)
    },
  )

  test('at each DELETE, the journal on the disk says that its item has begun', async () => {
    const plan = await app.planAll()
    const items = plan.plan.deletes.map(({ image, names }) => ({ image, names }))
    const begun: (string | undefined)[] = []
    app.way.before(deletion, (question) => {
      const at = items.findIndex(({ image, names }) => [image, ...names].some((name) => question.includes(name)))
      begun.push(app.journal()[0]?.job.items[at]?.state)
    })
    const job = value(await app.cleaner.apply(plan, []))
    expect(await app.cleaner.waitForJob(job)).toMatchObject({ state: 'done' })
    expect(begun.length).toBeGreaterThanOrEqual(items.length)
    expect(new Set(begun)).toEqual(new Set(['running']))
  })

  test('a removal ends on its engine after a switch between two items', async () => {
    const deleting = app.way.trouble('held', (question) => deletion(question) && question.includes('two:'))
    const job = await app.removeAll()
    await deleting.begun
    expect(app.cleaner.jobs.find(job)?.items.map(({ state }) => state)).toContain('done')
    await app.show('blue')
    deleting.letGo()
    await onlyRedIsEmpty(job)
    await undoneOnRed(job)
  })

  test('an undo ends on its engine after a switch while copies are loaded', async () => {
    const job = await app.removeAll()
    await onlyRedIsEmpty(job)
    const before = await listImages(two.blue)
    const loading = app.way.trouble(
      'held',
      second((question) => question.includes('/images/load')),
    )
    const undo = await app.cleaner.startUndo(job)
    await loading.begun
    await app.show('blue')
    loading.letGo()
    expect(await app.cleaner.waitForJob(undo)).toMatchObject({ state: 'done' })
    await restored()
    expect(before).toEqual(app.before.blue)
  })
})

/** Only the classic store proves that an image came from a registry. */
describe.each(matrix.filter(({ store }) => store === 'classic'))('$title', (wish) => {
  let two: TwoEngines
  let registry: Registry
  let app: App
  let filler: Engine
  beforeAll(async () => {
    ;[two, registry, filler] = await Promise.all([startTwoEngines(wish), startRegistry(), startEngine(wish)])
    await publishImages(
      filler.docker,
      names.map((name) => noisy(at(name), [50_000, 2_000])),
    )
  })
  afterAll(async () => {
    await Promise.all([two?.stop(), registry?.stop(), filler?.stop()])
  })
  const names = ['small:1', 'small:2', 'small:3']
  const at = (name: string) => `${registry.host}/${name}`

  test('an undo ends on its engine after a switch while images are pulled again', async () => {
    app = await openApp(two, { images: [] })
    try {
      for (const name of names) {
        const id = value(await app.cleaner.pull.handlers['pull.start']({ reference: at(name) }))
        expect(await app.cleaner.waitForJob(id)).toMatchObject({ state: 'done' })
      }
      const before = await listImages(two.red)
      await app.cleaner.catchUp()
      const removal = await app.cleaner.executePlan(await app.planAll())
      expect(removal).toMatchObject({ state: 'done' })
      expect((await listImages(two.red)).ids.size).toBe(0)

      const pulling = app.way.trouble(
        'held',
        second((question) => question.includes('/images/create')),
      )
      const undo = await app.cleaner.startUndo(removal.id)
      await pulling.begun
      await app.show('blue')
      pulling.letGo()
      expect(await app.cleaner.waitForJob(undo)).toMatchObject({
        state: 'done',
        items: names.map(() => ({ state: 'done' })),
      })
      await eventually(async () => (await listImages(two.red)).ids.size === names.length)
      expect(await listImages(two.red)).toEqual(before)
      expect(await listImages(two.blue)).toEqual({ ids: new Set(), names: new Set() })
    } finally {
      await app.stop()
    }
  })
})
