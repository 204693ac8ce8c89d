import { execFileSync } from 'node:child_process'
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openStore } from '../../../main/store/index.ts'
import { atPath, entriesOf, places, samples, type Json, type Name } from './samples.ts'

let folder: string
const logged = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-damage-'))
  for (const log of logged) log.mockReset().mockReturnValue()
})
afterEach(() => rmSync(folder, { recursive: true }))
afterAll(() => logged.forEach((log) => log.mockRestore()))

const put = (name: string, content: unknown) =>
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
const onDisk = (name: string) => readFileSync(join(folder, name), 'utf8')
const names = Object.keys(samples) as Name[]
const valueOf = (name: Name) => openStore(folder)[name].value as Json
/** What another run of the app would find in the file. */
async function writeAndReopen(name: Name): Promise<Json> {
  const store = openStore(folder)
  const file = store[name] as { value: unknown; write(value: unknown): Promise<void> }
  await file.write(file.value)
  return valueOf(name)
}
const asides = (name: string) => readdirSync(folder).filter((each) => each.startsWith(`${name}.unreadable`))

describe('one bad entry', () => {
  test.each(names.flatMap((name) => entriesOf(name).map((path) => ({ name, path, place: path.join(' > ') }))))(
    'in the $name at $place is left out, and its siblings stay',
    async ({ name, path }) => {
      put(
        `${name}.json`,
        atPath(samples[name], path, () => ({ nonsense: true })),
      )
      const rest = atPath(samples[name], path, undefined)
      expect(valueOf(name)).toEqual(rest)
      expect(logged.flatMap((log) => log.mock.calls)).toHaveLength(1)
      expect(await writeAndReopen(name)).toEqual(rest)
    },
  )

  test('is kept in a copy of the file, made before the file is overwritten', async () => {
    put('mirrors.json', { own: ['https://a.example', 7] })
    const store = openStore(folder)
    expect(store.mirrors.value.own).toEqual(['https://a.example'])
    expect(asides('mirrors.json')).toEqual([])
    await store.mirrors.write({ own: ['https://b.example'], changes: [] })
    expect(JSON.parse(onDisk('mirrors.json.unreadable-1'))).toEqual({ own: ['https://a.example', 7] })
    expect(await writeAndReopen('mirrors')).toMatchObject({ own: ['https://b.example'] })
    expect(asides('mirrors.json')).toHaveLength(1)
  })

  test('in the table of texts takes only the images that need it', () => {
    put(
      'layers.json',
      atPath(samples.layers, ['engines', 'classic', 'texts', 1], () => 7),
    )
    const { images } = openStore(folder).layers.value.engines['classic']!
    expect(Object.keys(images)).toEqual(['sha256:2'])
  })

  test('that points at a text that does not exist is left out', () => {
    put(
      'layers.json',
      atPath(samples.layers, ['engines', 'classic', 'images', 'sha256:1', 'layers', 0], () => 99),
    )
    expect(Object.keys(openStore(folder).layers.value.engines['classic']!.images)).toEqual(['sha256:2'])
  })
})

describe('damage at a random place', () => {
  const name = fc.constantFrom(...names)

  test('of the JSON: nothing throws, and every entry that was not hit is there, now and in the next run', async () => {
    const damage = name.chain((name) =>
      fc.record({ name: fc.constant(name), path: fc.constantFrom(...places(samples[name])), by: fc.jsonValue() }),
    )
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, path, by }) => {
        put(
          `${name}.json`,
          atPath(samples[name], path, () => by),
        )
        const found = valueOf(name)
        for (const entry of entriesOf(name)) {
          const isHit = entry.every((key, at) => at >= path.length || path[at] === key)
          const sharesTable = path[2] === 'texts' && entry[2] === 'images' && entry[1] === path[1]
          if (isHit || sharesTable) continue
          // Entries before it may have been left out, so a list is searched.
          const siblings = atRead(found, entry.slice(0, -1))
          expect(Object.values(siblings as Json[])).toContainEqual(atRead(samples[name], entry))
        }
        expect(await writeAndReopen(name)).toEqual(found)
        rmSync(join(folder, `${name}.json`))
        for (const aside of asides(`${name}.json`)) rmSync(join(folder, aside))
      }),
    )
  })

  test('of the text: nothing throws, and what is not JSON any more is put aside as it was', async () => {
    const damage = fc.record({
      name,
      at: fc.nat({ max: 9999 }),
      length: fc.nat({ max: 40 }),
      by: fc.string({ maxLength: 5, unit: 'binary' }),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, at, length, by }) => {
        const whole = JSON.stringify({ version: 1, ...samples[name] })
        const start = at % whole.length
        const text = whole.slice(0, start) + by + whole.slice(start + length)
        put(`${name}.json`, text)
        const written = onDisk(`${name}.json`)
        const found = await writeAndReopen(name)
        const kept = asides(`${name}.json`).map(onDisk)
        expect([[written], ...(isObject(written) ? [[]] : [])]).toContainEqual(kept)
        expect(valueOf(name)).toEqual(found)
        for (const each of readdirSync(folder)) rmSync(join(folder, each))
      }),
    )
  })
})

