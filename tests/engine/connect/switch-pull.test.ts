/** A pull finishes on the engine where it began, and connections that are no longer needed are closed. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setTimeout as delay } from 'node:timers/promises'
import { openGate, type Gate } from '../../../tools/world/slow-gate.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { randomImage, publishImages } from '../pull/puller.ts'
import { listImages, valueOf } from '../removal/removal-app.ts'
import { matrix } from '../matrix.ts'
import { eventually } from '../eventually.ts'
import { openApp, startTwoEngines, type App, type TwoEngines } from './two-engines.ts'

const names = ['large:switched', 'large:broken', 'large:to-and-fro', 'large:checking']

describe.each(matrix)('$title', (options) => {
  let engines: TwoEngines
  let registry: Registry
  let gate: Gate
  let app: App
  const fullName = (name: string) => `127.0.0.1:${gate.port}/${name}`
  beforeAll(async () => {
    ;[engines, registry] = await Promise.all([startTwoEngines(options), startRegistry()])
    gate = await openGate(Number(registry.directHost.split(':')[1]))
    await publishImages(
      engines.red.docker,
      names.map((name) => randomImage(fullName(name), [6_000_000, 50_000])),
    )
  })
  afterAll(async () => {
    await gate?.stop()
    await Promise.all([engines?.stop(), registry?.stop()])
  })
  beforeEach(async () => {
    gate.setNetworkConditions({ bytesPerSecond: 1_500_000 })
    app = await openApp(engines)
  })
  afterEach(() => app?.stop())

  async function startPull(name: string) {
    const id = valueOf(await app.services.pull.handlers['pull.start']({ reference: fullName(name) }))
    await eventually(() => gate.bytesSent > 200_000)
    return id
  }
  async function expectPulledOnRed(id: string, name: string) {
    const job = await app.services.waitForJob(id)
    const { Id } = await engines.red.docker.getImage(fullName(name)).inspect()
    expect(job).toMatchObject({
      state: 'done',
      subject: { kind: 'pull', result: { image: Id, isNew: true } },
      engine: { endpoint: `unix://${app.proxy.socket}` },
    })
    expect(await listImages(engines.blue)).toEqual(app.before.blue)
  }

  test('a pull finishes on its engine while the window shows another one', async () => {
    const id = await startPull('large:switched')
    await app.switchTo('blue')
    await expectPulledOnRed(id, 'large:switched')
    await app.switchTo('red')
    expect(app.services.findImage(fullName('large:switched'))).toBeDefined()
  })

  test('a pull whose connection breaks continues once the engine is back', async () => {
    const id = await startPull('large:broken')
    await app.proxy.goOffline()
    await app.proxy.goOnline()
    await expectPulledOnRed(id, 'large:broken')
  })

  test('a pull finishes on its engine if the user switches contexts while Slipway asks the registry about the image', async () => {
    const [checking, checked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    app.services.registry.check = async () => {
      checking.resolve()
      await checked.promise
      return { ok: true, value: undefined }
    }
    const starting = app.services.pull.handlers['pull.start']({ reference: fullName('large:checking') })
    await checking.promise
    await app.switchTo('blue')
    checked.resolve()
    await expectPulledOnRed(valueOf(await starting), 'large:checking')
  })

  test('a pull that the registry refuses keeps no connection to its engine', async () => {
    await eventually(isStable)
    const failure = { code: 'reference-unknown', reference: fullName('large:none') } as const
    app.services.registry.check = async () => ({ ok: false, error: failure })
    const result = await app.services.pull.handlers['pull.start']({ reference: fullName('large:none') })
    expect(result).toEqual({ ok: false, error: failure })
    expect(app.services.jobs.all()).toEqual([])
    await app.switchTo('blue')
    await eventually(() => connections() === 0, 20_000)
  })

  test('switching between two contexts of one engine during a pull leaves no extra connection open, and the last context is shown', async () => {
    await eventually(isStable)
    const before = connections()
    const id = await startPull('large:to-and-fro')
    for (let round = 0; round < 10; round++) {
      valueOf(await app.services.engine.handlers['engine.switch'](round % 2 === 0 ? 'again' : 'red'))
      await delay(round * 20)
    }
    await app.switchTo('again')
    expect(app.services.jobs.find(id)?.state).toBe('running')
    await expectPulledOnRed(id, 'large:to-and-fro')
    await eventually(() => connections() <= before, 20_000)
    await app.services.stop()
    await eventually(() => connections() === 0, 20_000)
  })

  test('a lease that is released while it waits for its engine opens no connection later', async () => {
    const { engine } = app.services
    const lease = engine.lease(valueOf(engine.session()))
    await app.switchTo('blue')
    await app.proxy.goOffline()
    await eventually(() => lease.session.signal.aborted)
    const reconnected = lease.awaitReconnect()
    await delay(100)
    lease.release()
    await app.proxy.goOnline()
    expect(await reconnected).toBeUndefined()
    await delay(1_500)
    expect(connections()).toBe(0)
  })

  test('a lease reconnects to its session’s engine, even while the window shows another one', async () => {
    const { engine } = app.services
    const lease = engine.lease(valueOf(engine.session()))
    const { session } = lease
    await app.switchTo('blue')
    await app.proxy.goOffline()
    await eventually(() => session.signal.aborted)
    const reconnected = lease.awaitReconnect()
    await app.proxy.goOnline()
    expect((await reconnected)?.identity).toEqual(session.identity)
    expect(lease.session).not.toBe(session)
    lease.release()
    await eventually(() => connections() === 0)
  })
  const connections = () => app.proxy.connections()
  let lastCount = -1
  /** Whether the number of connections is the same as at the last call. */
  async function isStable() {
    await delay(300)
    const [previous, current] = [lastCount, (lastCount = connections())]
    return previous === current
  }
})
