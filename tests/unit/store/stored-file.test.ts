import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import fc from 'fast-check'
import * as v from 'valibot'
import { afterAll, afterEach, beforeEach, describe, expect, onTestFinished, test, vi } from 'vitest'
import { jobService } from '../../../main/jobs/index.ts'
import { storedFile, type StoredFile } from '../../../main/store/file.ts'
import { openStore } from '../../../main/store/index.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-store-'))))
afterEach(() => rmSync(folder, { recursive: true }))

const modeOf = (...path: string[]) => statSync(join(folder, ...path)).mode & 0o777

test('settings survive a restart', async () => {
  expect(openStore(folder).settings.value).toEqual({ language: 'system', theme: 'system' })
  await openStore(folder).settings.write({ language: 'zh-CN', theme: 'dark' })
  expect(openStore(folder).settings.value).toEqual({ language: 'zh-CN', theme: 'dark' })
})

test('a stored race with a value that this version does not know is left out; the user’s mirrors and the history stay', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue()
  const change = { file: '/etc/docker/daemon.json', at: 1, before: [], after: ['https://a.example'] }
  const race = { ...{ job: '1', image: 'x', started: 1, confirmed: [] }, probes: { a: { state: 'queued' } } }
  const ownMirrors = ['https://a.example']
  writeFileSync(
    join(folder, 'mirrors.json'),
    JSON.stringify({ own: ownMirrors, race, changes: [{ at: 'noon' }, change] }),
  )
  expect(openStore(folder).mirrors.value).toEqual({ own: ownMirrors, changes: [change] })
  expect(warn).toHaveBeenCalledTimes(1)
  expect(warn.mock.calls[0]![0]).toContain('(race, changes.0)')
  warn.mockRestore()
})

test('field names and an error code that an older version used for a race are read as the current ones', () => {
  const failure = { code: 'mirror-says-anything', host: 'a.example' }
  const race = { job: '1', image: 'x', started: 1, unknown: ['sha256:b'] }
  const probes = { 'https://a.example': { state: 'failed', failure, at: 5 } }
  const stored = { version: 1, race: { ...race, probes, cut: true, genuine: ['sha256:a'] } }
  writeFileSync(join(folder, 'mirrors.json'), JSON.stringify(stored))
  expect(openStore(folder).mirrors.value.race).toEqual({
    ...{ ...race, cancelled: true, confirmed: ['sha256:a'] },
    probes: {
      'https://a.example': { state: 'failed', failure: { ...failure, code: 'mirror-accepts-unknown-digest' }, at: 5 },
    },
  })
})

describe('a stored file:', () => {
  const openNumbers = (name = 'numbers.json', options?: Parameters<typeof storedFile>[2]) =>
    storedFile(join(folder, name), (fields) => ({ n: fields.value('n', v.optional(v.number(), 0)) }), options)
  const readFromDisk = (name = 'numbers.json'): unknown => JSON.parse(readFileSync(join(folder, name), 'utf8'))

  test('the last of many values is on the disk once its write resolves', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat({ max: 3 }), { minLength: 1, maxLength: 20 }), async (pauses) => {
        const file = openNumbers()
        const writes: Promise<void>[] = []
        for (const [n, pause] of pauses.entries()) {
          writes.push(file.write({ n }))
          expect(file.value).toEqual({ n })
          for (let count = 0; count < pause; count++) await nextTurn()
        }
        await writes.at(-1)
        expect(readFromDisk()).toEqual({ version: 1, n: pauses.length - 1 })
        await Promise.all(writes)
        expect(readFromDisk()).toEqual({ version: 1, n: pauses.length - 1 })
        expect(readdirSync(folder)).toEqual(['numbers.json'])
      }),
    )
  })

  test('a value is on the disk when its own write resolves, whatever is written after it', async () => {
    const file = openNumbers()
    const firstWrite = file.write({ n: 1 })
    await nextTurn()
    void file.write({ n: 2 })
    await firstWrite
    expect(readFromDisk()).toMatchObject({ n: expect.toSatisfy((n: number) => n >= 1) })
    await file.settle()
    expect(readFromDisk()).toMatchObject({ n: 2 })
  })

  test('ending the store waits for all pending writes', async () => {
    const store = openStore(folder)
    void store.settings.write({ language: 'en', theme: 'dark' })
    void store.window.write({ ...store.window.value, zoom: 2 })
    store.lists.write('unix:///a', new Map())
    await store.end()
    const reopened = openStore(folder)
    expect(reopened.settings.value.theme).toBe('dark')
    expect(reopened.window.value.zoom).toBe(2)
    expect(await reopened.lists.read('unix:///a')).toEqual([])
  })

  test('an older version is migrated step by step, and an older Slipway does not overwrite the newer file', async () => {
    const warn = vi.spyOn(console, 'warn').mockReturnValue()
    const options = {
      migrations: [
        (old: object) => ({ ...old, m: 'n' in old ? old.n : 0 }),
        ({ m }: { readonly m?: unknown }) => ({ n: typeof m === 'number' ? m * 2 : 0 }),
      ],
    } as const
    writeFileSync(join(folder, 'numbers.json'), '{ "n": 7 }')
    expect(openNumbers('numbers.json', options).value).toEqual({ n: 14 })
    writeFileSync(join(folder, 'numbers.json'), '{ "version": 1, "m": 5 }')
    const file = openNumbers('numbers.json', options)
    expect(file.value).toEqual({ n: 10 })
    await file.write({ n: 11 })
    expect(readFromDisk()).toEqual({ version: 2, n: 11 })
    expect(openNumbers('numbers.json', options).value).toEqual({ n: 11 })
    const olderFile = openNumbers()
    await olderFile.write({ n: 1 })
    expect(olderFile.value).toEqual({ n: 1 })
    expect(readFromDisk()).toEqual({ version: 2, n: 11 })
    expect(warn).toHaveBeenCalledTimes(1)
    warn.mockRestore()
  })
})

