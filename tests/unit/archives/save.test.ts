import type { ServerResponse } from 'node:http'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { saveArchive } from '../../../main/archives/index.ts'
import { archive, archiveSha256, image, inspected, isInspect, played } from './fake-engine.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-save-'))
  file = join(folder, 'one.tar')
})
afterEach(() => rmSync(folder, { recursive: true }))

const signal = new AbortController().signal
const wanted = () => ({ file, image, references: ['one:1'], size: archive.length })
const engine = (save: (response: ServerResponse) => void, inspect: object | undefined = inspected) =>
  played((request, response) => {
    if (!isInspect(request)) return save(response)
    response.statusCode = 'Id' in inspect ? 200 : 404
    response.end(JSON.stringify(inspect))
  })

test('a complete archive is on the disk with its size and hash, for its user alone', async () => {
  const { session } = await engine((response) => void response.end(archive))
  const saved = { file, bytes: archive.length, sha256: archiveSha256 }
  expect(await saveArchive(session, wanted(), signal)).toEqual({ ok: true, value: saved })
  expect(readFileSync(file).equals(archive)).toBe(true)
  expect(readdirSync(folder)).toEqual(['one.tar'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('an image that is gone is not asked for', async () => {
  const { session, asked } = await engine(() => {}, { message: 'No such image' })
  expect(await saveArchive(session, wanted(), signal)).toEqual({ ok: false, error: { code: 'image-gone', image } })
  expect(asked).toHaveLength(1)
})

test.each<[string, (response: ServerResponse) => void, object]>([
  ['ends early', (response) => void response.end(archive.subarray(0, 1_000)), { code: 'copy-incomplete' }],
  [
    'is cut',
    (response) => void response.writeHead(200).write(archive.subarray(0, 1_000), () => response.destroy()),
    { code: 'copy-incomplete' },
  ],
  [
    'breaks off with an error of the engine',
    (response) => void response.end('{"errorDetail":{"message":"blob not found"},"error":"blob not found"}\n'),
    { code: 'copy-failed', detail: 'blob not found' },
  ],
  [
    'is refused',
    (response) => void response.writeHead(500).end('{"message":"layer does not exist"}'),
    { code: 'copy-failed', name: 'one:1' },
  ],
])('an archive that %s leaves no file', async (_, save, error) => {
  const { session } = await engine(save)
  expect(await saveArchive(session, wanted(), signal)).toMatchObject({ ok: false, error })
  expect(readdirSync(folder)).toEqual([])
})

test('a cancel in the middle returns nothing and leaves no file', async () => {
  const cancel = new AbortController()
  const { session } = await engine((response) => {
    response.writeHead(200).write(archive.subarray(0, 1_000), () => cancel.abort())
  })
  expect(await saveArchive(session, wanted(), cancel.signal)).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})

test('a file that somebody else is writing is left as it is', async () => {
  writeFileSync(`${file}.part`, 'theirs')
  const { session } = await engine((response) => void response.end(archive))
  expect(await saveArchive(session, wanted(), signal)).toMatchObject({ ok: false, error: { code: 'folder-unusable' } })
  expect(readFileSync(`${file}.part`, 'utf8')).toBe('theirs')
})

test('a folder that does not exist is said to be unusable', async () => {
  const { session } = await engine((response) => void response.end(archive))
  const away = join(folder, 'none')
  expect(await saveArchive(session, { ...wanted(), file: join(away, 'one.tar') }, signal)).toMatchObject({
    ok: false,
    error: { code: 'folder-unusable', folder: away },
  })
})
