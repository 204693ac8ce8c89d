import { createHash, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { archiveReader } from '../../../main/archives/reader.ts'
import { tarEnd, tarFile, tarHeader } from '../../../tools/world/tar.ts'

const sha256 = (bytes: Uint8Array | string) => createHash('sha256').update(bytes).digest('hex')
const blob = randomBytes(1_500)
const config = JSON.stringify({
  os: 'linux',
  architecture: 'arm64',
  variant: 'v8',
  rootfs: { diff_ids: [`sha256:${sha256(blob)}`] },
})
const manifest = JSON.stringify([{ Config: 'c.json', RepoTags: null, Layers: ['a/layer.tar', 'b/layer.tar'] }])
const parts = [
  tarHeader({ name: 'a/', size: 0 }),
  tarFile('a/layer.tar', blob),
  tarFile('a/empty', ''),
  tarHeader({ name: 'b/layer.tar', size: 0, link: '../a/layer.tar' }),
  tarFile('c.json', config),
  tarFile('manifest.json', manifest),
]
const archive = Buffer.concat([...parts, tarEnd()])

/** Reads bytes in chunks, using the given sizes in turn. */
function read(bytes: Buffer, chunkSizes: readonly number[] = [bytes.length], complete = true) {
  const reader = archiveReader()
  for (let offset = 0, turn = 0; offset < bytes.length; turn++) {
    const size = chunkSizes[turn % chunkSizes.length]!
    reader.push(bytes.subarray(offset, offset + size))
    offset += size
  }
  return reader.finish(complete)
}

test('an archive gives the same result whatever the sizes of its chunks', () => {
  const expected = read(archive)
  expect(expected.sha256).toBe(sha256(archive))
  expect(expected.bytes).toBe(archive.length)
  expect(expected.content).toMatchObject({ ended: true, manifest: [{ config: 'c.json', names: [] }] })
  expect([...expected.content.entries]).toEqual([
    ['a/layer.tar', { size: 1_500, digest: `sha256:${sha256(blob)}` }],
    ['a/empty', { size: 0, digest: `sha256:${sha256('')}` }],
    ['b/layer.tar', { link: '../a/layer.tar' }],
    ['c.json', { size: config.length, digest: `sha256:${sha256(config)}` }],
    ['manifest.json', { size: manifest.length, digest: `sha256:${sha256(manifest)}` }],
  ])
  expect(expected.content.documents.get(`sha256:${sha256(config)}`)).toEqual({
    ...{ kind: 'config', platform: 'linux/arm64', diffIds: [`sha256:${sha256(blob)}`] },
  })
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 2_000 }), { minLength: 1, maxLength: 8 }), (chunkSizes) => {
      expect(read(archive, chunkSizes)).toEqual(expected)
    }),
  )
})

test('an archive that is cut off anywhere is marked as not ended', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: archive.length - 1 }), (length) => {
      expect(read(archive.subarray(0, length)).content.ended).toBe(false)
    }),
  )
  expect(read(archive, undefined, false).content.ended).toBe(false)
})

test('an archive with an engine’s error in or after it is marked as not ended, even if the error fills whole blocks', () => {
  for (const length of [40, 512, 1_024]) {
    const error = Buffer.from(`{"errorDetail":{},"error":"${'x'.repeat(length)}"}\n`)
    const padded = Buffer.concat([error, Buffer.alloc((512 - (error.length % 512)) % 512)])
    for (const bytes of [
      [...parts.slice(0, 2), error],
      [...parts.slice(0, 2), padded, tarEnd()],
      [archive, padded, tarEnd()],
    ])
      expect(read(Buffer.concat(bytes)).content.ended).toBe(false)
  }
  expect(read(Buffer.alloc(0)).content.ended).toBe(false)
})

test('text that is not JSON and JSON of another shape are not documents', () => {
  const result = read(Buffer.concat([tarFile('x', '{"a":'), tarFile('index.json', '{"manifests":1}'), tarEnd()]))
  expect(result.content).toMatchObject({ ended: true })
  expect(result.content.index).toBeUndefined()
  expect(result.content.documents.size).toBe(0)
})

test('a path that occurs twice is a conflict only if the contents differ', () => {
  const contentWithDuplicate = (second: string) =>
    read(Buffer.concat([tarFile('x', 'one'), tarFile('x', second), tarEnd()])).content
  expect(contentWithDuplicate('one').conflicts).toEqual([])
  expect(contentWithDuplicate('two').conflicts).toEqual(['x'])
})

test('a long path in an extended header is read', () => {
  const name = `blobs/${'long/'.repeat(40)}file`
  const paxRecord = (text: string) => {
    for (let length = text.length; ; length++) {
      const line = `${length} ${text}\n`
      if (line.length === length) return line
    }
  }
  const pax = paxRecord(`path=${name}`)
  const header = tarHeader({ name: 'PaxHeaders/x', size: pax.length })
  header[156] = 'x'.charCodeAt(0)
  const checksum = header.reduce((total, byte, offset) => total + (offset >= 148 && offset < 156 ? 32 : byte), 0)
  header.write(`${checksum.toString(8).padStart(6, '0')}\0 `, 148)
  const bytes = Buffer.concat([
    header,
    Buffer.from(pax),
    Buffer.alloc(512 - (pax.length % 512)),
    tarFile('short', 'hi'),
    tarEnd(),
  ])
  expect([...read(bytes).content.entries.keys()]).toEqual([name])
})
