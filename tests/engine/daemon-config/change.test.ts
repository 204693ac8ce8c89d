import { execFileSync } from 'node:child_process'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import type { Mirror } from '../../../tools/world/mirrors.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { openChanger, textAfter, type Changer } from './changer.ts'
import { eventually } from '../eventually.ts'
import { installedHelper, readMirrors, expectNoHelperRunning, readState, write } from './helper-tools.ts'
import { matrix } from '../matrix.ts'

let online: Online
let uninstall: () => void
let good: Mirror
let second: Mirror
/** Used only by the test in which Slipway trusts no certificate. */
let third: Mirror
beforeAll(async () => {
  uninstall = installHelperInWorld()
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

describe.each(matrix)('on $title', (options) => {
  const features = options.store === 'containerd' ? '"features": { "containerd-snapshotter": true }' : '"debug": false'
  const originalText = `{\n\t${features}\n}\n`
  let engine: Engine
  let changer: Changer
  let onStep: (step: string) => void = () => {}

  beforeAll(async () => {
    engine = await startEngine({ ...options, asInstalled: true, env: online.hub.engineEnv })
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
    await eventually(async () => (await readMirrors(engine)).length === 0)
    write(originalText)
    process.kill(engine.pid, 'SIGHUP')
  })
  afterEach(expectNoHelperRunning)

  test('a change is executed as planned, confirmed by the engine, tested by a pull that leaves no image, and can be restored', async () => {
    const imageCount = (await engine.docker.listImages({ all: true })).length
    const storedPlan = await changer.plan([good.address, second.address])
    expect(storedPlan).toMatchObject({
      method: 'root-helper',
      file: '/etc/docker/daemon.json',
      plan: { obstacles: [] },
    })
    const job = await changer.apply(storedPlan.id)
    expect(job).toMatchObject({ state: 'done' })
    expect(job.items.every((item) => item.state === 'done')).toBe(true)
    // Docker 20.10 cannot check a file beforehand.
    expect('unvalidated' in job.subject).toBe(options.version === '20.10')
    expect(await readMirrors(engine)).toEqual([good.address, second.address])
    expect(readState()?.text).toBe(`${textAfter(storedPlan.plan.change!.diff)}\n`)
    expect(good.requests.length).toBeGreaterThan(0)
    expect((await engine.docker.listImages({ all: true })).length).toBe(imageCount)
    expect((await changer.readConfig()).changes[0]).toMatchObject({ before: [], after: [good.address, second.address] })

    // The engine's reload event updates the window. This can take long: after the image of the test pull is removed, an
    // engine with the containerd store refuses requests for a moment, and Slipway reconnects.
    await expect
      .poll(
        () => {
          const engineState = changer.served.engine.state()
          return engineState.status === 'connected' ? engineState.facts.mirrors : []
        },
        { timeout: 20_000 },
      )
      .toEqual([`${good.address}/`, `${second.address}/`])

    expect(await changer.setMirrors([])).toMatchObject({ state: 'done' })
    expect(await readMirrors(engine)).toEqual([])
    const [{ backup } = {}] = (await changer.readConfig()).changes
    expect((await changer.restore(backup)).failure).toBeUndefined()
    expect(await readMirrors(engine)).toEqual([good.address, second.address])
  })

  test('if the test pull fails, the file and the engine’s mirrors are restored', async () => {
    online.hub.setBehaviour('all', 'down')
    good.setBehaviour({ answers: 503 })
    const job = await changer.setMirrors([good.address])
    expect(job).toMatchObject({ state: 'failed' })
    expect(job.failure?.code).toMatch(/^(daemon-file-test-failed|daemon-file-not-applied)$/)
    expect(readState()?.text).toBe(originalText)
    expect(await readMirrors(engine)).toEqual([])
  })

  test('if a mirror answers with an error, the change is undone, even if the engine already has the test image', async () => {
    const steps = [{ instruction: 'COPY hello /', bytes: 1000 }]
    await loadImages(engine.docker, [{ references: ['hello-world:latest'], created: new Date(0), steps }])
    second.setBehaviour({ answers: 503 })
    const job = await changer.setMirrors([second.address])
    await engine.docker.getImage('hello-world:latest').remove()
    expect(job).toMatchObject({ state: 'failed', failure: { code: 'daemon-file-test-failed', state: 'restored' } })
    expect(readState()?.text).toBe(originalText)
  })

  test('mirrors that are in the file, but that Docker has not loaded yet, can be applied, and restored from a backup', async () => {
    const editedText = `{"registry-mirrors": ["${good.address}"], ${features}}`
    expect(await changer.setMirrors([second.address])).toMatchObject({ state: 'done' })
    write(editedText)
    const storedPlan = await changer.plan([good.address])
    expect(storedPlan.plan.change).toEqual({ diff: [{ kind: 'same', text: editedText, line: 1 }], isMasked: false })
    expect(await changer.apply(storedPlan.id)).toMatchObject({ state: 'done' })
    expect(await readMirrors(engine)).toEqual([good.address])

    expect(await changer.setMirrors([])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.readConfig()).changes
    expect(await changer.restore(backup)).toMatchObject({ state: 'done' })
    expect(JSON.parse(readState()?.text ?? '')).toEqual(JSON.parse(editedText))
    expect(await readMirrors(engine)).toEqual([good.address])
    expect((await changer.planRestore(backup)).plan).toMatchObject({ obstacles: [] })
    expect((await changer.planRestore(backup)).plan.change).toBeUndefined()
  })

  test('a backup from before an administrator’s hardening brings back its mirrors, and nothing else', async () => {
    const old = JSON.parse(originalText) as object
    const trusting = {
      ...old,
      'registry-mirrors': [second.address, good.address],
      'insecure-registries': ['reg.example'],
    }
    write(JSON.stringify(trusting))
    expect(await changer.setMirrors([])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.readConfig()).changes
    const hardened = { ...old, 'registry-mirrors': [], 'insecure-registries': [], 'no-new-privileges': true }
    write(JSON.stringify(hardened))
    const storedPlan = await changer.planRestore(backup)
    expect(storedPlan.whole).toBeUndefined()
    expect(await changer.apply(storedPlan.id)).toMatchObject({ state: 'done' })
    expect(JSON.parse(readState()?.text ?? '')).toEqual({
      ...hardened,
      'registry-mirrors': [second.address, good.address],
    })
    expect(await readMirrors(engine)).toEqual([second.address, good.address])
  })

  test('nothing is restored without a plan that was shown', async () => {
    expect(await changer.setMirrors([good.address])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.readConfig()).changes
    const before = readState()
    const unknown = { error: { code: 'plan-unknown' } }
    expect(await changer.handlers['daemon-config.apply'](backup!)).toMatchObject(unknown)
    const hash = backup!.replace(/./g, '0')
    expect(await changer.handlers['daemon-config.plan-restore']({ hash, withPassword: false })).toMatchObject({
      error: { code: 'daemon-file-no-backup' },
    })
    const faulty = `{ ${features}, }`
    write(faulty)
    const storedPlan = await changer.planRestore(backup)
    await changer.plan([second.address])
    expect(await changer.handlers['daemon-config.apply'](storedPlan.id)).toMatchObject(unknown)
    const planned = await changer.planRestore(backup)
    write(before?.text)
    expect(await changer.apply(planned.id)).toMatchObject({
      failure: { code: 'daemon-file-changed', state: 'untouched' },
    })
    expect(readState()).toEqual(before)
  })

  test('restoring a backup without mirrors removes mirrors that Docker still uses but the file no longer has', async () => {
    expect(await changer.setMirrors([good.address])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.readConfig()).changes
    write(originalText.replace('{', '{ '))
    expect(await changer.restore(backup)).toMatchObject({ state: 'done' })
    expect(JSON.parse(readState()?.text ?? '')).toEqual({ ...JSON.parse(originalText), 'registry-mirrors': [] })
    expect(await readMirrors(engine)).toEqual([])
  })

  test('a mirror that only Docker trusts is tested by Docker itself', async () => {
    const distrustful = await openChanger({
      online,
      socket: systemPaths.socket,
      httpEnv: { ...online.hub.env, SSL_CERT_FILE: '/dev/null', SSL_CERT_DIR: '/dev/null' },
    })
    expect(await distrustful.setMirrors([third.address])).toMatchObject({ state: 'done' })
    await distrustful.stop()
    expect(await engine.docker.listImages()).toEqual([])

    third.setBehaviour({ connecting: 'refused' })
    expect(await changer.setMirrors([good.address, third.address].toReversed())).toMatchObject({
      failure: { code: 'daemon-file-test-failed', state: 'restored' },
    })
    third.setBehaviour()
  })

  test('a file that someone else changed after the plan was made is not overwritten', async () => {
    const storedPlan = await changer.plan([good.address])
    write(`{ ${features} }`)
    const job = await changer.apply(storedPlan.id)
    expect(job.failure).toMatchObject({ code: 'daemon-file-changed', state: 'untouched' })
    expect(readState()?.text).toBe(`{ ${features} }`)
  })

  test('cancelling the job during the test pull restores the file and the engine’s mirrors', async () => {
    good.setBehaviour({ hangs: 'manifest' })
    online.hub.setBehaviour('all', 'hung')
    const storedPlan = await changer.plan([good.address])
    const started = await changer.handlers['daemon-config.apply'](storedPlan.id)
    const id = started.ok ? started.value : ''
    onStep = (step) => step === 'confirmed' && changer.cancel(id)
    expect((await changer.waitForEnd(id)).failure).toEqual({ code: 'daemon-file-cancelled', state: 'restored' })
    expect(readState()?.text).toBe(originalText)
    expect(await readMirrors(engine)).toEqual([])
  })

  test('a plan can be applied only once', async () => {
    const storedPlan = await changer.plan([good.address])
    expect(await changer.apply(storedPlan.id)).toMatchObject({ state: 'done' })
    expect(await changer.handlers['daemon-config.apply'](storedPlan.id)).toMatchObject({
      error: { code: 'plan-unknown' },
    })
    expect((await changer.plan([good.address])).plan.change).toBeUndefined()
  })

  test('a newer request for a plan invalidates the older plan at once', async () => {
    const older = await changer.plan([good.address])
    const superseded = changer.plan([good.address])
    const newer = changer.plan([second.address])
    expect(await changer.handlers['daemon-config.apply'](older.id)).toMatchObject({ error: { code: 'plan-unknown' } })
    await expect(superseded).rejects.toThrow('plan-unknown')
    expect(await changer.apply((await newer).id)).toMatchObject({ state: 'done' })
    expect(await readMirrors(engine)).toEqual([second.address])
  })

  test('a file that cannot be parsed is reported with the line of the error, and no change is planned', async () => {
    write('{\n  "debug": true,\n}\n')
    expect(await changer.readConfig()).toMatchObject({ fault: { code: 'trailing-comma', place: { line: 2 } } })
    const storedPlan = await changer.plan([good.address])
    expect(storedPlan.plan.change).toBeUndefined()
    expect(await changer.handlers['daemon-config.apply'](storedPlan.id)).toMatchObject({
      error: { code: 'plan-unknown' },
    })
    expect(readState()?.text).toBe('{\n  "debug": true,\n}\n')
  })
})

test('if the engine dies during a change, the change fails and the file is restored', async () => {
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
    const job = await changer.setMirrors([good.address])
    await killed
    expect(job.state).toBe('failed')
    expect(readState()?.text).toBe('{ "debug": false }')
    expectNoHelperRunning()
  } finally {
    await changer.stop()
    await engine.stop()
  }
})

test('the daemon.json of an engine in an unknown location is not changed', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  const changer = await openChanger({ online, socket: engine.socket })
  try {
    expect(await changer.readConfig()).toMatchObject({ method: 'none', installation: 'elsewhere' })
    const storedPlan = await changer.plan([good.address])
    expect(storedPlan.plan.obstacles).toMatchObject([{ kind: 'elsewhere', blocks: true }])
    expect(await changer.handlers['daemon-config.apply'](storedPlan.id)).toMatchObject({
      error: { code: 'plan-unknown' },
    })
  } finally {
    await changer.stop()
    await engine.stop()
  }
})