describe('the store is private:', () => {
  test('new files are 0600 in folders of 0700', async () => {
    const inner = join(folder, 'new', 'Slipway')
    await openStore(inner).settings.write({ language: 'en', theme: 'dark' })
    expect(modeOf('new')).toBe(0o700)
    expect(modeOf('new', 'Slipway')).toBe(0o700)
    expect(modeOf('new', 'Slipway', 'settings.json')).toBe(0o600)
  })

  test('the modes of a folder and files of an older version are corrected', () => {
    chmodSync(folder, 0o755)
    mkdirSync(join(folder, 'lists'), { mode: 0o755 })
    writeFileSync(join(folder, 'settings.json'), '{ "theme": "dark" }', { mode: 0o644 })
    expect(openStore(folder).settings.value.theme).toBe('dark')
    expect(modeOf()).toBe(0o700)
    expect(modeOf('lists')).toBe(0o700)
    expect(modeOf('settings.json')).toBe(0o600)
  })

  /** The modes of all files and folders below a folder, in octal digits. */
  const modesBelow = (root: string) =>
    readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() || entry.isDirectory())
      .map((entry) => {
        const mode = (statSync(join(entry.parentPath, entry.name)).mode & 0o777).toString(8)
        return `${entry.isDirectory() ? 'folder' : 'file'} ${mode}`
      })

  test('everything that it writes is private with a umask of 0', async () => {
    const umask = process.umask(0)
    onTestFinished(() => void process.umask(umask))
    const store = openStore(join(folder, 'new', 'Slipway'))
    const writeAgain = <T>(file: StoredFile<T>) => file.write(file.value)
    await Promise.all([writeAgain(store.settings), writeAgain(store.window), writeAgain(store.environment)])
    await Promise.all([writeAgain(store.layers), writeAgain(store.ledger), writeAgain(store.mirrors)])
    await Promise.all([writeAgain(store.realms), writeAgain(store.jobs)])
    store.lists.write('unix:///a', new Map())
    await store.journal.append('1', [{ kind: 'cleared' }])
    await store.journal.close('1')
    await store.end()
    const modes = modesBelow(folder)
    expect(modes.filter((mode) => mode === 'folder 700')).toHaveLength(4)
    expect(modes.filter((mode) => mode === 'file 600')).toHaveLength(10)
    expect(modes).toHaveLength(14)
  })

  test('opening it corrects the modes of all its files, also of those that it does not read', () => {
    const outside = join(folder, 'outside')
    writeFileSync(outside, '', { mode: 0o644 })
    const inner = join(folder, 'Slipway')
    for (const path of ['', 'lists', 'journal']) mkdirSync(join(inner, path), { mode: 0o755 })
    const names = ['environment.json', 'mirrors.json.unreadable-1', 'layers.json', 'lists/a.json', 'journal/1.jsonl']
    for (const name of names) writeFileSync(join(inner, name), '{}', { mode: 0o644 })
    symlinkSync(outside, join(inner, 'link.json'))
    openStore(inner)
    const modes = [...Array<string>(2).fill('folder 700'), ...Array<string>(5).fill('file 600')]
    expect(modesBelow(inner).sort()).toEqual(modes.sort())
    expect(modeOf('Slipway')).toBe(0o700)
    expect(modeOf('outside')).toBe(0o644)
  })

  test('a folder that all users share keeps its mode', () => {
    chmodSync(folder, 0o1777)
    openStore(folder)
    expect(modeOf()).toBe(0o777)
  })
})

