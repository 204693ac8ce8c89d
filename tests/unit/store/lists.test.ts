import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { rememberedLists } from '../../../main/store/lists.ts'
import type { Image } from '../../../model/image/image.ts'

let folder: string
beforeEach(() => (folder = join(mkdtempSync(join(tmpdir(), 'slipway-lists-')), 'lists')))
afterEach(() => rmSync(folder, { recursive: true, force: true }))

const image: Image = { id: 'sha256:1', references: ['x:1'], digests: [], created: 1, size: 2, parent: 'sha256:0' }
const images = (...references: string[]) => new Map([[image.id, { ...image, references }]])

test('what an engine had is known at once, and outlives the app', async () => {
  const lists = rememberedLists(folder)
  expect(await lists.recall('unix:///a')).toBeUndefined()
  lists.remember('unix:///a', images('x:1'))
  lists.remember('tcp://b:2375', images('y:1'))
  lists.remember('unix:///a', images('x:1', 'x:2'))
  expect(await lists.recall('unix:///a')).toEqual([{ ...image, references: ['x:1', 'x:2'] }])
  lists.end()
  expect(await rememberedLists(folder).recall('unix:///a')).toEqual([{ ...image, references: ['x:1', 'x:2'] }])
  expect(await rememberedLists(folder).recall('tcp://b:2375')).toEqual([{ ...image, references: ['y:1'] }])
})

test('a file that cannot be understood, or that is another engine’s, is as good as none', async () => {
  const lists = rememberedLists(folder)
  lists.remember('unix:///a', images('x:1'))
  lists.end()
  const file = join(folder, readdirSync(folder)[0]!)
  for (const text of [
    '',
    '{ "endpoint": ',
    '{ "endpoint": "unix:///a", "images": [{}] }',
    '{ "endpoint": "b", "images": [] }',
  ]) {
    writeFileSync(file, text)
    expect(await rememberedLists(folder).recall('unix:///a')).toBeUndefined()
  }
})

test('an engine that is forgotten leaves no file', async () => {
  const lists = rememberedLists(folder)
  lists.remember('unix:///a', images('x:1'))
  lists.end()
  lists.forget('unix:///a')
  expect(await lists.recall('unix:///a')).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})
