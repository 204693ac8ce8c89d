/**
 * The remote side of a real ssh connection hangs: Slipway reports that the engine is away, loses no image, and
 * reconnects.
 */
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
import { anyEngine } from '../matrix.ts'
import { openRemovalApp, listImages, valueOf, type RemovalApp } from '../removal/removal-app.ts'
import { defaultImages, isDelete } from './two-engines.ts'
import { openFaultyProxy, type FaultyProxy } from './faulty-proxy.ts'

/** ssh gives up after 3 unanswered keep-alives, 10 s apart (routes.ts). A busy machine needs more time. */
const awayTimeoutMs = 60_000
/** Covers the longest pause between two attempts to connect, and the attempt itself. */
const connectedTimeoutMs = 60_000

describe('over ssh', () => {
  let engine: Engine
  let proxy: FaultyProxy
  let sshd: Sshd
  let app: RemovalApp | undefined
  let folder: string

  beforeAll(async () => {
    engine = await startEngine(anyEngine)
  })
  afterAll(() => engine?.stop())

  beforeEach(async () => {
    await loadImages(engine.docker, defaultImages)
    folder = mkdtempSync(join(tmpdir(), 'ssh-'))
    proxy = await openFaultyProxy(engine.socket)
    sshd = await startSshd({ PATH: `${engine.programs}:/usr/bin:/bin`, DOCKER_HOST: `unix://${proxy.socket}` })
  })
  afterEach(async () => {
    try {
      await app?.stop()
    } finally {
      app = undefined
      await sshd?.stop()
      proxy?.close()
      rmSync(folder, { recursive: true, force: true })
    }
    await eventually(() => countProcesses() === 0)
  })

  /** The number of ssh, sshd and docker processes. A world has no others of these names. */
  const countProcesses = () =>
    execFileSync('ps', ['-A', '-o', 'comm='], { encoding: 'utf8' })
      .split('\n')
      .filter((name) => ['ssh', 'sshd', 'docker'].includes(name)).length

  const openApp = (options: { reconnectTimeoutMs?: number } = {}, host = sshd.endpoint) =>
    openRemovalApp(engine, folder, { environment: homeWith({ far: { host } }), ...options })

  const status = () => app!.engine.state().status
  const waitUntilAway = () => eventually(() => status() === 'away', awayTimeoutMs)
  const waitUntilConnected = () =>
    eventually(() => status() === 'connected' && app!.engine.live.snapshot().complete, connectedTimeoutMs)
  /** Waits until the app sends no requests. From then on, only ssh itself can notice that the remote side hangs. */
  async function waitUntilIdle() {
    let [count, unchangedSince] = [0, Date.now()]
    await eventually(() => {
      if (proxy.requests.length !== count) [count, unchangedSince] = [proxy.requests.length, Date.now()]
      return Date.now() - unchangedSince > 2_000
    }, 30_000)
  }
  /** The tags that the window lists. */
  const names = () => app!.rows().flatMap(({ reference }) => reference ?? [])
  const allNames = ['one:1', 'three:1', 'two:1', 'two:2']

  test('a path in the address leads to that socket, and not to the one that docker uses on the other computer', async () => {
    app = await openApp({}, `${sshd.endpoint}${engine.socket}`)
    expect(app.engine.state()).toMatchObject({ status: 'connected' })
    expect(names().sort()).toEqual(allNames)
    expect(proxy.requests).toEqual([])
  })

  test('if the remote side hangs while the app is idle, the engine is reported as away, and reconnected once the remote side continues', async () => {
    app = await openApp()
    expect(app.engine.state()).toMatchObject({
      status: 'connected',
      context: { name: 'far', endpoint: sshd.endpoint, local: false },
    })
    expect(names().sort()).toEqual(allNames)
    expect(countProcesses()).toBeGreaterThan(2)

    await waitUntilIdle()
    await sshd.freeze()
    await waitUntilAway()
    expect(app.engine.state()).toMatchObject({ context: { endpoint: sshd.endpoint } })
    // The window shows this tag after Slipway has reconnected.
    await engine.docker.getImage('three:1').tag({ repo: 'four', tag: '1' })

    sshd.thaw()
    await waitUntilConnected()
    await eventually(() => names().includes('four:1'))
    expect(names().sort()).toEqual(['four:1', ...allNames])
    await engine.docker.getImage('four:1').remove()
  }, 150_000)

  test('if the remote side hangs during a removal, the outcome is unknown, and the removal can be undone once the remote side continues', async () => {
    app = await openApp({ reconnectTimeoutMs: 3_000 })
    const before = await listImages(engine)
    // one:1 comes first: it has one tag, so the first DELETE removes its image.
    const plan = await app.plan(app.rows().toSorted((a, b) => (a.reference! < b.reference! ? -1 : 1)))
    const deleting = proxy.inject('hold-response', isDelete)
    const copies = plan.plan.deletes.map(({ image }) => image)
    const jobId = valueOf(await app.apply(plan, copies))
    await deleting.answered

    await sshd.freeze()
    deleting.release()
    await waitUntilAway()
    await eventually(() => app!.jobs.find(jobId)?.state !== 'running', awayTimeoutMs)
    const job = app.jobs.find(jobId)!
    expect(job).toMatchObject({ state: 'failed', subject: { copies: { count: 1 }, undoUntil: expect.any(Number) } })
    expect(job.items.map(({ state }) => state)).toEqual(['unknown', 'skipped', 'skipped'])
    // The engine has removed one image, and its copy is on disk.
    expect((await listImages(engine)).ids.size).toBe(before.ids.size - 1)
    expect(copyFiles()).toHaveLength(1)

    sshd.thaw()
    await waitUntilConnected()
    expect(await app.undo(jobId)).toMatchObject({ state: 'done' })
    expect(await listImages(engine)).toEqual(before)
    expect(copyFiles()).toEqual([])
  }, 150_000)

  const copyFiles = () => {
    const copiesFolder = join(folder, 'Slipway')
    return existsSync(copiesFolder) ? readdirSync(copiesFolder) : []
  }
})
