import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadArchive } from '../../../main/archives/index.ts'
import {
  archive,
  archiveSha256,
  imageId,
  inspectReply,
  isInspectRequest,
  isListRequest,
  fakeEngine,
} from './fake-engine.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-load-'))
  file = join(folder, 'one.tar')
  writeFileSync(file, archive)
})
afterEach(() => rmSync(folder, { recursive: true }))

const signal = new AbortController().signal
const request = () => ({ file, sha256: archiveSha256, image: imageId, references: ['one:1'] })

/** A fake engine that has the image, and answers each load with `loadReply`. */
async function startEngine(loadReply = '{"stream":"Loaded image: one:1\\n"}\n') {
  const receivedArchives: Buffer[] = []
  const { session, requests } = await fakeEngine(async (httpRequest, response) => {
    if (isInspectRequest(httpRequest)) return void response.end(JSON.stringify(inspectReply))
    if (isListRequest(httpRequest)) return void response.end(JSON.stringify([{ Id: imageId }]))
    receivedArchives.push(Buffer.concat(await httpRequest.toArray()))
    response.end(loadReply)
  })
  return { session, requests, receivedArchives }
}

test('an archive with the expected hash is sent to the engine unchanged', async () => {
  const { session, receivedArchives } = await startEngine()
  expect(await loadArchive(session, request(), signal)).toEqual({ ok: true, value: undefined })
  expect(receivedArchives).toEqual([archive])
})

test('a file that is missing, a link, a folder or changed is not sent', async () => {
  const { session, requests } = await startEngine()
  const errorCodeAfter = async (change: object) => {
    const result = await loadArchive(session, { ...request(), ...change }, signal)
    return result?.ok === false ? result.error.code : undefined
  }
  const link = join(folder, 'link.tar')
  symlinkSync(file, link)
  expect(await errorCodeAfter({ file: join(folder, 'none.tar') })).toBe('copy-missing')
  expect(await errorCodeAfter({ file: link })).toBe('copy-changed')
  expect(await errorCodeAfter({ file: folder })).toBe('copy-changed')
  expect(await errorCodeAfter({ sha256: '00' })).toBe('copy-changed')
  expect(requests).toEqual([])
})

test('an archive that would move a tag that was not requested is not sent', async () => {
  const { session, requests } = await startEngine()
  const result = await loadArchive(session, { ...request(), references: ['two:1'] }, signal)
  expect(result).toEqual({ ok: false, error: { code: 'copy-changed', file } })
  expect(requests).toEqual([])
})

test('an archive without a hash is loaded unchecked', async () => {
  const { session, receivedArchives } = await startEngine()
  const { sha256: _, ...unhashed } = request()
  expect(await loadArchive(session, unhashed, signal)).toEqual({ ok: true, value: undefined })
  expect(receivedArchives).toHaveLength(1)
})

test('an error in the engine’s reply fails the load, with the engine’s message', async () => {
  const { session } = await startEngine('{"errorDetail":{"message":"no space left"},"error":"no space left"}\n')
  expect(await loadArchive(session, request(), signal)).toEqual({
    ok: false,
    error: { code: 'copy-not-loaded', file, detail: 'no space left' },
  })
})

test('a cancelled load sends nothing and returns undefined', async () => {
  const { session, requests } = await startEngine()
  expect(await loadArchive(session, request(), AbortSignal.abort())).toBeUndefined()
  expect(requests).toEqual([])
})
