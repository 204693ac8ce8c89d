import type { ServerResponse } from 'node:http'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { saveArchive } from '../../../main/archives/index.ts'
import { archive, archiveSha256, imageId, inspectReply, isInspectRequest, fakeEngine } from './fake-engine.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-save-'))
  file = join(folder, 'one.tar')
})
afterEach(() => rmSync(folder, { recursive: true }))

const signal = new AbortController().signal
const request = () => ({ file, image: imageId, references: ['one:1'], size: archive.length })
const startEngine = (answerSave: (response: ServerResponse) => void, reply: object | undefined = inspectReply) =>
  fakeEngine((httpRequest, response) => {
    if (!isInspectRequest(httpRequest)) return answerSave(response)
    response.statusCode = 'Id' in reply ? 200 : 404
    response.end(JSON.stringify(reply))
  })

test('a complete archive is written to a file that only its owner can read, and its size and hash are returned', async () => {
  const { session } = await startEngine((response) => void response.end(archive))
  const saved = { file, bytes: archive.length, sha256: archiveSha256 }
  expect(await saveArchive(session, request(), signal)).toEqual({ ok: true, value: saved })
  expect(readFileSync(file).equals(archive)).toBe(true)
  expect(readdirSync(folder)).toEqual(['one.tar'])
  expect(statSync(file).mode & 0o777).toBe(0o600)
})

test('the archive of an image that does not exist is not requested', async () => {
  const { session, requests } = await startEngine(() => {}, { message: 'No such image' })
  expect(await saveArchive(session, request(), signal)).toEqual({
    ok: false,
    error: { code: 'image-gone', image: imageId },
  })
  expect(requests).toHaveLength(1)
})

test.each<[string, (response: ServerResponse) => void, object]>([
  ['ends early', (response) => void response.end(archive.subarray(0, 1_000)), { code: 'copy-incomplete' }],
  [
    'is cut off with the connection',
    (response) => void response.writeHead(200).write(archive.subarray(0, 1_000), () => response.destroy()),
    { code: 'copy-incomplete' },
  ],
  [
    'has only an error of the engine',
    (response) => void response.end('{"errorDetail":{"message":"blob not found"},"error":"blob not found"}\n'),
    { code: 'copy-failed', detail: 'blob not found' },
  ],
  [
    'is refused',
    (response) => void response.writeHead(500).end('{"message":"layer does not exist"}'),
    { code: 'copy-failed', name: 'one:1' },
  ],
])('an archive that %s leaves no file', async (_, answerSave, error) => {
  const { session } = await startEngine(answerSave)
  expect(await saveArchive(session, request(), signal)).toMatchObject({ ok: false, error })
  expect(readdirSync(folder)).toEqual([])
})

test('a cancel during the save returns undefined and leaves no file', async () => {
  const controller = new AbortController()
  const { session } = await startEngine((response) => {
    response.writeHead(200).write(archive.subarray(0, 1_000), () => controller.abort())
  })
  expect(await saveArchive(session, request(), controller.signal)).toBeUndefined()
  expect(readdirSync(folder)).toEqual([])
})

test('a partial file that another process is writing is left unchanged', async () => {
  writeFileSync(`${file}.part`, 'theirs')
  const { session } = await startEngine((response) => void response.end(archive))
  expect(await saveArchive(session, request(), signal)).toMatchObject({ ok: false, error: { code: 'folder-unusable' } })
  expect(readFileSync(`${file}.part`, 'utf8')).toBe('theirs')
})

test('a folder that does not exist is reported as unusable', async () => {
  const { session } = await startEngine((response) => void response.end(archive))
  const missing = join(folder, 'none')
  expect(await saveArchive(session, { ...request(), file: join(missing, 'one.tar') }, signal)).toMatchObject({
    ok: false,
    error: { code: 'folder-unusable', folder: missing },
  })
})
