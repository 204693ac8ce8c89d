/** The far side of a real ssh connection hangs: Slipway says that the engine is away, loses nothing, and comes back. */
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { startSshd, type Sshd } from '../../../tools/world/sshd.ts'
import { eventually } from '../eventually.ts'
import { homeWith } from '../home.ts'
import { anyOne } from '../matrix.ts'
import { openRemovalApp, listImages, value, type RemovalApp } from '../removal/removal-app.ts'
import { deletion, ownImages } from './two-engines.ts'
import { openWay, type Way } from './faulty-proxy.ts'

/** ssh gives up after 3 unanswered keep-alives, 10 s apart (routes.ts); the rest is for a busy machine. */
const deadWithinMs = 60_000
/** The longest wait between two tries, and the try. */
const backWithinMs = 60_000

describe('over ssh', () => {
  let engine: Engine
  let way: Way
  let sshd: Sshd
  let app: RemovalApp | undefined
  let folder: string

  beforeAll(async () => {
    engine = await startEngine(anyOne)
  })
  afterAll(() => engine?.stop())

  beforeEach(async () => {
    await loadImages(engine.docker, ownImages)
    folder = mkdtempSync(join(tmpdir(), 'ssh-'))
    way = await openWay(engine.socket)
    sshd = await startSshd({ PATH: `${engine.programs}:/usr/bin:/bin`, DOCKER_HOST: `unix://${way.socket}` })
  })
  afterEach(async () => {
    try {
      await app?.stop()
    } finally {
      app = undefined
      await sshd?.stop()
      way?.close()
      rmSync(folder, { recursive: true, force: true })
    }
    await eventually(() => running() === 0)
  })

  /** How many processes of either side there are: in a world there are no others of these names. */
  const running = () =>
    execFileSync('ps', ['-A', '-o', 'comm='], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => ['ssh', 'sshd', 'docker'].includes(name)).length

  const openApp = (options: { reconnectTimeoutMs?: number } = {}) =>
    openRemovalApp(engine, folder, { environment: homeWith({ far: { host: sshd.endpoint } }), ...options })

  const status = () => app!.engine.state().status
  const isAway = () => eventually(() => status() === 'away', deadWithinMs)
  const isConnected = () =>
    eventually(() => status() === 'connected' && app!.engine.live.snapshot().complete, backWithinMs)
  /** Resolves once the app asks nothing any more: from then on ssh alone can notice that nobody answers. */
  async function isIdle() {
    let [asked, since] = [0, Date.now()]
    await eventually(() => {
      if (way.questions.length !== asked) [asked, since] = [way.questions.length, Date.now()]
      return Date.now() - since > 2_000
    }, 30_000)
  }
  /** What the window lists. */
  const names = () => app!.rows().flatMap(({ reference }) => reference ?? [])
  const allNames = ['one:1', 'three:1', 'two:1', 'two:2']

  test('a machine that hangs while nothing is asked is away, and connected again by itself once it goes on', async () => {
    app = await openApp()
    expect(app.engine.state()).toMatchObject({
      status: 'connected',
      context: { name: 'far', endpoint: sshd.endpoint, local: false },
    })
    expect(names().sort()).toEqual(allNames)
    expect(running()).toBeGreaterThan(2)

    await isIdle()
    await sshd.freeze()
    await isAway()
    expect(app.engine.state()).toMatchObject({ context: { endpoint: sshd.endpoint } })
    // What happens meanwhile is seen afterwards.
    await engine.docker.getImage('three:1').tag({ repo: 'four', tag: '1' })

    sshd.thaw()
    await isConnected()
    await eventually(() => names().includes('four:1'))
    expect(names().sort()).toEqual(['four:1', ...allNames])
    await engine.docker.getImage('four:1').remove()
  }, 150_000)

  test('a machine that hangs in the middle of a removal: unknown, and it can be undone once it goes on', async () => {
    app = await openApp({ reconnectTimeoutMs: 3_000 })
    const before = await listImages(engine)
    // one:1 first: it has one name, so its image goes with the first DELETE.
    const plan = await app.plan(app.rows().toSorted((a, b) => (a.reference! < b.reference! ? -1 : 1)))
    const deleting = way.trouble('answer-held', deletion)
    const copied = plan.plan.deletes.map(({ image }) => image)
    const started = value(await app.apply(plan, copied))
    await deleting.answered

    await sshd.freeze()
    deleting.letGo()
    await isAway()
    await eventually(() => app!.jobs.find(started)?.state !== 'running', deadWithinMs)
    const job = app.jobs.find(started)!
    expect(job).toMatchObject({ state: 'failed', subject: { copies: { count: 1 }, undoUntil: expect.any(Number) } })
    expect(job.items.map(({ state }) => state)).toEqual(['unknown', 'skipped', 'skipped'])
    // The engine has removed one image; its copy is there.
    expect((await listImages(engine)).ids.size).toBe(before.ids.size - 1)
    expect(copies()).toHaveLength(1)

    sshd.thaw()
    await isConnected()
    expect(await app.undo(started)).toMatchObject({ state: 'done' })
    expect(await listImages(engine)).toEqual(before)
    expect(copies()).toEqual([])
  }, 150_000)

  const copies = () => {
    const place = join(folder, 'Slipway')
    return existsSync(place) ? readdirSync(place) : []
  }
})
