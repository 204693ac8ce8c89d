import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { helperFile, helperInstalled, openHelper } from '../../../main/daemon-config/helper.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld, startPolkit, type Polkit } from '../../../tools/world/polkit.ts'
import {
  changeLine,
  changeTo,
  expectNoHelperRunning,
  installedRestoreHelper,
  readMirrors,
  readState,
  write,
} from './helper-tools.ts'

/**
 * The command with which the user nobody, who is in no other group, starts the helper through pkexec. The helper itself
 * runs as root. pkexec does not ask for a password in the terminal.
 */
const pkexecAsNobody = (...environment: readonly string[]) => startAsNobody(helperFile, environment)
const startAsNobody = (program: string, environment: readonly string[] = []) =>
  [
    ...['/usr/bin/setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '/usr/bin/env', '-i', ...environment],
    ...['/usr/bin/pkexec', '--disable-internal-agent', program],
  ] as [string, ...string[]]

/** The process ids of the Python processes that run a program. */
const pidsOf = (program: string) =>
  execFileSync('pgrep', ['-f', `^/usr/bin/python3 -IS ${program}`], { encoding: 'utf8' })
    .trim()
    .split('\n')

/** Runs a shell script as the user nobody. @returns its output */
const runAsNobody = (script: string) =>
  spawnSync('setpriv', ['--reuid=65534', '--regid=65534', '--clear-groups', 'bash', '-c', `(${script}) 2>&1`], {
    encoding: 'utf8',
  }).stdout

const text = '{ "registry-mirrors": ["https://a.example"] }\n'

describe('with pkexec', () => {
  let uninstall: (() => void) | undefined
  let polkit: Polkit
  let engine: Engine
  beforeAll(async () => {
    uninstall = installHelperInWorld()
    polkit = await startPolkit('yes')
    engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
  })
  afterAll(async () => {
    await polkit?.stop()
    await engine?.stop()
    uninstall?.()
  })
  afterEach(expectNoHelperRunning)

  test('an ordinary user whom polkit authorizes can change the file, which still belongs to root', async () => {
    write('{}')
    await polkit.setAnswer('yes')
    expect(helperInstalled()).toBe(true)
    const helper = await openHelper({ command: pkexecAsNobody() })
    if (!helper.ok) throw new Error(JSON.stringify(helper.error))
    expect(await helper.value.change(changeTo('{}', text))).toMatchObject({ ok: true })
    expect(await helper.value.keep()).toEqual({ ok: true, value: undefined })
    await helper.value.end()
    expect(readState()).toEqual({ text, mode: '644', owner: '0:0' })
    expect(await readMirrors(engine)).toEqual(['https://a.example'])
  })

  test('a user whom polkit does not authorize gets an error, and nothing is changed', async () => {
    write(text)
    await polkit.setAnswer('no')
    const before = readState()
    expect(await openHelper({ command: pkexecAsNobody() })).toEqual({
      ok: false,
      error: { code: 'helper-not-allowed' },
    })
    expect(readState()).toEqual(before)
  })

  test('the program that replaces the whole file is asked about separately', async () => {
    const refused = { ok: false, error: { code: 'helper-not-allowed' } }
    await polkit.setAnswer('yes', 'no')
    expect(await openHelper({ command: startAsNobody(installedRestoreHelper) })).toEqual(refused)
    await polkit.setAnswer('no', 'yes')
    expect(await openHelper({ command: pkexecAsNobody() })).toEqual(refused)
    const restoring = await openHelper({ command: startAsNobody(installedRestoreHelper) })
    expect(restoring.ok && (await restoring.value.history())).toMatchObject({ ok: true })
    if (restoring.ok) await restoring.value.end()
  })

  test('a missing authentication agent is reported', async () => {
    await polkit.setAnswer('ask')
    expect(await openHelper({ command: pkexecAsNobody() })).toEqual({ ok: false, error: { code: 'helper-no-agent' } })
  })

  test('a missing helper is reported before the user is asked for a password', async () => {
    renameSync(helperFile, `${helperFile}.away`)
    try {
      expect(await openHelper()).toEqual({ ok: false, error: { code: 'helper-missing', file: helperFile } })
    } finally {
      renameSync(`${helperFile}.away`, helperFile)
    }
  })

  test('the helper does not get the environment of its caller', async () => {
    await polkit.setAnswer('yes')
    const trap = '/tmp/slipway-trap'
    rmSync(trap, { recursive: true, force: true })
    execFileSync('mkdir', ['-p', trap])
    chmodSync(trap, 0o755)
    for (const name of ['sitecustomize', 'usercustomize', 'json', 'os', 'subprocess'])
      writeFileSync(`${trap}/${name}.py`, `open('${trap}/sprung', 'w').close()\n`)
    writeFileSync(`${trap}/systemctl`, `#!/bin/sh\ntouch ${trap}/sprung\n`, { mode: 0o755 })
    const helper = await openHelper({
      command: pkexecAsNobody(
        ...[`PYTHONPATH=${trap}`, `PYTHONHOME=${trap}`, `PYTHONSTARTUP=${trap}/os.py`, 'PYTHONINSPECT=1'],
        ...[`PATH=${trap}:/usr/bin`, `LD_PRELOAD=${trap}/x.so`, `HOME=${trap}`, 'LANG=zh_CN.GB18030'],
      ),
    })
    if (!helper.ok) throw new Error(JSON.stringify(helper.error))
    const environments = pidsOf(helperFile).map((pid) => readFileSync(`/proc/${pid}/environ`, 'utf8'))
    await helper.value.end()
    expect(environments).toHaveLength(1)
    expect(environments[0]).not.toMatch(/PYTHON|LD_PRELOAD|slipway-trap/)
    expect(existsSync(`${trap}/sprung`)).toBe(false)
    rmSync(trap, { recursive: true })
  })

  test('the helper runs fully as root: its caller can neither signal it nor read its memory', async () => {
    await polkit.setAnswer('yes')
    const helper = await openHelper({ command: pkexecAsNobody() })
    if (!helper.ok) throw new Error(JSON.stringify(helper.error))
    const [pid] = pidsOf(helperFile)
    expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^Uid:\t0\t0\t0\t0\nGid:\t0\t0\t0\t0$/m)
    for (const attempt of [`kill -9 ${pid}`, `kill -STOP ${pid}`, `cat /proc/${pid}/environ`, `cat /proc/${pid}/mem`])
      expect(runAsNobody(attempt)).toMatch(/not permitted|denied/)
    expect(await helper.value.history()).toMatchObject({ ok: true })
    await helper.value.end()
  })

  test('an ordinary user can neither write the installed files nor list the helper’s backups', () => {
    expect(runAsNobody('find /usr/lib/slipway /usr/share/polkit-1/actions/io.slipway* -writable')).toBe('')
    expect(runAsNobody('ls /var/lib/slipway 2>&1; cat /var/lib/slipway/lock 2>&1 || true')).not.toMatch(/backups/)
  })

  test('if the app ends during a change, the change is undone', async () => {
    write('{}')
    process.kill(engine.pid, 'SIGHUP')
    const [program, ...args] = pkexecAsNobody()
    const app = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
    app.stdin.write(`${JSON.stringify(changeLine('{}', text))}\n`)
    let output = ''
    app.stdout.on('data', (data) => (output += data))
    await expect.poll(() => output, { timeout: 20_000 }).toContain('"changed"')
    app.stdin.destroy()
    app.stdout.destroy()
    await once(app, 'close')
    expect(readState()).toMatchObject({ text: '{}' })
  })
})
