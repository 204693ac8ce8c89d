import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Helper } from '../../main/mirrors/helper.ts'
import { openOwnFile } from '../../main/mirrors/own-file.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import type { Mirror } from '../../tools/world/mirrors.ts'
import { startOnline, type Online } from '../../tools/world/world.ts'
import { openChanger, type Changer } from './changer.ts'
import { hashOf, mirrorsOf } from './helped.ts'

let online: Online
let good: Mirror
beforeAll(async () => {
  online = await startOnline()
  good = await online.mirrors.add('good')
})
afterAll(() => online?.stop())

/** Changes the file as Slipway does, and is killed where the engine has taken it up and nothing was kept yet. */
const crash = `
  import { openOwnFile } from './main/mirrors/own-file.ts'
  const [file, backups, pidFile, oldHash, newText] = process.argv.slice(1)
  const opened = await openOwnFile({ file, backups, pidFile, inForce: async () => [] })
  const changed = await opened.value.change({ oldHash, newText })
  if (changed.ok) process.kill(process.pid, 'SIGKILL')
`

describe('the file of a user’s own Docker', () => {
  let engine: Engine
  let changer: Changer
  let folder: string
  const file = () => join(folder, 'config/docker/daemon.json')
  const pidFile = () => join(folder, 'run/docker.pid')
  async function helped<T>(say: (helper: Helper) => Promise<T>) {
    const own = { file: file(), backups: changer.backups, pidFile: pidFile(), inForce: () => mirrorsOf(engine) }
    const opened = await openOwnFile(own)
    if (!opened.ok) throw new Error(opened.error.code)
    return say(opened.value).finally(() => opened.value.end())
  }

  beforeAll(async () => {
    engine = await startEngine({ version: '26.1', store: 'classic', env: online.hub.engineEnv })
    // As rootless Docker lays it: its socket and process in the runtime folder, its file in the configuration's.
    folder = mkdtempSync(join(tmpdir(), 'rootless-'))
    mkdirSync(join(folder, 'run'))
    symlinkSync(engine.socket, join(folder, 'run/docker.sock'))
    writeFileSync(join(folder, 'run/docker.pid'), String(engine.pid))
    mkdirSync(join(folder, 'config/docker'), { recursive: true })
    symlinkSync(engine.configFile, file())
    const env = { XDG_RUNTIME_DIR: join(folder, 'run'), XDG_CONFIG_HOME: join(folder, 'config') }
    changer = await openChanger({ online, socket: join(folder, 'run/docker.sock'), env })
  })
  afterAll(async () => {
    await changer?.stop()
    await engine?.stop()
    rmSync(folder, { recursive: true, force: true })
  })

  test('it is changed without a helper and without a password, through a link that stays one', async () => {
    const before = readFileSync(file(), 'utf8')
    const kept = await changer.plan([good.address])
    expect(kept).toMatchObject({ way: 'own', file: file() })
    const job = await changer.apply(kept.id)
    expect(job).toMatchObject({ state: 'done' })
    expect(job.items.map(({ name }) => name)).not.toContain('password')
    expect(await mirrorsOf(engine)).toEqual([good.address])
    expect(readFileSync(engine.configFile, 'utf8')).toBe(kept.plan.change!.after)

    const [{ backup } = {}] = (await changer.now()).changes
    const restored = await changer.handlers['daemon.restore'](backup!)
    const back = await changer.end(restored.ok ? restored.value : '')
    expect(back.items.map(({ state }) => state)).toEqual(back.items.map(() => 'done'))
    expect(readFileSync(engine.configFile, 'utf8')).toBe(before)
  })

  test('a backup that names a mirror twice is taken up as the engine counts it', async () => {
    const twice = `{"registry-mirrors": ["${good.address}", "${good.address}/"]}`
    writeFileSync(engine.configFile, twice)
    process.kill(engine.pid, 'SIGHUP')
    await expect.poll(() => mirrorsOf(engine)).toEqual([good.address])
    expect(await changer.set([])).toMatchObject({ state: 'done' })
    const [{ backup } = {}] = (await changer.now()).changes
    const restored = await changer.handlers['daemon.restore'](backup!)
    expect(await changer.end(restored.ok ? restored.value : '')).toMatchObject({
      state: 'done',
      subject: { mirrors: [good.address, `${good.address}/`] },
    })
    expect(readFileSync(engine.configFile, 'utf8')).toBe(twice)
  })

  test('a text that the engine would not take is not put in place', async () => {
    const before = readFileSync(engine.configFile, 'utf8')
    const nonsense = before.replace('{', '{"no-such-option": 1, ')
    expect(await helped((helper) => helper.change({ oldHash: hashOf(before), newText: nonsense }))).toMatchObject({
      error: { code: 'daemon-file-refused', state: 'untouched', detail: expect.stringContaining('no-such-option') },
    })
    expect(readFileSync(engine.configFile, 'utf8')).toBe(before)
  })

  test('a crash in the middle is put back as soon as somebody looks', async () => {
    writeFileSync(engine.configFile, '{"registry-mirrors": []}')
    process.kill(engine.pid, 'SIGHUP')
    await expect.poll(() => mirrorsOf(engine)).toEqual([])
    const before = '{ "debug": false, "labels": ["\u00e9=\ud83d\ude80"] }'
    writeFileSync(engine.configFile, before)
    const changed = before.replace('{', `{ "registry-mirrors": ["${good.address}"],`)
    const words = [file(), changer.backups, pidFile(), hashOf(before), changed]
    const { signal } = spawnSync(process.execPath, ['--input-type=module', '--eval', crash, ...words], {
      cwd: join(import.meta.dirname, '../..'),
    })
    expect(signal).toBe('SIGKILL')
    expect(readFileSync(engine.configFile, 'utf8')).toBe(changed)
    await expect.poll(() => mirrorsOf(engine)).toEqual([good.address])
    await changer.now()
    expect(readFileSync(engine.configFile, 'utf8')).toBe(before)
    expect(await mirrorsOf(engine)).toEqual([])
  })

  test('what fails is put back, bytes and mirrors', async () => {
    writeFileSync(engine.configFile, '{"registry-mirrors": []}')
    process.kill(engine.pid, 'SIGHUP')
    await expect.poll(() => mirrorsOf(engine)).toEqual([])
    const before = '{\n    "debug": false\n}'
    writeFileSync(engine.configFile, before)
    online.hub.behave('all', 'down')
    good.behave({ answers: 503 })
    const job = await changer.set([good.address])
    expect(job.failure).toMatchObject({ state: 'restored' })
    expect(readFileSync(engine.configFile, 'utf8')).toBe(before)
    expect(await mirrorsOf(engine)).toEqual([])
  })
})
