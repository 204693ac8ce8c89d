import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ImageRead } from '../../../main/layers/read-image.ts'
import { loadRead, storeReads, scopeOf } from '../../../main/layers/stored-reads.ts'
import { openStore } from '../../../main/store/index.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-reads-'))))
afterEach(() => rmSync(folder, { recursive: true }))

describe('the stored reads of images', () => {
  const read = (overrides: Partial<ImageRead> = {}): ImageRead => ({
    diffIds: ['sha256:a', 'sha256:b'],
    history: [
      { createdBy: 'COPY a /', size: 10, empty: false },
      { createdBy: 'ENV a=b', size: 0, empty: true },
      { createdBy: 'COPY a /', size: 7 },
    ],
    layersSize: 17,
    holdsLayers: true,
    cacheable: true,
    ...overrides,
  })
  const content = { size: 5, blobs: [{ digest: 'sha256:c', size: 5 }] }

  test('are the same in the next run of the app; reads that are not cacheable are not stored', async () => {
    const reads = new Map([
      ['classic', read()],
      ['with content', read({ content })],
      ['content without blobs', read({ content: { size: 3 } })],
      ['index', read({ content, absent: ['sha256:d'] })],
      ['not cacheable', read({ cacheable: false })],
    ])
    await storeReads(openStore(folder).layers, 'classic', reads, () => true)
    reads.delete('not cacheable')
    const reopened = openStore(folder).layers
    for (const [id, read] of reads) expect(loadRead(reopened, 'classic', id)).toEqual(read)
    expect(loadRead(reopened, 'classic', 'not cacheable')).toBeUndefined()
  })

  test('are dropped for images that are gone from the engine, and kept for images that another engine may have', async () => {
    const file = openStore(folder).layers
    await storeReads(file, 'classic', new Map([1, 2, 3].map((number) => [`image-${number}`, read()])), () => true)
    await storeReads(file, 'classic', new Map([['image-1', read()]]), (id) => id !== 'image-2')
    expect([1, 2, 3].filter((number) => loadRead(file, 'classic', `image-${number}`))).toEqual([1, 3])
  })

  test('are shared by all engines with the classic store, and separate for each engine with the containerd store', () => {
    expect(scopeOf('classic', 'unix:///a')).toBe(scopeOf('classic', 'unix:///b'))
    expect(scopeOf('containerd', 'unix:///a')).not.toBe(scopeOf('containerd', 'unix:///b'))
  })

  test('are ignored if the file has another shape', () => {
    writeFileSync(join(folder, 'layers.json'), '{ "engines": 1 }')
    expect(loadRead(openStore(folder).layers, 'classic', 'classic')).toBeUndefined()
  })
})
