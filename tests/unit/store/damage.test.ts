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
import { replaceAtPath, entriesOf, allPaths, samples, type Json, type Name } from './samples.ts'

let folder: string
const logSpies = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')]
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-damage-'))
  for (const log of logSpies) log.mockReset().mockReturnValue()
})
afterEach(() => rmSync(folder, { recursive: true }))
afterAll(() => logSpies.forEach((log) => log.mockRestore()))

const writeFile = (name: string, content: unknown) =>
  writeFileSync(join(folder, name), typeof content === 'string' ? content : JSON.stringify(content))
const readFile = (name: string) => readFileSync(join(folder, name), 'utf8')
const names = Object.keys(samples) as Name[]
const readValue = (name: Name) => openStore(folder)[name].value as Json
/** Writes the value back to its file. @returns what the next run of the app reads from the file */
async function writeAndReopen(name: Name): Promise<Json> {
  const store = openStore(folder)
  const file = store[name] as { value: unknown; write(value: unknown): Promise<void> }
  await file.write(file.value)
  return readValue(name)
}
const backupNames = (name: string) =>
  readdirSync(folder).filter((fileName) => fileName.startsWith(`${name}.unreadable`))

describe('one invalid entry', () => {
  test.each(names.flatMap((name) => entriesOf(name).map((path) => ({ name, path, place: path.join(' > ') }))))(
    'in the $name at $place is left out, and its siblings stay',
    async ({ name, path }) => {
      writeFile(
        `${name}.json`,
        replaceAtPath(samples[name], path, () => ({ nonsense: true })),
      )
      const expected = replaceAtPath(samples[name], path, undefined)
      expect(readValue(name)).toEqual(expected)
      expect(logSpies.flatMap((log) => log.mock.calls)).toHaveLength(1)
      expect(await writeAndReopen(name)).toEqual(expected)
    },
  )

  test('is kept in a copy of the file that is made before the file is overwritten', async () => {
    writeFile('mirrors.json', { own: ['https://a.example', 7] })
    const store = openStore(folder)
    expect(store.mirrors.value.own).toEqual(['https://a.example'])
    expect(backupNames('mirrors.json')).toEqual([])
    await store.mirrors.write({ own: ['https://b.example'], changes: [] })
    expect(JSON.parse(readFile('mirrors.json.unreadable-1'))).toEqual({ own: ['https://a.example', 7] })
    expect(await writeAndReopen('mirrors')).toMatchObject({ own: ['https://b.example'] })
    expect(backupNames('mirrors.json')).toHaveLength(1)
  })

  test('in the table of texts removes only the images that refer to it', () => {
    writeFile(
      'layers.json',
      replaceAtPath(samples.layers, ['engines', 'classic', 'texts', 1], () => 7),
    )
    const { images } = openStore(folder).layers.value.engines['classic']!
    expect(Object.keys(images)).toEqual(['sha256:2'])
  })

  test('that refers to a text that does not exist is left out', () => {
    writeFile(
      'layers.json',
      replaceAtPath(samples.layers, ['engines', 'classic', 'images', 'sha256:1', 'layers', 0], () => 99),
    )
    expect(Object.keys(openStore(folder).layers.value.engines['classic']!.images)).toEqual(['sha256:2'])
  })
})

describe('random damage', () => {
  const name = fc.constantFrom(...names)

  test('to a value of the JSON never makes reading throw, and every other entry is read, now and in the next run', async () => {
    const damage = name.chain((name) =>
      fc.record({
        name: fc.constant(name),
        path: fc.constantFrom(...allPaths(samples[name])),
        replacement: fc.jsonValue(),
      }),
    )
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, path, replacement }) => {
        writeFile(
          `${name}.json`,
          replaceAtPath(samples[name], path, () => replacement),
        )
        const valueRead = readValue(name)
        for (const entry of entriesOf(name)) {
          const isDamaged = entry.every((key, index) => index >= path.length || path[index] === key)
          // All images of a section refer to its table of texts.
          const sharesTable = path[2] === 'texts' && entry[2] === 'images' && entry[1] === path[1]
          if (isDamaged || sharesTable) continue
          // Earlier entries may have been left out, which shifts the indices of a list.
          const siblings = readAtPath(valueRead, entry.slice(0, -1))
          expect(Object.values(siblings as Json[])).toContainEqual(readAtPath(samples[name], entry))
        }
        expect(await writeAndReopen(name)).toEqual(valueRead)
        rmSync(join(folder, `${name}.json`))
        for (const backupName of backupNames(`${name}.json`)) rmSync(join(folder, backupName))
      }),
    )
  })

  test('to the text never makes reading throw, and a file that is no longer a JSON object is kept under another name', async () => {
    const damage = fc.record({
      name,
      position: fc.nat({ max: 9999 }),
      length: fc.nat({ max: 40 }),
      insert: fc.string({ maxLength: 5, unit: 'binary' }),
    })
    await fc.assert(
      fc.asyncProperty(damage, async ({ name, position, length, insert }) => {
        const json = JSON.stringify({ version: 1, ...samples[name] })
        const start = position % json.length
        const text = json.slice(0, start) + insert + json.slice(start + length)
        writeFile(`${name}.json`, text)
        const written = readFile(`${name}.json`)
        const valueRead = await writeAndReopen(name)
        const backups = backupNames(`${name}.json`).map(readFile)
        expect([[written], ...(isObject(written) ? [[]] : [])]).toContainEqual(backups)
        expect(readValue(name)).toEqual(valueRead)
        for (const fileName of readdirSync(folder)) rmSync(join(folder, fileName))
      }),
    )
  })
})

