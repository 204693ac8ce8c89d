/** The engine goes away in the middle of a removal, or another one takes its place: nothing is lost, nothing else removed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../preload/contract/index.ts'
import { listImages } from '../removal/removal-app.ts'
import type { ImageSpec } from '../../../tools/world/images.ts'
import { matrix } from '../matrix.ts'
import { eventually } from '../eventually.ts'
import {
  apartImages,
  deletion,
  namedTwiceNext,
  openApp,
  startTwoEngines,
  type App,
  type TwoEngines,
} from './two-engines.ts'

describe.each(matrix)('$title', (wish) => {
  let two: TwoEngines
  let app: App
  const reconnectTimeoutMs = 3_000
  beforeAll(async () => {
    two = await startTwoEngines(wish)
  })
  afterAll(() => two?.stop())
  beforeEach(async () => {
    app = await openApp(two, { reconnectTimeoutMs, reuse: false })
  })
  afterEach(() => app?.stop())

  const statesOf = ({ items }: Job) => items.map(({ state }) => state)
  /** Undone on red, which has all of its images afterwards, as blue always had. */
  async function undone(job: string) {
    expect(await app.cleaner.undo(job)).toMatchObject({ state: 'done' })
    expect(await listImages(two.red)).toEqual(app.before.red)
    expect(await listImages(two.blue)).toEqual(app.before.blue)
    expect(app.copies()).toEqual([])
  }
  const images = async () => (await listImages(two.red)).ids.size

  test('a plan ends with its session, even if the same engine comes back', async () => {
    const kept = await app.planAll()
    await two.red.restart()
    await app.connected('red')
    const answer = await app.cleaner.apply(kept)
    expect(answer).toMatchObject({ ok: false, error: { code: expect.stringMatching(/^plan-(moved|unknown)$/) } })
    expect(await listImages(two.red)).toEqual(app.before.red)
    await undonePlan()
  })
  /** And another plan can be made. */
  async function undonePlan() {
    const job = await app.removeAll()
    expect(await app.cleaner.waitForJob(job)).toMatchObject({ state: 'done' })
    await undone(job)
  }

  test('the engine removes an image, its answer is lost, and it stays away: unknown, and it can be undone', async () => {
    const lost = app.way.trouble('answer-lost', deletion)
    const started = await app.removeAll()
    await lost.answered
    await app.way.shut()
    const job = await app.cleaner.waitForJob(started)
    expect(job).toMatchObject({ state: 'failed', failure: { code: 'engine-stopped' } })
    expect(statesOf(job)).toEqual(['unknown', 'skipped', 'skipped'])
    expect(await images()).toBe(2)
    expect(app.copies()).toHaveLength(1)
    await app.way.open()
    await app.connected('red')
    expect(job.subject).toMatchObject({ kind: 'remove', copies: { count: 1 }, undoUntil: expect.any(Number) })
    await undone(started)
  })

  test('if the answer is lost and the engine comes back in time, the image is inspected for its outcome', async () => {
    const lost = app.way.trouble('answer-lost', deletion)
    const started = await app.removeAll()
    await lost.answered
    await app.way.shut()
    await app.way.open()
    const job = await app.cleaner.waitForJob(started)
    expect(statesOf(job)).toEqual(['done', 'skipped', 'skipped'])
    await app.connected('red')
    await undone(started)
  })

  test('if a request reaches the engine late, the copy is kept', async () => {
    const late = app.way.trouble('late', deletion)
    const started = await app.removeAll()
    await late.begun
    const job = await app.cleaner.waitForJob(started)
    expect(statesOf(job)).toEqual(['failed', 'skipped', 'skipped'])
    late.letGo()
    await late.answered
    expect((await listImages(two.red)).names).not.toEqual(app.before.red.names)
    expect(app.copies()).toHaveLength(1)
    await undone(started)
  })

  test.each([504, 500] as const)('an image that is gone after an answer of %s keeps its copy', async (status) => {
    const broken = app.way.trouble(status, deletion)
    const started = await app.removeAll()
    await broken.answered
    await app.cleaner.waitForJob(started)
    expect((await listImages(two.red)).names.has('one:1')).toBe(false)
    await undone(started)
  })

  async function openWith(images: readonly ImageSpec[]) {
    await app.stop()
    await Promise.all(
      [two.red, two.blue].map(({ docker }) => docker.pruneImages({ filters: { dangling: { false: true } } })),
    )
    app = await openApp(two, { reconnectTimeoutMs, reuse: false, images })
  }

  test('two images that share nothing, and both answers are lost: each keeps its copy', async () => {
    await openWith(apartImages)
    const lost = apartImages.map(() => app.way.trouble('answer-lost', deletion))
    const started = await app.removeAll()
    await Promise.all(lost.map(({ answered }) => answered))
    await app.way.shut()
    const job = await app.cleaner.waitForJob(started)
    // One of them may be asked about while the way is still open.
    expect(statesOf(job).filter((state) => state !== 'unknown' && state !== 'done')).toEqual([])
    expect(job.state).toBe('failed')
    expect(await images()).toBe(0)
    expect(app.copies()).toHaveLength(2)
    await app.way.open()
    await app.connected('red')
    await undone(started)
  })

  test('an image that has lost a name while it waited for its turn gets it back when the turn does not come', async () => {
    await openWith(namedTwiceNext)
    const lost = app.way.trouble('answer-lost', (question) => deletion(question) && !question.includes('two:'))
    const started = await app.removeAll()
    await lost.answered
    const job = await app.cleaner.waitForJob(started)
    expect(statesOf(job)).toEqual(['done', 'skipped', 'skipped'])
    expect((await listImages(two.red)).names).toEqual(new Set(['two:1', 'two:2', 'three:1']))
    await undone(started)
  })

  test('an image that someone else deletes while it waits, with one name less, keeps its copy', async () => {
    await openWith(namedTwiceNext)
    const held = app.way.trouble('held', (question) => deletion(question) && !question.includes('two:'))
    const started = await app.removeAll()
    await held.begun
    await eventually(async () => !(await listImages(two.red)).names.has('two:1'))
    await two.red.docker.getImage('two:2').remove()
    held.letGo()
    const job = await app.cleaner.waitForJob(started)
    expect(statesOf(job)).toEqual(['done', 'done', 'done'])
    expect(app.copies()).toHaveLength(3)
    await undone(started)
  })

  /** What another engine at the same place must not suffer. */
  async function heldToOne(job: string) {
    const ended = await app.cleaner.waitForJob(job)
    expect(statesOf(ended)).toEqual(['unknown', 'skipped', 'skipped'])
    expect(await listImages(two.blue)).toEqual(app.before.blue)
    await app.connected('linked')
    await eventually(() => app.rootDir().startsWith(two.blue.root))
    expect(await app.cleaner.undoFailure(job)).toMatchObject({ code: 'undo-elsewhere' })
    expect(app.copies()).toHaveLength(1)
  }

  test('the engine is killed, and another one is behind the same socket in time: nothing is done to it', async () => {
    await app.show('linked')
    const deleting = app.way.trouble('held', deletion)
    const job = await app.removeAll()
    await deleting.begun
    await two.red.kill()
    app.moveLink(two.blue.socket)
    await heldToOne(job)
    await two.red.restart()
    app.moveLink(app.way.socket)
    await app.show('red')
    await app.show('linked')
    await undone(job)
  })

  test('another engine takes the place of the socket while the first one lives: nothing is done to it', async () => {
    await app.show('linked')
    const deleting = app.way.trouble('held', deletion)
    const started = await app.removeAll()
    await deleting.begun
    app.moveLink(two.blue.socket)
    deleting.letGo()
    const job = await app.cleaner.waitForJob(started)
    expect(await listImages(two.blue)).toEqual(app.before.blue)
    expect(job.state).toBe('failed')
    expect(statesOf(job)).toEqual(['done', 'unknown', expect.stringMatching(/^(kept|unknown)$/)])
    await eventually(() => app.rootDir().startsWith(two.blue.root))
    expect(await app.cleaner.undoFailure(started)).toMatchObject({ code: 'undo-elsewhere' })
    app.moveLink(app.way.socket)
    await app.show('red')
    await app.show('linked')
    await undone(started)
  })
})
