import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import type { Mirror } from '../../../tools/world/mirrors.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { openChanger, type Changer, textAfter } from './changer.ts'
import { reloadMirrors } from './killed-helper.ts'
import {
  changeTo,
  commandOf,
  hashOf,
  helperTools,
  readMirrors,
  expectNoHelperRunning,
  userScope,
} from './helper-tools.ts'

let online: Online
let good: Mirror
beforeAll(async () => {
  online = await startOnline()
  good = await online.mirrors.add('good')
})
afterAll(() => online?.stop())
afterEach(expectNoHelperRunning)

/**
 * The whole change, with the test pull, for a rootless Docker. Here its user is root; in `own-helper` and
 * `own-odd-files` the user is nobody.
 */
describe('the daemon.json of a rootless Docker', () => {
  let engine: Engine
  let changer: Changer
  let folder: string
  let env: Record<string, string>
  const file = () => join(folder, 'config/docker/daemon.json')
  const open = () => openChanger({ online, socket: join(folder, 'run/docker.sock'), env })
  const expectText = (text: string) => expect(readFileSync(engine.configFile, 'utf8')).toBe(text)

  beforeAll(async () => {
    engine = await startEngine({ version: '26.1', store: 'classic', env: online.hub.engineEnv })
    // The layout of rootless Docker: socket and pid file in XDG_RUNTIME_DIR, daemon.json in XDG_CONFIG_HOME.
    folder = mkdtempSync(join(tmpdir(), 'rootless-'))
    mkdirSync(join(folder, 'run'))
    symlinkSync(engine.socket, join(folder, 'run/docker.sock'))
    writeFileSync(join(folder, 'run/docker.pid'), String(engine.pid))
    mkdirSync(join(folder, 'config/docker'), { recursive: true })
    symlinkSync(engine.configFile, file())
    env = {
      HOME: join(folder, 'home'),
      XDG_RUNTIME_DIR: join(folder, 'run'),
      XDG_CONFIG_HOME: join(folder, 'config'),
      XDG_STATE_HOME: join(folder, 'state'),
    }
    changer = await open()
  })
  afterAll(async () => {
    await changer?.stop()
    await engine?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  /** Writes the file, after the engine has loaded an empty list of mirrors. */
  async function prepare(text: string) {
    writeFileSync(engine.configFile, '{"registry-mirrors": []}')
    await reloadMirrors(engine, [])
    writeFileSync(engine.configFile, text)
  }

  test('is changed through a symbolic link, without a password and without root’s helper, and is restored from its backup', async () => {
    const before = readFileSync(file(), 'utf8')
    const stored = await changer.plan([good.address])
    expect(stored).toMatchObject({ method: 'user-helper', file: file() })
    const job = await changer.apply(stored.id)
    expect(job).toMatchObject({ state: 'done' })
    expect(job.items.map(({ name }) => name)).not.toContain('password')
    expect(await readMirrors(engine)).toEqual([good.address])
    expectText(textAfter(stored.plan.change!.diff))

    const [{ backup } = {}] = (await changer.readConfig()).changes
    writeFileSync(engine.configFile, '{,')
    const restoreJob = await changer.restore(backup)
    expect(restoreJob.items.map(({ state }) => state)).toEqual(restoreJob.items.map(() => 'done'))
    expectText(before)
    rmSync(`${engine.configFile}.faulty-${hashOf('{,').slice(0, 12)}`)
  })

  test('can be restored from a backup that has the same mirror twice, which the engine counts once', async () => {
    const textWithDuplicate = `{"registry-mirrors": ["${good.address}", "${good.address}/"]}`
    writeFileSync(engine.configFile, textWithDuplicate)
    await reloadMirrors(engine, [good.address])
    expect(await changer.setMirrors([])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.readConfig()).changes
    writeFileSync(engine.configFile, '{,')
    expect(await changer.restore(backup)).toMatchObject({
      state: 'done',
      subject: { mirrors: [good.address, `${good.address}/`] },
    })
    expectText(textWithDuplicate)
  })

  test('is not changed if it has an option that the engine refuses', async () => {
    const refusedText = '{"no-such-option": 1}'
    writeFileSync(engine.configFile, refusedText)
    expect((await changer.setMirrors([good.address])).failure).toMatchObject({
      ...{ code: 'daemon-file-refused', state: 'untouched', detail: expect.stringContaining('no-such-option') },
    })
    expectText(refusedText)
  })

  test('is restored after a crash: the first time automatically, later by the next change', async () => {
    const before = '{ "debug": false, "labels": ["\u00e9=\ud83d\ude80"] }'
    await prepare(before)
    const changedText = before.replace('{', `{ "registry-mirrors": ["${good.address}"],`)
    await crashDuringChange(before, changedText)
    expectText(changedText)
    expect(await readMirrors(engine)).toEqual([good.address])
    const again = await open()
    try {
      await again.readConfig()
      expectText(before)
      expect(await readMirrors(engine)).toEqual([])

      await crashDuringChange(before, changedText)
      await again.readConfig()
      expectText(changedText)
      // The next change restores the file first.
      expect((await again.setMirrors([])).failure).toMatchObject({ code: 'daemon-file-recovered', state: 'restored' })
      expectText(before)
    } finally {
      await again.stop()
    }
  })

  /** Kills the helper after the engine has loaded a change, before the change is kept. */
  async function crashDuringChange(before: string, newText: string) {
    const scope = userScope(env, true)
    const pidFile = join(folder, 'helper.pid')
    const recordPid = ['/bin/sh', '-c', 'echo $$ >"$0"; exec "$@"', pidFile] as const
    const { helper } = await helperTools(scope).startHelper({ command: [...recordPid, ...commandOf(scope)] })
    const result = await helper.change(changeTo(before, newText))
    expect(result).toMatchObject({ ok: true, value: { confirmed: true } })
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
    await helper.end()
  }

  test('and the engine’s mirrors are restored after a failed change', async () => {
    const before = '{\n    "debug": false\n}'
    await prepare(before)
    online.hub.setBehaviour('all', 'down')
    good.setBehaviour({ answers: 503 })
    const job = await changer.setMirrors([good.address])
    expect(job.failure).toMatchObject({ state: 'restored' })
    expectText(before)
    expect(await readMirrors(engine)).toEqual([])
  })
})