test('a plan ends when the window shows another engine, and changes neither engine nor file', async () => {
  write('{}\n')
  const options = { version: '26.1', store: 'classic' } as const
  const [engine, other] = await Promise.all([startEngine({ ...options, asInstalled: true }), startEngine(options)])
  const contexts = { system: { host: `unix://${systemPaths.socket}` }, other: { host: `unix://${other.socket}` } }
  const changer = await openChanger({ online, socket: systemPaths.socket, contexts })
  const switchTo = async (name: string) => {
    await changer.served.calls['engine.switch'](name)
    await eventually(() => {
      const state = changer.served.engine.state()
      return state.status === 'connected' && state.context.name === name
    })
  }
  try {
    const text = readState()?.text
    const stored = await changer.plan([good.address])
    await switchTo('other')
    const refused = { error: { code: 'plan-outdated' } }
    expect(await changer.handlers['daemon-config.apply'](stored.id)).toMatchObject(refused)
    expect(await Promise.all([readMirrors(engine), readMirrors(other)])).toEqual([[], []])
    expect(readState()?.text).toBe(text)

    await switchTo('system')
    const planning = changer.handlers['daemon-config.plan']({ mirrors: [good.address], withPassword: false })
    await switchTo('other')
    expect(await planning).toMatchObject({ error: { code: 'plan-unknown' } })
  } finally {
    await changer.stop()
    await Promise.all([engine.stop(), other.stop()])
  }
})

