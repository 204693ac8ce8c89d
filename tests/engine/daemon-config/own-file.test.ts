import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import type { Mirror } from '../../../tools/world/mirrors.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { openChanger, type Changer } from './changer.ts'
import { reloaded } from './cut-helper.ts'
import { commandOf, hashOf, helpedOn, mirrorsOf, noHelperLeft, ownSide } from './helper-side.ts'

let online: Online
let good: Mirror
beforeAll(async () => {
  online = await startOnline()
  good = await online.mirrors.add('good')
})
afterAll(() => online?.stop())
afterEach(noHelperLeft)

/** All of it, with pulls, for a user who is root and has an own Docker; `own-helper` and `own-odd-files` try it as somebody who is not. */
describe('the file of a user’s own Docker', () => {
  let engine: Engine
  let changer: Changer
  let folder: string
  let env: Record<string, string>
  const file = () => join(folder, 'config/docker/daemon.json')
  const open = () => openChanger({ online, socket: join(folder, 'run/docker.sock'), env })
  const has = (text: string) => expect(readFileSync(engine.configFile, 'utf8')).toBe(text)

  beforeAll(async () => {
    engine = await startEngine({ version: '26.1', store: 'classic', env: online.hub.engineEnv })
    // As rootless Docker lays it: its socket and process in the runtime folder, its file in the configuration's.
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

  /** The file as wanted, and an engine without mirrors. */
  async function given(text: string) {
    writeFileSync(engine.configFile, '{"registry-mirrors": []}')
    await reloaded(engine, [])
    writeFileSync(engine.configFile, text)
  }

  test('it is changed without a password, by a helper without rights, through a link that stays one', async () => {
    const before = readFileSync(file(), 'utf8')
    const kept = await changer.plan([good.address])
    expect(kept).toMatchObject({ way: 'own', file: file() })
    const job = await changer.apply(kept.id)
    expect(job).toMatchObject({ state: 'done' })
    expect(job.items.map(({ name }) => name)).not.toContain('password')
    expect(await mirrorsOf(engine)).toEqual([good.address])
    has(kept.plan.change!.after)

    const [{ backup } = {}] = (await changer.now()).changes
    const restored = await changer.handlers['daemon-config.restore'](backup!)
    const back = await changer.end(restored.ok ? restored.value : '')
    expect(back.items.map(({ state }) => state)).toEqual(back.items.map(() => 'done'))
    has(before)
  })

  test('a backup that names a mirror twice is taken up as the engine counts it', async () => {
    const twice = `{"registry-mirrors": ["${good.address}", "${good.address}/"]}`
    writeFileSync(engine.configFile, twice)
    await reloaded(engine, [good.address])
    expect(await changer.set([])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.now()).changes
    const restored = await changer.handlers['daemon-config.restore'](backup!)
    expect(await changer.end(restored.ok ? restored.value : '')).toMatchObject({
      state: 'done',
      subject: { mirrors: [good.address, `${good.address}/`] },
    })
    has(twice)
  })

  test('a text that the engine would refuse is not written', async () => {
    const unfit = '{"no-such-option": 1}'
    writeFileSync(engine.configFile, unfit)
    expect((await changer.set([good.address])).failure).toMatchObject({
      ...{ code: 'daemon-file-refused', state: 'untouched', detail: expect.stringContaining('no-such-option') },
    })
    has(unfit)
  })

  test('a crash in the middle is put back when the engine is next seen, and the file is not looked at again', async () => {
    const before = '{ "debug": false, "labels": ["\u00e9=\ud83d\ude80"] }'
    await given(before)
    const changed = before.replace('{', `{ "registry-mirrors": ["${good.address}"],`)
    await crash(before, changed)
    has(changed)
    expect(await mirrorsOf(engine)).toEqual([good.address])
    const again = await open()
    try {
      await again.now()
      has(before)
      expect(await mirrorsOf(engine)).toEqual([])

      await crash(before, changed)
      await again.now()
      has(changed)
      // Whoever changes it next has it put back first.
      expect((await again.set([])).failure).toMatchObject({ code: 'daemon-file-recovered', state: 'restored' })
      has(before)
    } finally {
      await again.stop()
    }
  })

  /** The helper is killed where the engine has taken up the change and nothing was kept yet. */
  async function crash(before: string, newText: string) {
    const side = ownSide(env, true)
    const pidFile = join(folder, 'helper.pid')
    const known = ['/bin/sh', '-c', 'echo $$ >"$0"; exec "$@"', pidFile] as const
    const { helper } = await helpedOn(side).opened({ command: [...known, ...commandOf(side)] })
    const changed = await helper.change({ oldHash: hashOf(before), newText })
    expect(changed).toMatchObject({ ok: true, value: { confirmed: true } })
    process.kill(Number(readFileSync(pidFile, 'utf8')), 'SIGKILL')
    await helper.end()
  }

  test('a failed change restores the file’s bytes and the engine’s mirrors', async () => {
    const before = '{\n    "debug": false\n}'
    await given(before)
    online.hub.setBehaviour('all', 'down')
    good.setBehaviour({ answers: 503 })
    const job = await changer.set([good.address])
    expect(job.failure).toMatchObject({ state: 'restored' })
    has(before)
    expect(await mirrorsOf(engine)).toEqual([])
  })
})