test('each unreadable file is kept under a new name', async () => {
  for (const text of ['{', '[]', 'null', '']) {
    writeFile('settings.json', text)
    await openStore(folder).settings.write({ language: 'en', theme: 'dark' })
  }
  expect([1, 2, 3, 4].map((number) => readFile(`settings.json.unreadable-${number}`))).toEqual(['{', '[]', 'null', ''])
  expect(openStore(folder).settings.value.theme).toBe('dark')
})

describe('a file of a newer version', () => {
  const newer = { version: 3, own: ['https://a.example', { address: 'new' }], changes: 'elsewhere', more: true }

  test('is read as far as possible, is not overwritten, and is logged once', async () => {
    writeFile('mirrors.json', newer)
    const { mirrors } = openStore(folder)
    expect(mirrors.value).toMatchObject({ own: ['https://a.example'], changes: [] })
    await mirrors.write({ own: ['https://b.example'], changes: [] })
    await mirrors.write({ own: ['https://c.example'], changes: [] })
    expect(mirrors.value.own).toEqual(['https://c.example'])
    expect(JSON.parse(readFile('mirrors.json'))).toEqual(newer)
    expect(readdirSync(folder)).toEqual(['mirrors.json'])
    expect(logSpies.flatMap((log) => log.mock.calls)).toHaveLength(1)
  })

  test('is never overwritten, whatever its content', async () => {
    const content = fc.dictionary(fc.string(), fc.jsonValue())
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...names), fc.integer({ min: 3 }), content, async (name, version, content) => {
        const text = JSON.stringify({ ...content, version })
        writeFile(`${name}.json`, text)
        await writeAndReopen(name)
        expect(readFile(`${name}.json`)).toBe(text)
        expect(backupNames(`${name}.json`)).toEqual([])
      }),
    )
  })
})

test('a file without a version is read, and gets a version when it is written', async () => {
  writeFile('settings.json', { theme: 'dark', language: 'zh-CN' })
  const { settings } = openStore(folder)
  expect(settings.value).toEqual({ theme: 'dark', language: 'zh-CN' })
  await settings.write({ ...settings.value, theme: 'light' })
  expect(JSON.parse(readFile('settings.json'))).toEqual({ version: 1, theme: 'light', language: 'zh-CN' })
})

describe('at the path of a file,', () => {
  test.each([
    ['a folder', (file: string) => mkdirSync(file)],
    ['a link to itself', (file: string) => symlinkSync(file, file)],
    ['a pipe', (file: string) => execFileSync('mkfifo', [file])],
  ])('%s is not overwritten', async (_, create) => {
    const file = join(folder, 'settings.json')
    create(file)
    const before = lstatSync(file)
    const store = openStore(folder)
    expect(store.settings.value.theme).toBe('system')
    await store.settings.write({ language: 'en', theme: 'dark' })
    await store.settings.write({ language: 'en', theme: 'light' })
    await store.end()
    expect(store.settings.value.theme).toBe('light')
    expect(lstatSync(file).ino).toBe(before.ino)
    expect(existsSync(`${file}.unreadable-1`)).toBe(false)
    expect(logSpies.flatMap((log) => log.mock.calls)).toHaveLength(1)
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

const readAtPath = (value: Json, path: readonly (string | number)[]): Json =>
  path.reduce<Json>((inner, key) => (inner as Record<string | number, Json>)[key], value)