test('each file that is put aside has a name of its own', async () => {
  for (const text of ['{', '[]', 'null', '']) {
    put('settings.json', text)
    await openStore(folder).settings.write({ language: 'en', theme: 'dark' })
  }
  expect([1, 2, 3, 4].map((n) => onDisk(`settings.json.unreadable-${n}`))).toEqual(['{', '[]', 'null', ''])
  expect(openStore(folder).settings.value.theme).toBe('dark')
})

describe('a file of a newer version', () => {
  const newer = { version: 3, own: ['https://a.example', { address: 'new' }], changes: 'elsewhere', more: true }

  test('is used as far as it is understood, and left as it is; that is logged once', async () => {
    put('mirrors.json', newer)
    const { mirrors } = openStore(folder)
    expect(mirrors.value).toMatchObject({ own: ['https://a.example'], changes: [] })
    await mirrors.write({ own: ['https://b.example'], changes: [] })
    await mirrors.write({ own: ['https://c.example'], changes: [] })
    expect(mirrors.value.own).toEqual(['https://c.example'])
    expect(JSON.parse(onDisk('mirrors.json'))).toEqual(newer)
    expect(readdirSync(folder)).toEqual(['mirrors.json'])
    expect(logged.flatMap((log) => log.mock.calls)).toHaveLength(1)
  })

  test('is never overwritten, whatever it holds', async () => {
    const content = fc.dictionary(fc.string(), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.integer({ min: 2 }), content, async (name, version, content) => {
        const text = JSON.stringify({ ...content, version })
        put(`${name}.json`, text)
        await writeAndReopen(name)
        expect(onDisk(`${name}.json`)).toBe(text)
        expect(asides(`${name}.json`)).toEqual([])
      }),
    )
  })
})

test('a file without a version is read, and has one when it is written', async () => {
  put('settings.json', { theme: 'dark', language: 'zh-CN' })
  const { settings } = openStore(folder)
  expect(settings.value).toEqual({ theme: 'dark', language: 'zh-CN' })
  await settings.write({ ...settings.value, theme: 'light' })
  expect(JSON.parse(onDisk('settings.json'))).toEqual({ version: 1, theme: 'light', language: 'zh-CN' })
})

describe('a file that cannot be read is not overwritten:', () => {
  test.each([
    ['a folder', (file: string) => mkdirSync(file)],
    ['a link to itself', (file: string) => symlinkSync(file, file)],
    ['a pipe', (file: string) => execFileSync('mkfifo', [file])],
  ])('%s', async (_, make) => {
    const file = join(folder, 'settings.json')
    make(file)
    const before = lstatSync(file)
    const store = openStore(folder)
    expect(store.settings.value.theme).toBe('system')
    await store.settings.write({ language: 'en', theme: 'dark' })
    await store.settings.write({ language: 'en', theme: 'light' })
    await store.end()
    expect(store.settings.value.theme).toBe('light')
    expect(lstatSync(file).ino).toBe(before.ino)
    expect(existsSync(`${file}.unreadable-1`)).toBe(false)
    expect(logged.flatMap((log) => log.mock.calls)).toHaveLength(1)
  })
})

function isObject(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value)
  } catch {
    return false
  }
}

const atRead = (value: Json, path: readonly (string | number)[]): Json =>
  path.reduce<Json>((inner, key) => (inner as Record<string | number, Json>)[key], value)