test('temporary files that killed runs left behind are removed after a minute', () => {
  const temporary = (id: string) => `settings.json.${id.padEnd(36, '0')}.new`
  const names = [temporary('a'), temporary('b'), 'jobs.json.new', 'other.new']
  for (const name of names) writeFileSync(join(folder, name), '')
  const old = new Date(Date.now() - 120_000)
  for (const name of names.filter((name) => name !== temporary('b'))) utimesSync(join(folder, name), old, old)
  openStore(folder)
  expect(readdirSync(folder).sort()).toEqual(['other.new', temporary('b')])
})

describe('if the disk refuses writes,', () => {
  const openUnwritable = () => {
    writeFileSync(join(folder, 'file'), '')
    return openStore(join(folder, 'file', 'slipway'))
  }
  /** Root may write everywhere, so the test goes on as another user, who owns the folder. */
  const actAsUser = () => {
    if (process.getuid?.() !== 0) return
    const nobody = 65_534
    chownSync(folder, nobody, nobody)
    process.seteuid!(nobody)
    onTestFinished(() => process.seteuid!(0))
  }
  const errorLog = vi.spyOn(console, 'error')
  beforeEach(() => void errorLog.mockReset().mockReturnValue())
  afterAll(() => errorLog.mockRestore())

  test('the running app keeps the values, and the failure is logged once until a write succeeds', async () => {
    const { settings } = openUnwritable()
    await settings.write({ language: 'zh-CN', theme: 'dark' })
    await settings.write({ language: 'en', theme: 'dark' })
    expect(settings.value).toEqual({ language: 'en', theme: 'dark' })
    expect(errorLog).toHaveBeenCalledTimes(1)
    rmSync(join(folder, 'file'))
    await settings.write({ language: 'en', theme: 'light' })
    expect(openStore(join(folder, 'file', 'slipway')).settings.value.theme).toBe('light')
    rmSync(join(folder, 'file'), { recursive: true })
    writeFileSync(join(folder, 'file'), '')
    await settings.write({ language: 'en', theme: 'dark' })
    expect(errorLog).toHaveBeenCalledTimes(2)
  })

  test('the write is repeated when the app ends', async () => {
    const store = openUnwritable()
    await store.settings.write({ language: 'zh-CN', theme: 'dark' })
    rmSync(join(folder, 'file'))
    await store.end()
    expect(openStore(join(folder, 'file', 'slipway')).settings.value.theme).toBe('dark')
  })

  test('an unreadable file that cannot be renamed is not changed', async () => {
    actAsUser()
    const file = join(folder, 'settings.json')
    writeFileSync(file, '{')
    chmodSync(folder, 0o500)
    const { settings } = openStore(folder)
    await settings.write({ language: 'en', theme: 'light' })
    expect(settings.value.theme).toBe('light')
    chmodSync(folder, 0o700)
    expect(readFileSync(file, 'utf8')).toBe('{')
    expect(errorLog).toHaveBeenCalledTimes(1)
  })

  test('a job can still end', async () => {
    const publish = vi.fn<(name: string, payload: unknown) => void>()
    const store = openUnwritable()
    const jobs = jobService({ publish, store })
    const id = jobs.start({ kind: 'race', image: 'alpine:latest' }, ['a'], async (job) =>
      job.updateItem(0, { state: 'done' }),
    )
    await nextTurn()
    expect(jobs.find(id)).toMatchObject({ state: 'done' })
    expect(publish).toHaveBeenLastCalledWith('jobs.changed', expect.objectContaining({ id, state: 'done' }))
    await store.end()
  })

  test('the app can still end', async () => {
    const store = openUnwritable()
    store.lists.write('unix:///a', new Map())
    await store.end()
    expect(await store.lists.read('unix:///a')).toEqual([])
    expect(errorLog).toHaveBeenCalledTimes(1)
    expect(existsSync(join(folder, 'file', 'slipway'))).toBe(false)
  })
})
