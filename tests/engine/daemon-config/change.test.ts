import { execFileSync } from 'node:child_process'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import type { Mirror } from '../../../tools/world/mirrors.ts'
import { installInWorld } from '../../../tools/world/polkit.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { openChanger, type Changer } from './changer.ts'
import { eventually } from '../eventually.ts'
import { installed, mirrorsOf, noHelperLeft, state, write } from './helper-side.ts'
import { matrix } from '../matrix.ts'

let online: Online
let uninstall: () => void
let good: Mirror
let second: Mirror
/** Not tested in any race, so nothing is known of it. */
let third: Mirror
beforeAll(async () => {
  uninstall = installInWorld()
  online = await startOnline()
  good = await online.mirrors.add('good')
  second = await online.mirrors.add('second')
  third = await online.mirrors.add('third')
})
afterAll(async () => {
  await online?.stop()
  uninstall?.()
})
beforeEach(() => {
  online.hub.setBehaviour('all', 'normal')
  good.setBehaviour()
  second.setBehaviour()
})

describe.each(matrix)('on $title', (wish) => {
  const features = wish.store === 'containerd' ? '"features": { "containerd-snapshotter": true }' : '"debug": false'
  const without = `{\n\t${features}\n}\n`
  let engine: Engine
  let changer: Changer
  let onStep: (step: string) => void = () => {}

  beforeAll(async () => {
    engine = await startEngine({ ...wish, asInstalled: true, env: online.hub.engineEnv })
    changer = await openChanger({ online, socket: systemPaths.socket, onStep: (step) => onStep(step) })
  })
  afterAll(async () => {
    await changer?.stop()
    await engine?.stop()
  })
  beforeEach(async () => {
    onStep = () => {}
    write(`{"registry-mirrors": [], ${features}}`)
    process.kill(engine.pid, 'SIGHUP')
    await eventually(async () => (await mirrorsOf(engine)).length === 0)
    write(without)
    process.kill(engine.pid, 'SIGHUP')
  })
  afterEach(noHelperLeft)

  test('the plan is shown, done step by step, confirmed by the engine and a pull that leaves nothing', async () => {
    const images = (await engine.docker.listImages({ all: true })).length
    const kept = await changer.plan([good.address, second.address])
    expect(kept).toMatchObject({ way: 'helper', file: '/etc/docker/daemon.json', plan: { obstacles: [] } })
    const job = await changer.apply(kept.id)
    expect(job).toMatchObject({ state: 'done' })
    expect(job.items.every((item) => item.state === 'done')).toBe(true)
    expect(await mirrorsOf(engine)).toEqual([good.address, second.address])
    expect(state()?.text).toBe(kept.plan.change!.after)
    expect(good.requests.length).toBeGreaterThan(0)
    expect((await engine.docker.listImages({ all: true })).length).toBe(images)
    expect((await changer.now()).changes[0]).toMatchObject({ before: [], after: [good.address, second.address] })

    // The window hears of it by the engine's own event; the containerd store goes away for a moment after the removal.
    await expect
      .poll(
        () => {
          const now = changer.served.engine.state()
          return now.status === 'connected' ? now.facts.mirrors : []
        },
        { timeout: 20_000 },
      )
      .toEqual([`${good.address}/`, `${second.address}/`])

    expect(await changer.set([])).toMatchObject({ state: 'done' })
    expect(await mirrorsOf(engine)).toEqual([])
    const [{ backup } = {}] = (await changer.now()).changes
    const restored = await changer.handlers['daemon-config.restore'](backup!)
    expect((await changer.end(restored.ok ? restored.value : '')).failure).toBeUndefined()
    expect(await mirrorsOf(engine)).toEqual([good.address, second.address])
  })

  test('a mirror that fails the test pull: everything is restored, with the pull’s error', async () => {
    online.hub.setBehaviour('all', 'down')
    good.setBehaviour({ answers: 503 })
    const job = await changer.set([good.address])
    expect(job).toMatchObject({ state: 'failed' })
    expect(job.failure?.code).toMatch(/^(daemon-file-untried|daemon-file-not-taken)$/)
    expect(state()?.text).toBe(without)
    expect(await mirrorsOf(engine)).toEqual([])
  })

  test('a mirror that does not answer is not kept, even if there is no image to test it with', async () => {
    const steps = [{ instruction: 'COPY hello /', bytes: 1000 }]
    await loadImages(engine.docker, [{ references: ['hello-world:latest'], created: new Date(0), steps }])
    second.setBehaviour({ answers: 503 })
    const job = await changer.set([second.address])
    await engine.docker.getImage('hello-world:latest').remove()
    expect(job).toMatchObject({ state: 'failed', failure: { code: 'daemon-file-untried', state: 'restored' } })
    expect(state()?.text).toBe(without)
  })

  test('what the file says and Docker has not taken up is taken up; a backup may be restored twice', async () => {
    const named = `{"registry-mirrors": ["${good.address}"], ${features}}`
    expect(await changer.set([second.address])).toMatchObject({ state: 'done' })
    write(named)
    const kept = await changer.plan([good.address])
    expect(kept.plan.change).toMatchObject({ before: named, after: named })
    expect(await changer.apply(kept.id)).toMatchObject({ state: 'done' })
    expect(await mirrorsOf(engine)).toEqual([good.address])

    expect(await changer.set([])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.now()).changes
    for (let time = 0; time < 2; time++) {
      const begun = await changer.handlers['daemon-config.restore'](backup!)
      expect(await changer.end(begun.ok ? begun.value : '')).toMatchObject({ state: 'done' })
      expect(state()?.text).toBe(named)
      expect(await mirrorsOf(engine)).toEqual([good.address])
    }
  })

  test('restoring a backup without mirrors removes those that Docker still has and the file no longer names', async () => {
    expect(await changer.set([good.address])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.now()).changes
    write(without.replace('{', '{ '))
    const begun = await changer.handlers['daemon-config.restore'](backup!)
    expect(await changer.end(begun.ok ? begun.value : '')).toMatchObject({ state: 'done' })
    expect(state()?.text).toBe(without)
    expect(await mirrorsOf(engine)).toEqual([])
  })

  test('a mirror that only Docker trusts is tested by Docker itself', async () => {
    const trusted = getCACertificates('default')
    setDefaultCACertificates([])
    try {
      expect(await changer.set([third.address])).toMatchObject({ state: 'done' })
    } finally {
      setDefaultCACertificates(trusted)
    }
    expect(await engine.docker.listImages()).toEqual([])

    third.setBehaviour({ connecting: 'refused' })
    expect(await changer.set([good.address, third.address].toReversed())).toMatchObject({
      failure: { code: 'daemon-file-untried', state: 'restored' },
    })
    third.setBehaviour()
  })

  test('a file that changed since the plan is left as it is', async () => {
    const kept = await changer.plan([good.address])
    write(`{ ${features} }`)
    const job = await changer.apply(kept.id)
    expect(job.failure).toMatchObject({ code: 'daemon-file-changed', state: 'untouched' })
    expect(state()?.text).toBe(`{ ${features} }`)
  })

  test('a cancel in the middle of the test pull restores everything', async () => {
    good.setBehaviour({ hangs: 'manifest' })
    online.hub.setBehaviour('all', 'hung')
    const kept = await changer.plan([good.address])
    const started = await changer.handlers['daemon-config.apply'](kept.id)
    const id = started.ok ? started.value : ''
    onStep = (step) => step === 'confirmed' && changer.cancel(id)
    expect((await changer.end(id)).failure).toEqual({ code: 'daemon-file-given-up', state: 'restored' })
    expect(state()?.text).toBe(without)
    expect(await mirrorsOf(engine)).toEqual([])
  })

  test('a plan is applied once, and an unknown one never', async () => {
    const kept = await changer.plan([good.address])
    expect(await changer.apply(kept.id)).toMatchObject({ state: 'done' })
    expect(await changer.handlers['daemon-config.apply'](kept.id)).toMatchObject({ error: { code: 'plan-unknown' } })
    expect((await changer.plan([good.address])).plan.change).toBeUndefined()
  })

  test('a newer request makes the older plan unusable before the newer plan is there', async () => {
    const older = await changer.plan([good.address])
    const overtaken = changer.plan([good.address])
    const newer = changer.plan([second.address])
    expect(await changer.handlers['daemon-config.apply'](older.id)).toMatchObject({ error: { code: 'plan-unknown' } })
    await expect(overtaken).rejects.toThrow('plan-unknown')
    expect(await changer.apply((await newer).id)).toMatchObject({ state: 'done' })
    expect(await mirrorsOf(engine)).toEqual([second.address])
  })

  test('a file that cannot be parsed is shown with the line of the error, and is not planned over', async () => {
    write('{\n  "debug": true,\n}\n')
    expect(await changer.now()).toMatchObject({ fault: { code: 'trailing-comma', place: { line: 2 } } })
    const kept = await changer.plan([good.address])
    expect(kept.plan.change).toBeUndefined()
    expect(await changer.handlers['daemon-config.apply'](kept.id)).toMatchObject({ error: { code: 'plan-unknown' } })
    expect(state()?.text).toBe('{\n  "debug": true,\n}\n')
  })
})

