import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { storedLists, unusedLists } from '../../../main/store/lists.ts'
import type { Image } from '../../../model/image/image.ts'

let folder: string
beforeEach(() => {
  folder = join(mkdtempSync(join(tmpdir(), 'slipway-lists-')), 'lists')
  for (const log of ['error', 'warn'] as const) vi.spyOn(console, log).mockReturnValue()
})
afterEach(() => {
  vi.restoreAllMocks()
  rmSync(join(folder, '..'), { recursive: true, force: true })
})

const image: Image = { id: 'sha256:1', references: ['x:1'], digests: [], created: 1, size: 2, parent: 'sha256:0' }
const images = (...references: string[]) => new Map<string, Image>([[image.id, { ...image, references }]])
const dayMs = 86_400_000

/** Stores a list for each endpoint, as one run of the app does. */
async function rememberAll(...endpoints: readonly string[]) {
  const lists = storedLists(folder)
  for (const endpoint of endpoints) lists.write(endpoint, images('x:1'))
  await lists.end()
}
const read = (endpoint: string) => storedLists(folder).read(endpoint)
const fileNames = () => readdirSync(folder)
function setLastUse(name: string, days: number) {
  const date = new Date(Date.now() - days * dayMs)
  utimesSync(join(folder, name), date, date)
}

test('an engine’s list is recalled at once, and in the next run of the app', async () => {
  const lists = storedLists(folder)
  expect(await lists.read('unix:///a')).toBeUndefined()
  lists.write('unix:///a', images('x:1'))
  lists.write('tcp://b:2375', images('y:1'))
  lists.write('unix:///a', images('x:1', 'x:2'))
  expect(await lists.read('unix:///a')).toEqual([{ ...image, references: ['x:1', 'x:2'] }])
  await lists.end()
  expect(await lists.read('unix:///a')).toEqual([{ ...image, references: ['x:1', 'x:2'] }])
  expect(await read('unix:///a')).toEqual([{ ...image, references: ['x:1', 'x:2'] }])
  expect(await read('tcp://b:2375')).toEqual([{ ...image, references: ['y:1'] }])
})

test('a file that is invalid or belongs to another engine gives no list, and is replaced', async () => {
  await rememberAll('unix:///a')
  const file = join(folder, fileNames()[0]!)
  for (const text of ['', '{ "endpoint": ', '{ "images": [] }', '{ "endpoint": "b", "images": [] }']) {
    writeFileSync(file, text)
    expect(await read('unix:///a')).toBeUndefined()
    await rememberAll('unix:///a')
    expect(await read('unix:///a')).toHaveLength(1)
  }
})

test('an invalid image is left out, and the other images stay', async () => {
  await rememberAll('unix:///a')
  const file = join(folder, fileNames()[0]!)
  writeFileSync(file, JSON.stringify({ endpoint: 'unix:///a', images: [{ id: 7 }, image, null] }))
  expect(await read('unix:///a')).toEqual([image])
})

test('a list of a newer version is recalled, and neither overwritten nor deleted', async () => {
  await rememberAll('unix:///a')
  const file = join(folder, fileNames()[0]!)
  const text = JSON.stringify({ version: 2, endpoint: 'unix:///a', images: [image] })
  writeFileSync(file, text)
  const lists = storedLists(folder)
  expect(await lists.read('unix:///a')).toEqual([image])
  lists.write('unix:///a', images('y:1'))
  expect(await lists.read('unix:///a')).toEqual([{ ...image, references: ['y:1'] }])
  await lists.end()
  lists.remove('unix:///a')
  await lists.end()
  expect(readFileSync(file, 'utf8')).toBe(text)
})

test('forgetting an engine deletes its file', async () => {
  const lists = storedLists(folder)
  lists.write('unix:///a', images('x:1'))
  await lists.end()
  lists.remove('unix:///a')
  expect(await lists.read('unix:///a')).toBeUndefined()
  await lists.end()
  expect(fileNames()).toEqual([])
})

test('a list that changes while it is written is written again', async () => {
  const lists = storedLists(folder)
  const currentImages = images('x:1')
  lists.write('unix:///a', currentImages)
  const firstWrite = lists.end()
  currentImages.set('sha256:2', { ...image, id: 'sha256:2' })
  lists.write('unix:///a', currentImages)
  await firstWrite
  await lists.end()
  expect(await read('unix:///a')).toHaveLength(2)
})

test('a list that was not used for 90 days is deleted; being recalled counts as use', async () => {
  await rememberAll('unix:///old', 'unix:///read')
  for (const name of fileNames()) setLastUse(name, 91)
  const lists = storedLists(folder)
  expect(await lists.read('unix:///read')).toHaveLength(1)
  await lists.end()
  expect(fileNames()).toHaveLength(1)
  expect(await read('unix:///read')).toHaveLength(1)
})

test('only the 32 lists that were used last are kept', async () => {
  await rememberAll('unix:///first')
  setLastUse(fileNames()[0]!, 1)
  await rememberAll(...Array.from({ length: 32 }, (_, index) => `unix:///${index}`))
  expect(fileNames()).toHaveLength(32)
  expect(await read('unix:///first')).toBeUndefined()
})

test('whatever files there are, no deleted list was used later than a list that stays', () => {
  const files = fc
    .array(fc.nat({ max: 200 }), { maxLength: 60 })
    .map((days) => days.map((daysAgo, index) => ({ name: `${index}.json`, usedAtMs: -daysAgo * dayMs })))
  fc.assert(
    fc.property(files, (files) => {
      const unused = new Set(unusedLists(files, 0))
      const keptFiles = files.filter(({ name }) => !unused.has(name))
      const deletedFiles = files.filter(({ name }) => unused.has(name))
      expect(keptFiles.length).toBeLessThanOrEqual(32)
      expect(keptFiles.every(({ usedAtMs }) => usedAtMs >= -90 * dayMs)).toBe(true)
      expect(
        deletedFiles.every((deleted) => keptFiles.every((remaining) => remaining.usedAtMs >= deleted.usedAtMs)),
      ).toBe(true)
      expect(keptFiles.length === 32 || deletedFiles.every(({ usedAtMs }) => usedAtMs < -90 * dayMs)).toBe(true)
    }),
  )
})

test('lists can be read only by their user', async () => {
  await rememberAll('unix:///a')
  expect(statSync(folder).mode & 0o777).toBe(0o700)
  expect(statSync(join(folder, fileNames()[0]!)).mode & 0o777).toBe(0o600)
})