test('a file that is not JSON is replaced by a backup, which Docker reads at its next start', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true, env: online.hub.engineEnv })
  write('{ "debug": false }')
  process.kill(engine.pid, 'SIGHUP')
  const changer = await openChanger({ online, socket: systemPaths.socket })
  try {
    expect(await changer.setMirrors([good.address])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.readConfig()).changes
    await engine.shutDown()
    await eventually(() => changer.served.engine.state().status === 'away')

    // Docker does not start with this file either, but it can be read, and has settings that are not in the backup.
    write('{ "debugg": true, "icc": false }')
    const blocked = await changer.planRestore(backup)
    expect(blocked).toMatchObject({ plan: { obstacles: [{ kind: 'not-connected', blocks: true }] } })
    expect(blocked.whole).toBeUndefined()
    expect(await changer.handlers['daemon-config.apply'](blocked.id)).toMatchObject({ error: { code: 'plan-unknown' } })
    expect(blocked.wholeByHand).toContain(
      `sudo cp /var/lib/slipway/backups/${backup} /etc/docker/daemon.json.slipway-new`,
    )

    write('{ "data-root": "/data", "debug": true, }')
    const storedPlan = await changer.planRestore(backup)
    expect(storedPlan).toMatchObject({ whole: { loses: ['data-root'], gains: [], movesData: true } })
    expect(storedPlan.wholeByHand).toBeUndefined()
    const job = await changer.apply(storedPlan.id)
    expect(job).toMatchObject({ state: 'done', subject: { restores: true, atStart: true } })
    expect(job.items.filter(({ state }) => state === 'skipped').map(({ name }) => name)).toEqual([
      'reloaded',
      'confirmed',
    ])
    expect(readState()?.text).toBe('{ "debug": false }')
    await engine.restart()
    expect(await readMirrors(engine)).toEqual([])
    expectNoHelperRunning()
  } finally {
    await changer.stop()
    await engine.stop()
  }
})