test('if the engine dies in the middle, the file is restored, and the failure says so', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
  write('{ "debug": false }')
  process.kill(engine.pid, 'SIGHUP')
  let killed: Promise<void> | undefined
  const changer = await openChanger({
    online,
    socket: systemPaths.socket,
    onStep(step) {
      if (step === 'swapped' || step === 'backed-up') killed ??= engine.kill()
    },
  })
  try {
    const job = await changer.set([good.address])
    await killed
    expect(job.state).toBe('failed')
    expect(state()?.text).toBe('{ "debug": false }')
    noHelperLeft()
  } finally {
    await changer.stop()
    await engine.stop()
  }
})

test('an engine outside the usual installations is not changed', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  const changer = await openChanger({ online, socket: engine.socket })
  try {
    expect(await changer.now()).toMatchObject({ way: 'nobody', installation: 'elsewhere' })
    const kept = await changer.plan([good.address])
    expect(kept.plan.obstacles).toMatchObject([{ kind: 'elsewhere', blocks: true }])
    expect(await changer.handlers['daemon-config.apply'](kept.id)).toMatchObject({ error: { code: 'plan-unknown' } })
  } finally {
    await changer.stop()
    await engine.stop()
  }
})

test('a file that keeps Docker from starting is replaced by a backup, which Docker reads when it starts', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true, env: online.hub.engineEnv })
  write('{ "debug": false }')
  process.kill(engine.pid, 'SIGHUP')
  const changer = await openChanger({ online, socket: systemPaths.socket })
  try {
    expect(await changer.set([good.address])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.now()).changes
    await engine.shutDown()
    await eventually(() => changer.served.engine.state().status === 'away')
    write('{ "debugg": true }')

    const begun = await changer.handlers['daemon-config.restore'](backup!)
    const job = await changer.end(begun.ok ? begun.value : '')
    expect(job).toMatchObject({ state: 'done', subject: { restores: true, atStart: true } })
    expect(job.items.filter(({ state }) => state === 'skipped').map(({ name }) => name)).toEqual([
      'reloaded',
      'confirmed',
    ])
    expect(state()?.text).toBe('{ "debug": false }')
    await engine.restart()
    expect(await mirrorsOf(engine)).toEqual([])
    noHelperLeft()
  } finally {
    await changer.stop()
    await engine.stop()
  }
})

