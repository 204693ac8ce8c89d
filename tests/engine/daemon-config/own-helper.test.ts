import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { openHelper } from '../../../main/daemon-config/helper.ts'
import { startEngine } from '../../../tools/world/engine.ts'
import { nobody, rootlessPaths } from '../../../tools/world/rootless.ts'
import { added, key, mirror, ownAtRest, plain } from './clean-engine.ts'
import { reloaded } from './cut-helper.ts'
import { commandOf, hashOf } from './helper-side.ts'

/** The helper as nobody, who has an engine in a namespace of their own and no rights beside. */
const rest = ownAtRest()
const { engineHas, refused } = rest

describe('as its user', () => {
  test('the file is changed and restored, and keeps its mode under any umask', async () => {
    rest.by.write(plain, { mode: 0o664 })
    const command = commandOf(rest.side)
    const { helper } = await rest.by.opened({ command: ['/bin/sh', '-c', 'umask 077; exec "$@"', 'sh', ...command] })
    expect(await helper.read()).toMatchObject({ ok: true, value: { kind: 'rootless', file: rest.side.file } })
    const wish = { oldHash: hashOf(plain), newText: added }
    expect(await helper.change(wish)).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(rest.by.state()).toEqual({ text: added, mode: '664', owner: `${nobody}:${nobody}` })
    await engineHas(mirror)
    expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    await helper.end()
    expect(rest.by.state()).toEqual({ text: plain, mode: '664', owner: `${nobody}:${nobody}` })
    await engineHas()
  })

  test('missing folders are created, and removed again by an undo', async () => {
    const config = join(rest.home, '.config')
    renameSync(config, `${config}.away`)
    try {
      const { answer, last } = await rest.by.changed(`{ ${key} }`, 'undo')
      expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
      expect(last).toEqual({ ok: true, value: 'restored' })
      expect(existsSync(config)).toBe(false)
      await engineHas()
    } finally {
      renameSync(`${config}.away`, config)
    }
  })

  test('it refuses to run with more rights than its caller has', async () => {
    const program = rest.side.program
    for (const whose of [`--ruid=${nobody}`, `--euid=${nobody}`, `--rgid=${nobody}`]) {
      const command = ['/usr/bin/setpriv', whose, '--keep-groups', program] as [string, ...string[]]
      expect(await openHelper({ command, env: rest.side.env! })).toMatchObject({
        ok: false,
        error: { code: 'helper-ended', detail: expect.stringContaining('rights') },
      })
    }
  })
})

describe('another writer', () => {
  test('a change is refused if an editor has saved the file before it', async () => {
    const { helper } = await rest.by.opened()
    rest.by.write('{ "labels": ["theirs=1"] }')
    expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({
      error: { code: 'daemon-file-changed', state: 'untouched' },
    })
    await helper.end()
    expect(rest.by.state()?.text).toBe('{ "labels": ["theirs=1"] }')
  })

  test('what an editor saves after the change stays', async () => {
    const { helper } = await rest.by.opened()
    expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({ ok: true })
    rest.by.write('{ "labels": ["theirs=2"] }')
    expect(await helper.undo()).toEqual({ ok: true, value: 'left' })
    await helper.end()
    expect(rest.by.state()?.text).toBe('{ "labels": ["theirs=2"] }')
  })

  test('a second helper is refused while the first one is working', async () => {
    const [first, second] = [await rest.by.opened(), await rest.by.opened()]
    expect(await first.helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({ ok: true })
    expect(await second.helper.change({ oldHash: hashOf(added), newText: plain })).toEqual({
      ok: false,
      error: { code: 'helper-busy' },
    })
    await second.helper.end()
    expect(await first.helper.undo()).toEqual({ ok: true, value: 'restored' })
    await first.helper.end()
    await engineHas()
  })
})

describe('the engine', () => {
  test('had other mirrors than the file: an undo restores the engine’s mirrors and the file’s bytes', async () => {
    const theirs = 'https://theirs.example'
    rest.by.write(`{ "registry-mirrors": ["${theirs}"] }`)
    await reloaded(rest.engine, [theirs])
    const edited = '{ "registry-mirrors": ["https://edited.example"] }'
    rest.by.write(edited)
    const { answer, last } = await rest.by.changed(`{ ${key} }`, 'undo')
    expect(answer).toMatchObject({ ok: true })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(rest.by.state()?.text).toBe(edited)
    await engineHas(theirs)
  })

  test(
    'does not answer, which does not mean that it is down: the file is changed, and restored by an undo',
    { timeout: 120_000 },
    async () => {
      await rest.engine.freeze()
      const { answer, last } = await rest.by.changed(added, 'undo').finally(() => rest.engine.thaw())
      expect(answer).toMatchObject({ ok: true, value: { confirmed: false } })
      expect(last).toEqual({ ok: true, value: 'restored' })
      expect(rest.by.state()?.text).toBe(plain)
      await engineHas()
    },
  )

  test('is down: reported with the kind of installation, and a backup can be restored', async () => {
    await rest.by.changed(added, 'undo')
    await rest.engine.shutDown()
    const { answer } = await rest.by.changed(added)
    expect(answer).toEqual({
      ok: false,
      error: { code: 'daemon-file-engine-down', kind: 'rootless', state: 'untouched' },
    })
    const faulty = '{ "debug": true, }'
    rest.by.write(faulty)
    const { helper } = await rest.by.opened()
    const wish = { oldHash: hashOf(faulty), hash: hashOf(plain) }
    expect(await helper.restore(wish)).toMatchObject({ ok: true, value: { confirmed: false } })
    expect(await helper.keep()).toMatchObject({ ok: true })
    await helper.end()
    await rest.engine.restart()
    expect(rest.by.state()?.text).toBe(plain)
    await engineHas()
  })

  test('is root’s by its pid file: left alone', async () => {
    const { pid } = rootlessPaths(rest.engine.root)
    const said = readFileSync(pid)
    const other = await startEngine({ version: '26.1', store: 'classic' })
    try {
      writeFileSync(pid, String(other.pid))
      await refused({ code: 'daemon-file-engine-down', state: 'untouched' })
    } finally {
      writeFileSync(pid, said)
      await other.stop()
    }
  })
})