test('if the helper is killed during a change, the change fails, and the next change first restores the file', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true, env: online.hub.engineEnv })
  write('{ "debug": false }')
  process.kill(engine.pid, 'SIGHUP')
  const helperPids = () =>
    execFileSync('pgrep', ['-f', installedHelper], { encoding: 'utf8' }).trim().split('\n').map(Number)
  const killHelpers = () => helperPids().forEach((pid) => process.kill(pid, 'SIGKILL'))
  const changer = await openChanger({
    ...{ online, socket: systemPaths.socket },
    onStep: (step) => void (step === 'confirmed' && readState()?.text.includes(good.address) && killHelpers()),
  })
  try {
    const mirrors = [good.address]
    expect((await changer.setMirrors(mirrors)).failure).toMatchObject({ code: 'helper-ended' })
    const refused = await changer.handlers['daemon-config.plan']({ mirrors, withPassword: false })
    expect(refused).toMatchObject({ error: { code: 'daemon-file-interrupted', helper: true } })
    const planned = await changer.handlers['daemon-config.plan']({ mirrors: [second.address], withPassword: true })
    expect(planned).toMatchObject({
      ok: true,
      value: { plan: { change: { diff: [{ text: '{ "debug": false }' }, {}], isMasked: false } } },
    })
    expect(await readMirrors(engine)).toEqual([])
    expect(await changer.apply(planned.ok ? planned.value.id : '')).toMatchObject({ state: 'done' })
    expect(await readMirrors(engine)).toEqual([second.address])
  } finally {
    await changer.stop()
    await engine.stop()
  }
})

/** Runs an action as a user who cannot read root's files. */
const asNobody = async <T>(action: () => Promise<T>) => {
  process.seteuid!(65_534)
  return action().finally(() => process.seteuid!(0))
}

test('a file that only root can read, and that is not JSON, is replaced by a backup', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true, env: online.hub.engineEnv })
  write('{ "debug": false }', { mode: 0o600 })
  process.kill(engine.pid, 'SIGHUP')
  const changer = await openChanger({ online, socket: systemPaths.socket })
  try {
    expect(await changer.setMirrors([good.address])).toMatchObject({ state: 'done' })
    const [{ backup: hash = '' } = {}] = (await changer.readConfig()).changes
    write('{ "log-driver": "local", }', { mode: 0o600 })
    const plan = async (withPassword: boolean) =>
      asNobody(async () => changer.handlers['daemon-config.plan-restore']({ hash, withPassword }))
    expect(await plan(false)).toMatchObject({ error: { code: 'daemon-file-needs-password', helper: true } })
    const planned = await plan(true)
    expect(planned).toMatchObject({ ok: true, value: { whole: { loses: [], gains: [] } } })
    expect(await changer.apply(planned.ok ? planned.value.id : '')).toMatchObject({ state: 'done' })
    expect(readState()).toMatchObject({ text: '{ "debug": false }', mode: '600' })
    expect(await readMirrors(engine)).toEqual([])
    expectNoHelperRunning()
  } finally {
    await changer.stop()
    await engine.stop()
  }
})
