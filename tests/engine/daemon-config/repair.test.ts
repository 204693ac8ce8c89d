/** The service finds what in daemon.json keeps Docker down, and mends it. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { eventually } from '../eventually.ts'
import { openChanger, type Changer } from './changer.ts'
import { expectNoHelperRunning, readMirrors, readState, write } from './helper-tools.ts'

const mirror = 'https://a.example'
let online: Online
let uninstall: () => void
beforeAll(async () => {
  uninstall = installHelperInWorld()
  online = await startOnline()
})
afterAll(async () => {
  await online?.stop()
  uninstall?.()
})

describe.each(['20.10', '26.1'] as const)('Docker %s', (version) => {
  let engine: Engine
  let changer: Changer
  beforeAll(async () => {
    engine = await startEngine({ version, store: 'classic', asInstalled: true })
    changer = await openChanger({ online, socket: systemPaths.socket, env: { PATH: engine.programs } })
  })
  afterAll(async () => {
    await changer?.stop()
    await engine?.stop()
  })
  afterEach(expectNoHelperRunning)

  const check = async () => {
    const answer = await changer.handlers['daemon-config.check']({ withPassword: false })
    if (!answer.ok) throw new Error(JSON.stringify(answer.error))
    return answer.value
  }
  const stopDocker = async () => {
    if (engine.running) await engine.shutDown()
    await eventually(() => changer.served.engine.state().status === 'away')
  }

  test('while Docker runs, a file with which it would not start again is mended, and Docker reloads it', async () => {
    write(`{ "registry-mirrors": ["${mirror}",] }`)
    const repair = await check()
    expect(repair).toMatchObject({ isRunning: true, plan: { isMend: true, faults: [{ code: 'trailing-comma' }] } })
    expect(repair).not.toHaveProperty('start')
    expect(repair).not.toHaveProperty('withoutFile')
    expect(repair?.commands).toMatch(/kill -HUP .*$/)
    const started = await changer.handlers['daemon-config.mend'](repair!.id)
    const job = await changer.waitForEnd(started.ok ? started.value : '')
    expect(job).toMatchObject({ state: 'done', subject: { mends: true, mirrors: [mirror] } })
    expect(job.subject).not.toHaveProperty('atStart')
    expect(readState()?.text).toBe(`{ "registry-mirrors": ["${mirror}"] }`)
    expect(await readMirrors(engine)).toEqual([mirror])
    expect((await check())?.plan.faults).toEqual([])
  })

  test('a mend is refused if Docker has started or stopped since the check', async () => {
    write('{ "debug": true, }')
    const running = await check()
    await stopDocker()
    expect(await changer.handlers['daemon-config.mend'](running!.id)).toMatchObject({
      error: { code: 'plan-outdated' },
    })
    const down = await check()
    write('{}')
    await engine.restart()
    await eventually(() => changer.served.engine.state().status === 'connected')
    write('{ "debug": true, }')
    expect(await changer.handlers['daemon-config.mend'](down!.id)).toMatchObject({ error: { code: 'plan-outdated' } })
    expect(readState()?.text).toBe('{ "debug": true, }')
  })

  test('a folder, a pipe or a huge file in its place is named, and not read', async () => {
    await stopDocker()
    const checked = () => changer.handlers['daemon-config.check']({ withPassword: false })
    rmSync(systemPaths.config, { force: true })
    mkdirSync(systemPaths.config)
    expect(await checked()).toMatchObject({ error: { code: 'daemon-file-unsuitable', what: 'folder' } })
    rmSync(systemPaths.config, { recursive: true })
    execFileSync('mkfifo', [systemPaths.config])
    expect(await checked()).toMatchObject({ error: { code: 'daemon-file-unsuitable', what: 'special' } })
    rmSync(systemPaths.config)
    write(' '.repeat(2 << 20))
    expect(await checked()).toMatchObject({ error: { code: 'daemon-file-too-large', most: 1 << 20 } })
    // Docker reads a link to nothing as a missing file.
    rmSync(systemPaths.config)
    symlinkSync('/nonexistent', systemPaths.config)
    expect(await checked()).toEqual({ ok: true, value: undefined })
    rmSync(systemPaths.config)
  })

  test('a mended file lets Docker start, and the text from before is kept, but not offered as a backup', async () => {
    await stopDocker()
    const broken = `{ “registry-mirrors”：["${mirror}"], }`
    write(broken, { mode: 0o640, owner: [0, 7] })
    const repair = await check()
    expect(repair).toMatchObject({
      method: 'root-helper',
      start: 'sudo service docker start',
      plan: { isMend: true },
    })
    const started = await changer.handlers['daemon-config.mend'](repair!.id)
    const job = await changer.waitForEnd(started.ok ? started.value : '')
    expect(job).toMatchObject({
      state: 'done',
      subject: { kind: 'daemon', mends: true, atStart: true, mirrors: [mirror] },
    })
    expect(readState()).toEqual({ text: `{ "registry-mirrors":["${mirror}"] }`, mode: '640', owner: '0:7' })
    expect(await changer.handlers['daemon-config.mend'](repair!.id)).toMatchObject({ error: { code: 'plan-unknown' } })
    expect((await check())?.plan.faults).toEqual([])
    const [change] = (await changer.readConfig()).changes
    expect(change).toMatchObject({ before: [], after: [mirror] })
    expect(change).not.toHaveProperty('backup')
    expect(readFileSync(change!.faulty!.keptAs!, 'utf8')).toBe(broken)
    expect(await changer.handlers['daemon-config.backups'](undefined)).toEqual({ ok: true, value: [] })

    await engine.restart()
    expect(await readMirrors(engine)).toEqual([mirror])
    await eventually(() => changer.served.engine.state().status === 'connected')
  })

  test('the installed version decides what is a fault', async () => {
    await stopDocker()
    write('\ufeff{}')
    expect((await check())?.plan.faults.map(({ code }) => code)).toEqual(version === '20.10' ? ['bom'] : [])
    write('{ "graph": "/data" }')
    expect((await check())?.plan.faults.map(({ code }) => code)).toEqual(version === '20.10' ? [] : ['removed-key'])
  })

  test('a file that punctuation cannot mend has no mend, but a way without the file', async () => {
    await stopDocker()
    write('<!DOCTYPE html>\n')
    const repair = await check()
    expect(repair?.plan.change).toBeUndefined()
    expect(repair?.withoutFile).toContain('mv /etc/docker/daemon.json')
    expect(await changer.handlers['daemon-config.mend'](repair!.id)).toMatchObject({ error: { code: 'plan-unknown' } })
  })

  test('a file that was changed after the check is not mended', async () => {
    await stopDocker()
    write('{ "debug": true, }')
    const repair = await check()
    write('{ "debug": false, }')
    const started = await changer.handlers['daemon-config.mend'](repair!.id)
    const job = await changer.waitForEnd(started.ok ? started.value : '')
    expect(job).toMatchObject({ state: 'failed', failure: { code: 'daemon-file-changed', state: 'untouched' } })
    expect(readState()?.text).toBe('{ "debug": false, }')
  })
})
