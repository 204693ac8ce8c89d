import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openHelper } from '../../../main/daemon-config/helper.ts'
import { startEngine } from '../../../tools/world/engine.ts'
import { nobody, rootlessPaths } from '../../../tools/world/rootless.ts'
import { textWithMirror, mirrorsKey, mirror, useRootlessEngine, plainText } from './clean-engine.ts'
import { reloadMirrors } from './killed-helper.ts'
import { changeTo, commandOf, hashOf } from './helper-tools.ts'

/**
 * The rootless helper and its engine run as the user nobody, the engine in a user namespace, with only that user's
 * rights.
 */
const setup = useRootlessEngine()
const { expectMirrors, expectRefused } = setup

describe('the helper as the user nobody', () => {
  test('changes and restores the file, whose mode stays the same even with a strict umask', async () => {
    setup.tools.write(plainText, { mode: 0o664 })
    const command = commandOf(setup.scope)
    const { helper } = await setup.tools.startHelper({
      command: ['/bin/sh', '-c', 'umask 077; exec "$@"', 'sh', ...command],
    })
    expect(await helper.read()).toMatchObject({ ok: true, value: { kind: 'rootless', file: setup.scope.file } })
    const request = changeTo(plainText, textWithMirror)
    expect(await helper.change(request)).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(setup.tools.readState()).toEqual({ text: textWithMirror, mode: '664', owner: `${nobody}:${nobody}` })
    await expectMirrors(mirror)
    expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    await helper.end()
    expect(setup.tools.readState()).toEqual({ text: plainText, mode: '664', owner: `${nobody}:${nobody}` })
    await expectMirrors()
  })

  test('creates missing folders, and removes them again by an undo', async () => {
    const config = join(setup.home, '.config')
    renameSync(config, `${config}.away`)
    try {
      const { answer, last } = await setup.tools.changeFile(`{ ${mirrorsKey} }`, 'undo')
      expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
      expect(last).toEqual({ ok: true, value: 'restored' })
      expect(existsSync(config)).toBe(false)
      await expectMirrors()
    } finally {
      renameSync(`${config}.away`, config)
    }
  })

  test('refuses to run with more rights than its caller has', async () => {
    const program = setup.scope.program
    for (const idOption of [`--ruid=${nobody}`, `--euid=${nobody}`, `--rgid=${nobody}`]) {
      const command = ['/usr/bin/setpriv', idOption, '--keep-groups', program] as [string, ...string[]]
      expect(await openHelper({ command, env: setup.scope.env! })).toMatchObject({
        ok: false,
        error: { code: 'helper-ended', detail: expect.stringContaining('rights') },
      })
    }
  })
})

describe('another writer', () => {
  test('a change is refused if an editor has saved another text since the file was read', async () => {
    const { helper } = await setup.tools.startHelper()
    setup.tools.write('{ "labels": ["theirs=1"] }')
    expect(await helper.change(changeTo(plainText, textWithMirror))).toMatchObject({
      error: { code: 'daemon-file-changed', state: 'untouched' },
    })
    await helper.end()
    expect(setup.tools.readState()?.text).toBe('{ "labels": ["theirs=1"] }')
  })

  test('a text that an editor saves after the change is kept', async () => {
    const { helper } = await setup.tools.startHelper()
    expect(await helper.change(changeTo(plainText, textWithMirror))).toMatchObject({ ok: true })
    setup.tools.write('{ "labels": ["theirs=2"] }')
    expect(await helper.undo()).toEqual({ ok: true, value: 'left' })
    await helper.end()
    expect(setup.tools.readState()?.text).toBe('{ "labels": ["theirs=2"] }')
  })

  test('a second helper is refused while the first one changes the file', async () => {
    const [first, second] = [await setup.tools.startHelper(), await setup.tools.startHelper()]
    expect(await first.helper.change(changeTo(plainText, textWithMirror))).toMatchObject({
      ok: true,
    })
    expect(await second.helper.change(changeTo(textWithMirror, plainText))).toEqual({
      ok: false,
      error: { code: 'helper-busy' },
    })
    await second.helper.end()
    expect(await first.helper.undo()).toEqual({ ok: true, value: 'restored' })
    await first.helper.end()
    await expectMirrors()
  })
})

describe('the engine', () => {
  test('uses other mirrors than the file has: an undo restores the engine’s mirrors and the file’s bytes', async () => {
    const theirs = 'https://theirs.example'
    setup.tools.write(`{ "registry-mirrors": ["${theirs}"] }`)
    await reloadMirrors(setup.engine, [theirs])
    const edited = '{ "registry-mirrors": ["https://edited.example"] }'
    setup.tools.write(edited)
    const { answer, last } = await setup.tools.changeFile(`{ ${mirrorsKey} }`, 'undo')
    expect(answer).toMatchObject({ ok: true })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(setup.tools.readState()?.text).toBe(edited)
    await expectMirrors(theirs)
  })

  test(
    'does not answer, but is not down: the file is changed, and an undo restores it',
    { timeout: 120_000 },
    async () => {
      await setup.engine.freeze()
      const { answer, last } = await setup.tools.changeFile(textWithMirror, 'undo').finally(() => setup.engine.thaw())
      expect(answer).toMatchObject({ ok: true, value: { confirmed: false } })
      expect(last).toEqual({ ok: true, value: 'restored' })
      expect(setup.tools.readState()?.text).toBe(plainText)
      await expectMirrors()
    },
  )

  test('is down: the error names the kind of installation, and a backup can still be restored', async () => {
    await setup.tools.changeFile(textWithMirror, 'undo')
    await setup.engine.shutDown()
    const { answer } = await setup.tools.changeFile(textWithMirror)
    expect(answer).toEqual({
      ok: false,
      error: { code: 'daemon-file-engine-down', start: expect.any(String), state: 'untouched' },
    })
    const faulty = '{ "debug": true, }'
    setup.tools.write(faulty)
    const { helper } = await setup.tools.startHelper()
    const request = { oldHash: hashOf(faulty), hash: hashOf(plainText) }
    expect(await helper.restore(request)).toMatchObject({ ok: true, value: { confirmed: false } })
    expect(await helper.keep()).toMatchObject({ ok: true })
    await helper.end()
    await setup.engine.restart()
    expect(setup.tools.readState()?.text).toBe(plainText)
    await expectMirrors()
  })

  test('is root’s engine according to the pid file: the change is refused', async () => {
    const { pid } = rootlessPaths(setup.engine.root)
    const pidText = readFileSync(pid)
    const other = await startEngine({ version: '26.1', store: 'classic' })
    try {
      writeFileSync(pid, String(other.pid))
      await expectRefused({ code: 'daemon-file-engine-down', state: 'untouched' })
    } finally {
      writeFileSync(pid, pidText)
      await other.stop()
    }
  })
})
