import {
  chmodSync,
  chownSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { openHelper } from '../../main/mirrors/helper.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { nobody, ownPlaces } from '../../tools/world/rootless.ts'
import { added, key, mirror, plain } from './at-rest.ts'
import { reloaded } from './cut.ts'
import { commandOf, hashOf, helpedOn, mirrorsOf, noHelperLeft, ownSide, type Side } from './helped.ts'

/** The helper as nobody, who has an engine in a namespace of their own and no rights beside. */
let engine: Engine
let side: Side
let by: ReturnType<typeof helpedOn>
let home: string
beforeAll(async () => {
  engine = await startEngine({ version: '26.1', store: 'classic', rootless: true })
  const { env } = ownPlaces(engine.root)
  home = env.HOME
  side = ownSide(env)
  by = helpedOn(side)
})
afterAll(() => engine?.stop())
beforeEach(async () => {
  by.write('{ "registry-mirrors": [], "insecure-registries": [] }')
  await reloaded(engine, [])
  by.write(plain)
})
afterEach(() => {
  noHelperLeft()
  if (existsSync(join(side.vault, 'journal.json'))) throw new Error('the journal is open')
})

const engineHas = async (...mirrors: string[]) => expect(await mirrorsOf(engine)).toEqual(mirrors)

/** A change that is refused leaves the file as it was, and the engine without mirrors. */
async function refused(error: object, text = added) {
  const before = by.state()
  const { answer } = await by.changed(text)
  expect(answer).toMatchObject({ ok: false, error })
  expect(by.state()).toEqual(before)
  await engineHas()
}

describe('as its user', () => {
  test('the file is changed and given back, its mode kept whatever the mask', async () => {
    by.write(plain, { mode: 0o664 })
    const command = commandOf(side)
    const { helper } = await by.opened({ command: ['/bin/sh', '-c', 'umask 077; exec "$@"', 'sh', ...command] })
    expect(await helper.read()).toMatchObject({ ok: true, value: { kind: 'rootless', file: side.file } })
    const wish = { oldHash: hashOf(plain), newText: added }
    expect(await helper.change(wish)).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(by.state()).toEqual({ text: added, mode: '664', owner: `${nobody}:${nobody}` })
    await engineHas(mirror)
    expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    await helper.end()
    expect(by.state()).toEqual({ text: plain, mode: '664', owner: `${nobody}:${nobody}` })
    await engineHas()
  })

  test('folders that are missing are made, and are gone again when undone', async () => {
    const config = join(home, '.config')
    renameSync(config, `${config}.away`)
    try {
      const { answer, last } = await by.changed(`{ ${key} }`, 'undo')
      expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
      expect(last).toEqual({ ok: true, value: 'restored' })
      expect(existsSync(config)).toBe(false)
      await engineHas()
    } finally {
      renameSync(`${config}.away`, config)
    }
  })

  test('with the rights of another beside those of its caller it does nothing', async () => {
    const program = side.program
    for (const whose of [`--ruid=${nobody}`, `--euid=${nobody}`, `--rgid=${nobody}`]) {
      const command = ['/usr/bin/setpriv', whose, '--keep-groups', program] as [string, ...string[]]
      expect(await openHelper({ command, env: side.env! })).toMatchObject({
        ok: false,
        error: { code: 'helper-ended', detail: expect.stringContaining('rights') },
      })
    }
  })
})

describe('another writer', () => {
  test('an editor before the change: refused', async () => {
    const { helper } = await by.opened()
    by.write('{ "labels": ["theirs=1"] }')
    expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({
      error: { code: 'daemon-file-changed', state: 'untouched' },
    })
    await helper.end()
    expect(by.state()?.text).toBe('{ "labels": ["theirs=1"] }')
  })

  test('an editor after the change: theirs stays', async () => {
    const { helper } = await by.opened()
    expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({ ok: true })
    by.write('{ "labels": ["theirs=2"] }')
    expect(await helper.undo()).toEqual({ ok: true, value: 'left' })
    await helper.end()
    expect(by.state()?.text).toBe('{ "labels": ["theirs=2"] }')
  })

  test('a second helper is refused while the first is at work', async () => {
    const [first, second] = [await by.opened(), await by.opened()]
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

describe('what cannot be written fails calmly', () => {
  const inFolder = (mode: number, owner: number, work: () => Promise<void>) => {
    const folder = dirname(side.file)
    chmodSync(folder, mode)
    chownSync(folder, owner, owner)
    return work().finally(() => {
      chmodSync(folder, 0o700)
      chownSync(folder, nobody, nobody)
    })
  }
  const fixed = { code: 'daemon-file-fixed', state: 'untouched' }

  test('a folder that is closed to writing', () => inFolder(0o555, nobody, () => refused(fixed)))
  test('a folder that is root’s', () => inFolder(0o755, 0, () => refused(fixed)))
  test('a folder that everybody can write in', () =>
    inFolder(0o777, nobody, () => refused({ code: 'daemon-file-folder', state: 'untouched' })))

  test('a file that is root’s, in the user’s folder', async () => {
    by.write(plain, { owner: [0, 0] })
    await refused(fixed)
  })

  test('an engine that does not answer meanwhile changes nothing of that', async () => {
    await inFolder(0o555, nobody, async () => {
      await engine.freeze()
      const { answer } = await by.changed(added).finally(() => engine.thaw())
      expect(answer).toMatchObject({ ok: false, error: fixed })
    })
    expect(by.state()?.text).toBe(plain)
    await engineHas()
  })

  test.each(['/root', '/', '/nowhere'])('a home that is not theirs, %s: nothing is written in it', async (HOME) => {
    const opened = await openHelper({ command: commandOf(side), env: { HOME } })
    expect(opened).toMatchObject({ ok: false, error: fixed })
  })
})

describe('links', () => {
  let aside: string
  beforeEach(() => {
    aside = join(home, 'dotfiles')
    mkdirSync(aside)
    chownSync(aside, nobody, nobody)
  })
  afterEach(() => {
    rmSync(side.file, { force: true })
    rmSync(aside, { recursive: true })
  })
  function linkTo(owner: number, mode = 0o644) {
    const target = join(aside, 'daemon.json')
    writeFileSync(target, plain, { mode })
    chownSync(target, owner, owner)
    rmSync(side.file)
    symlinkSync(target, side.file)
    return target
  }

  test('to a file of the user’s own stays one, and its target is changed', async () => {
    const target = linkTo(nobody)
    expect(await by.changed(added)).toMatchObject({ answer: { ok: true }, last: { ok: true } })
    expect(readlinkSync(side.file)).toBe(target)
    expect(readFileSync(target, 'utf8')).toBe(added)
    await engineHas(mirror)
  })

  test('to a file that root keeps, as home-manager’s: cannot be written', async () => {
    const target = linkTo(0, 0o444)
    chownSync(aside, 0, 0)
    chmodSync(aside, 0o555)
    await refused({ code: 'daemon-file-fixed', folder: aside, state: 'untouched' })
    expect(readlinkSync(side.file)).toBe(target)
  })

  test('to a file of another user’s, or to nothing: not followed', async () => {
    linkTo(1)
    await refused({ code: 'daemon-file-odd', what: 'link-unsafe', state: 'untouched' })
    const target = linkTo(nobody)
    rmSync(target)
    const { helper } = await by.opened()
    expect(await helper.change({ oldHash: undefined, newText: added })).toMatchObject({
      error: { code: 'daemon-file-odd', what: 'link-broken', state: 'untouched' },
    })
    await helper.end()
    expect(readlinkSync(side.file)).toBe(target)
    expect(existsSync(target)).toBe(false)
  })

  test('a second name on the disk: not touched', async () => {
    linkSync(side.file, join(aside, 'second'))
    await refused({ code: 'daemon-file-odd', what: 'hard-link', state: 'untouched' })
  })
})

describe('the engine', () => {
  test('had other mirrors than the file: undone, it has them again, and the file its bytes', async () => {
    const theirs = 'https://theirs.example'
    by.write(`{ "registry-mirrors": ["${theirs}"] }`)
    await reloaded(engine, [theirs])
    const edited = '{ "registry-mirrors": ["https://edited.example"] }'
    by.write(edited)
    const { answer, last } = await by.changed(`{ ${key} }`, 'undo')
    expect(answer).toMatchObject({ ok: true })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(by.state()?.text).toBe(edited)
    await engineHas(theirs)
  })

  test('does not answer, which is not that it is down: changed, and put back', { timeout: 120_000 }, async () => {
    await engine.freeze()
    const { answer, last } = await by.changed(added, 'undo').finally(() => engine.thaw())
    expect(answer).toMatchObject({ ok: true, value: { confirmed: false } })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(by.state()?.text).toBe(plain)
    await engineHas()
  })

  test('is down: told, with how it is started; a backup can be put in place', async () => {
    await by.changed(added, 'undo')
    await engine.shutDown()
    const { answer } = await by.changed(added)
    expect(answer).toEqual({
      ok: false,
      error: { code: 'daemon-file-engine-down', kind: 'rootless', state: 'untouched' },
    })
    const faulty = '{ "debug": true, }'
    by.write(faulty)
    const { helper } = await by.opened()
    const wish = { oldHash: hashOf(faulty), hash: hashOf(plain) }
    expect(await helper.restore(wish)).toMatchObject({ ok: true, value: { confirmed: false } })
    expect(await helper.keep()).toMatchObject({ ok: true })
    await helper.end()
    await engine.restart()
    expect(by.state()?.text).toBe(plain)
    await engineHas()
  })

  test('is root’s by its pid file: left alone', async () => {
    const { pid } = ownPlaces(engine.root)
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
