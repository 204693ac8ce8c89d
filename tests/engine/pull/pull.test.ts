import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { sumLayers } from '../../../model/pull/progress.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { fillRegistry } from '../../../tools/world/fill.ts'
import { openGate, type Gate } from '../../../tools/world/slow-gate.ts'
import { worldFolder } from '../../../tools/world/paths.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { failureOf, layersOf, randomImage, openPuller, publishImages, type Puller } from './puller.ts'

const large = 30_000_000
const small = ['small:1', 'small:2', 'small:3']
/**
 * One tag for each test, since the containerd store keeps downloaded blobs for a while even after the image is gone.
 */
const largeTags = ['complete', 'cancelled', 'dies', 'killed']

describe.each(matrix)('$title', (options) => {
  let engine: Engine
  let registry: Registry
  let gate: Gate
  let app: Puller
  const fullName = (name: string) => `127.0.0.1:${gate.port}/${name}`

  beforeAll(async () => {
    // One attempt: by default the classic store would retry a failed blob for a minute.
    engine = await startEngine({ ...options, config: { 'max-download-attempts': 1 } })
    registry = await startRegistry()
    gate = await openGate(Number(registry.directHost.split(':')[1]))
    await publishImages(engine.docker, [
      ...small.map((name, index) => randomImage(fullName(name), [100_000 + index, 2_000])),
      ...largeTags.map((tag) => randomImage(fullName(`large:${tag}`), [large, 50_000, 4_000_000])),
    ])
  })
  afterAll(async () => {
    await gate?.stop()
    await registry?.stop()
    await engine?.stop()
  })
  beforeEach(async () => {
    gate.setNetworkConditions()
    app = await openPuller(engine)
  })
  afterEach(async () => {
    await app?.stop()
    if (!engine.running) await engine.restart()
    for (const { Id } of await engine.docker.listImages()) await engine.docker.getImage(Id).remove({ force: true })
  })

  const downloadedBytes = (id: string) => sumLayers(layersOf(app.job(id))).downloaded
  const inspect = (name: string) => engine.docker.getImage(fullName(name)).inspect()
  /** Waits until no byte has passed the gate for a second. */
  async function waitUntilGateIsQuiet() {
    let [bytesSent, unchangedSince] = [gate.bytesSent, Date.now()]
    await eventually(() => {
      if (gate.bytesSent !== bytesSent) [bytesSent, unchangedSince] = [gate.bytesSent, Date.now()]
      return Date.now() - unchangedSince > 1_000
    }, 20_000)
  }
  const isAbsent = async (name: string) => (await inspect(name).catch(() => undefined)) === undefined

  test('a pull reports each layer, the speed, the image’s digest and the disk space that it takes', async () => {
    gate.setNetworkConditions({ bytesPerSecond: 12_000_000 })
    const before = (await engine.docker.df()).LayersSize as number
    const job = await app.pull(fullName('large:complete'))
    expect(job).toMatchObject({ state: 'done', items: [{ name: fullName('large:complete'), state: 'done' }] })
    const { Id, RepoDigests } = await inspect('large:complete')
    const cost = ((await engine.docker.df()).LayersSize as number) - before
    expect(job.subject).toMatchObject({
      kind: 'pull',
      reference: fullName('large:complete'),
      result: { image: Id, isNew: true },
    })
    expect(job.subject).toMatchObject({ result: { cost } })
    if (job.subject.kind !== 'pull') return
    expect(RepoDigests.map((digest) => digest.split('@')[1])).toContain(job.subject.result?.digest)
    expect(layersOf(job)).toHaveLength(3)
    expect(layersOf(job).every(({ state, bytes, total }) => state === 'done' && bytes === (total ?? bytes))).toBe(true)
    expect(sumLayers(layersOf(job)).downloaded).toBeGreaterThan(large)
    expect(app.ledger.value.pulls).toMatchObject([
      { reference: fullName('large:complete'), image: Id, endpoint: `unix://${engine.socket}` },
    ])

    // The published progress never decreases, and includes a speed.
    const downloads = app.published.map((update) => sumLayers(layersOf(update)).downloaded)
    expect(downloads).toEqual(downloads.toSorted((a, b) => a - b))
    const speeds = app.published.flatMap(({ subject }) => (subject.kind === 'pull' ? (subject.speed ?? []) : []))
    expect(Math.max(...speeds)).toBeGreaterThan(0)
    expect(app.logins.requested).toEqual([])
  })

  test('a second pull of the same image downloads nothing and takes no space', async () => {
    await app.pull(fullName('small:1'))
    const again = await app.pull(fullName('small:1'))
    expect(again).toMatchObject({ state: 'done', subject: { result: { isNew: false, cost: 0 } } })
    expect(layersOf(again)).toEqual([])
  })

  test('an image can be pulled by digest, both by the user and by an undo', async () => {
    const first = await app.pull(fullName('small:1'))
    const digest = first.subject.kind === 'pull' ? first.subject.result?.digest : undefined
    await engine.docker.getImage(fullName('small:1')).remove()
    const byDigest = `${fullName('small')}@${digest}`
    expect(await app.pull(byDigest)).toMatchObject({ state: 'done', subject: { reference: byDigest } })
    expect(await app.pullAgain(byDigest)).toBeUndefined()
  })

  test('an invalid name is refused at once; a missing image, a missing platform and an unreachable registry are reported', async () => {
    expect(await app.requestPull('Not A Name')).toEqual({
      ok: false,
      error: { code: 'reference-invalid', reference: 'Not A Name' },
    })
    const reference = fullName('small:none')
    expect(failureOf(await app.pull(reference))).toEqual({ code: 'reference-unknown', reference })
    // Slipway looked up a login for this image, since a registry reports a private image as missing to anonymous users.
    expect(app.logins.requested).toEqual([reference])
    const request = { reference: fullName('small:2'), platform: 'linux/s390x' }
    expect(failureOf(await app.pull(request.reference, request.platform))).toEqual({
      ...{ code: 'platform-missing', ...request, platforms: ['linux/amd64'] },
    })
    expect(failureOf(await app.pull('127.0.0.1:1/x:1'))).toMatchObject({
      code: 'registry-unreachable',
      host: '127.0.0.1:1',
      reason: 'refused',
    })
  })

  test('after a pull is cancelled, the engine stops downloading, and a second pull succeeds', async () => {
    gate.setNetworkConditions({ bytesPerSecond: 4_000_000 })
    const id = await app.start(fullName('large:cancelled'))
    await eventually(() => downloadedBytes(id) > 2_000_000)
    app.cancel(id)
    expect(await app.waitForEnd(id)).toMatchObject({ state: 'cancelled', items: [{ state: 'skipped' }] })
    await waitUntilGateIsQuiet()
    expect(gate.bytesSent).toBeLessThan(large)
    expect(await isAbsent('large:cancelled')).toBe(true)
    gate.setNetworkConditions()
    expect(await app.pull(fullName('large:cancelled'))).toMatchObject({
      state: 'done',
      subject: { result: { isNew: true } },
    })
  })

  test('of three pulls, two run at once and the waiting one can be cancelled; a second request for a pull joins the first', async () => {
    gate.setNetworkConditions({ stallsAfterBytes: 0 })
    const ids = await Promise.all(small.map((name) => app.start(fullName(name))))
    expect(await app.start(fullName('small:2'))).toBe(ids[1])
    expect(await app.start(fullName('small:3'))).toBe(ids[2])
    const states = () => ids.map((id) => app.job(id).items[0]?.state)
    await eventually(() => states()[1] === 'running')
    expect(states()).toEqual(['running', 'running', 'waiting'])
    expect(app.countRunning()).toBe(3)
    app.cancel(ids[2]!)
    expect(await app.waitForEnd(ids[2]!, 2_000)).toMatchObject({ state: 'cancelled' })
    const later = await app.start(fullName('small:3'))
    expect(later).not.toBe(ids[2])
    gate.setNetworkConditions()
    const ended = await Promise.all([ids[0]!, ids[1]!, later].map((id) => app.waitForEnd(id)))
    expect(ended.map(({ state }) => state)).toEqual(['done', 'done', 'done'])
    expect(app.countRunning()).toBe(0)
  })

  test('if the registry resets the connection at 60 %, the pull fails, leaves no image, and succeeds when repeated', async () => {
    gate.setNetworkConditions({ resetsAfterBytes: large * 0.6 })
    const job = await app.pull(fullName('large:dies'))
    expect(job.state).toBe('failed')
    expect(failureOf(job)).toMatchObject({
      ...{ code: 'registry-unreachable', host: `127.0.0.1:${gate.port}`, reason: 'cut', downloading: true },
    })
    expect(await isAbsent('large:dies')).toBe(true)
    gate.setNetworkConditions()
    expect(await app.pull(fullName('large:dies'))).toMatchObject({ state: 'done' })
  })

  test('if the engine is killed during a pull and stays away, the job ends and says that the engine stopped', async () => {
    gate.setNetworkConditions({ bytesPerSecond: 4_000_000 })
    const id = await app.start(fullName('large:killed'))
    await eventually(() => downloadedBytes(id) > 2_000_000)
    await engine.kill()
    const job = await app.waitForEnd(id, 15_000)
    expect(job).toMatchObject({
      state: 'failed',
      items: [{ state: 'failed', failure: { code: 'engine-stopped', kind: expect.any(Object) as object } }],
    })
  })
})

test('a pull onto a full disk fails as `pull-disk-full` and leaves no image', async () => {
  const disk = mkdtempSync(join(worldFolder(), 'small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk])
  const registry = await startRegistry()
  let engine: Engine | undefined
  let app: Puller | undefined
  try {
    await fillRegistry(registry, [randomImage('team/large:1', [60_000_000])])
    engine = await startEngine({ version: '26.1', store: 'classic', root: join(disk, 'engine') })
    app = await openPuller(engine)
    const job = await app.pull(`${registry.host}/team/large:1`)
    expect(job).toMatchObject({ state: 'failed', items: [{ state: 'failed', failure: { code: 'pull-disk-full' } }] })
    expect(await engine.docker.listImages({ all: true })).toEqual([])
  } finally {
    await app?.stop()
    await engine?.stop()
    await registry.stop()
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
})
