import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { loadArchive } from '../../../main/archives/index.ts'
import { archive, archiveSha256, image, inspected, isInspect, isList, played } from './fake-engine.ts'

let folder: string
let file: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-load-'))
  file = join(folder, 'one.tar')
  writeFileSync(file, archive)
})
afterEach(() => rmSync(folder, { recursive: true }))

const signal = new AbortController().signal
const wanted = () => ({ file, sha256: archiveSha256, image, references: ['one:1'] })

/** An engine that has the image once it is loaded, and answers a load so. */
async function engine(answer = '{"stream":"Loaded image: one:1\\n"}\n') {
  const loaded: Buffer[] = []
  const { session, asked } = await played(async (request, response) => {
    if (isInspect(request)) return void response.end(JSON.stringify(inspected))
    if (isList(request)) return void response.end(JSON.stringify([{ Id: image }]))
    loaded.push(Buffer.concat(await request.toArray()))
    response.end(answer)
  })
  return { session, asked, loaded }
}

test('an archive with its hash is sent as it is, and the image is checked afterwards', async () => {
  const { session, loaded } = await engine()
  expect(await loadArchive(session, wanted(), signal)).toEqual({ ok: true, value: undefined })
  expect(loaded).toEqual([archive])
})

test('nothing is sent of a file that is missing, a link, a folder, or changed', async () => {
  const { session, asked } = await engine()
  const failureOf = async (change: object) => {
    const result = await loadArchive(session, { ...wanted(), ...change }, signal)
    return result?.ok === false ? result.error.code : undefined
  }
  const link = join(folder, 'link.tar')
  symlinkSync(file, link)
  expect(await failureOf({ file: join(folder, 'none.tar') })).toBe('copy-missing')
  expect(await failureOf({ file: link })).toBe('copy-changed')
  expect(await failureOf({ file: folder })).toBe('copy-changed')
  expect(await failureOf({ sha256: '00' })).toBe('copy-changed')
  expect(asked).toEqual([])
})

test('nothing is sent of an archive that would move a tag that was not asked for', async () => {
  const { session, asked } = await engine()
  const result = await loadArchive(session, { ...wanted(), references: ['two:1'] }, signal)
  expect(result).toEqual({ ok: false, error: { code: 'copy-changed', file } })
  expect(asked).toEqual([])
})

test('an archive without a hash is loaded unchecked', async () => {
  const { session, loaded } = await engine()
  const { sha256: _, ...unhashed } = wanted()
  expect(await loadArchive(session, unhashed, signal)).toEqual({ ok: true, value: undefined })
  expect(loaded).toHaveLength(1)
})

test('an error in the engine’s answer is returned in its own words', async () => {
  const { session } = await engine('{"errorDetail":{"message":"no space left"},"error":"no space left"}\n')
  expect(await loadArchive(session, wanted(), signal)).toEqual({
    ok: false,
    error: { code: 'copy-not-loaded', file, detail: 'no space left' },
  })
})

test('a cancelled load returns nothing', async () => {
  const { session, asked } = await engine()
  expect(await loadArchive(session, wanted(), AbortSignal.abort())).toBeUndefined()
  expect(asked).toEqual([])
})