test('if the helper is killed in the middle, the change has failed, and the next one restores the file first', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true, env: online.hub.engineEnv })
  write('{ "debug": false }')
  process.kill(engine.pid, 'SIGHUP')
  const helpers = () => execFileSync('pgrep', ['-f', installed], { encoding: 'utf8' }).trim().split('\n').map(Number)
  const kill = () => helpers().forEach((pid) => process.kill(pid, 'SIGKILL'))
  const changer = await openChanger({
    ...{ online, socket: systemPaths.socket },
    onStep: (step) => void (step === 'confirmed' && state()?.text.includes(good.address) && kill()),
  })
  try {
    const mirrors = [good.address]
    expect((await changer.set(mirrors)).failure).toMatchObject({ code: 'helper-ended' })
    const told = await changer.handlers['daemon-config.plan']({ mirrors, withPassword: false })
    expect(told).toMatchObject({ error: { code: 'daemon-file-cut', helper: true } })
    const planned = await changer.handlers['daemon-config.plan']({ mirrors: [second.address], withPassword: true })
    expect(planned).toMatchObject({ ok: true, value: { plan: { change: { before: '{ "debug": false }' } } } })
    expect(await mirrorsOf(engine)).toEqual([])
    expect(await changer.apply(planned.ok ? planned.value.id : '')).toMatchObject({ state: 'done' })
    expect(await mirrorsOf(engine)).toEqual([second.address])
  } finally {
    await changer.stop()
    await engine.stop()
  }
})

test('a file that only an administrator may read is read by the helper alone, once the user knows of the password', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
  const secret = '{ "registry-mirrors": ["https://secret.example"] }'
  write(secret, { mode: 0o600 })
  const changer = await openChanger({ online, socket: systemPaths.socket })
  const asNobody = async <T>(ask: () => Promise<T>) => {
    process.seteuid!(65_534)
    return ask().finally(() => process.seteuid!(0))
  }
  try {
    const now = await asNobody(() => changer.now())
    expect(now).toMatchObject({ way: 'helper', secret: true, file: systemPaths.config })
    expect(now.named).toBeUndefined()
    const mirrors = [good.address]
    expect(
      await asNobody(async () => changer.handlers['daemon-config.plan']({ mirrors, withPassword: false })),
    ).toEqual({
      ok: false,
      error: { code: 'daemon-file-secret', file: systemPaths.config, helper: true },
    })
    const read = await asNobody(async () => changer.handlers['daemon-config.plan']({ mirrors, withPassword: true }))
    expect(read).toMatchObject({ ok: true, value: { plan: { change: { before: secret } } } })
  } finally {
    await changer.stop()
    await engine.stop()
  }
})
