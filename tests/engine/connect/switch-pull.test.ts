/** A pull ends on the engine where it began; and what connects to engines meanwhile is closed again. */
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { setTimeout as delay } from 'node:timers/promises'
import { openGate, type Gate } from '../../../tools/world/slow-gate.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'
import { noisy, publishImages } from '../pull/puller.ts'
import { listImages, value } from '../removal/removal-app.ts'
import { matrix } from '../matrix.ts'
import { eventually } from '../eventually.ts'
import { openApp, startTwoEngines, type App, type TwoEngines } from './two-engines.ts'

const names = ['large:switched', 'large:to-and-fro', 'large:asked']

describe.each(matrix)('$title', (wish) => {
  let two: TwoEngines
  let registry: Registry
  let gate: Gate
  let app: App
  const at = (name: string) => `127.0.0.1:${gate.port}/${name}`
  beforeAll(async () => {
    ;[two, registry] = await Promise.all([startTwoEngines(wish), startRegistry()])
    gate = await openGate(Number(registry.directHost.split(':')[1]))
    await publishImages(
      two.red.docker,
      names.map((name) => noisy(at(name), [6_000_000, 50_000])),
    )
  })
  afterAll(async () => {
    await gate?.stop()
    await Promise.all([two?.stop(), registry?.stop()])
  })
  beforeEach(async () => {
    gate.setNetworkConditions({ bytesPerSecond: 1_500_000 })
    app = await openApp(two)
  })
  afterEach(() => app?.stop())

  async function startPull(name: string) {
    const id = value(await app.cleaner.pull.handlers['pull.start']({ reference: at(name) }))
    await eventually(() => gate.bytesSent > 200_000)
    return id
  }
  async function endsOnRed(id: string, name: string) {
    const job = await app.cleaner.waitForJob(id)
    const { Id } = await two.red.docker.getImage(at(name)).inspect()
    expect(job).toMatchObject({
      state: 'done',
      subject: { kind: 'pull', result: { image: Id, isNew: true } },
      engine: { endpoint: `unix://${app.way.socket}` },
    })
    expect(await listImages(two.blue)).toEqual(app.before.blue)
  }

  test('a pull ends on its engine while the window shows another one', async () => {
    const id = await startPull('large:switched')
    await app.show('blue')
    await endsOnRed(id, 'large:switched')
    await app.show('red')
    expect(app.cleaner.findImage(at('large:switched'))).toBeDefined()
  })

  test('a pull stays on its engine if the user switches while the registry is asked', async () => {
    const [asked, answered] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
    app.cleaner.registry.check = async () => {
      asked.resolve()
      await answered.promise
      return { ok: true, value: undefined }
    }
    const starting = app.cleaner.pull.handlers['pull.start']({ reference: at('large:asked') })
    await asked.promise
    await app.show('blue')
    answered.resolve()
    await endsOnRed(value(await starting), 'large:asked')
  })

  test('a pull that the registry refuses keeps no connection to its engine', async () => {
    await eventually(idle)
    const failure = { code: 'reference-unknown', reference: at('large:none') } as const
    app.cleaner.registry.check = async () => ({ ok: false, error: failure })
    const answer = await app.cleaner.pull.handlers['pull.start']({ reference: at('large:none') })
    expect(answer).toEqual({ ok: false, error: failure })
    expect(app.cleaner.jobs.all()).toEqual([])
    await app.show('blue')
    await eventually(() => connections() === 0, 20_000)
  })

  test('switching between two contexts of one engine leaves no connection behind, and the chosen one is shown', async () => {
    await eventually(idle)
    const before = connections()
    const id = await startPull('large:to-and-fro')
    for (let round = 0; round < 10; round++) {
      value(await app.cleaner.engine.handlers['engine.switch'](round % 2 === 0 ? 'again' : 'red'))
      await delay(round * 20)
    }
    await app.show('again')
    expect(app.cleaner.jobs.find(id)?.state).toBe('running')
    await endsOnRed(id, 'large:to-and-fro')
    await eventually(() => connections() <= before, 20_000)
    await app.cleaner.stop()
    await eventually(() => connections() === 0, 20_000)
  })

  test('a lease that is released while it waits for its engine opens no connection later', async () => {
    const { engine } = app.cleaner
    const lease = engine.lease(value(engine.session()))
    await app.show('blue')
    await app.way.shut()
    await eventually(() => lease.session.signal.aborted)
    const reconnected = lease.reconnected()
    await delay(100)
    lease.release()
    await app.way.open()
    expect(await reconnected).toBeUndefined()
    await delay(1_500)
    expect(connections()).toBe(0)
  })

  test('a lease reconnects to its own engine, also while another one is shown', async () => {
    const { engine } = app.cleaner
    const lease = engine.lease(value(engine.session()))
    const { session } = lease
    await app.show('blue')
    await app.way.shut()
    await eventually(() => session.signal.aborted)
    const reconnected = lease.reconnected()
    await app.way.open()
    expect((await reconnected)?.identity).toEqual(session.identity)
    expect(lease.session).not.toBe(session)
    lease.release()
    await eventually(() => connections() === 0)
  })
  const connections = () => app.way.connections()
  let last = -1
  async function idle() {
    await delay(300)
    const [was, now] = [last, (last = connections())]
    return was === now
  }
})
