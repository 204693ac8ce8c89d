import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ImageRead } from '../../../main/layers/read-image.ts'
import { recall, remember, scopeOf } from '../../../main/layers/stored-reads.ts'
import { openStore } from '../../../main/store/index.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-kept-'))))
afterEach(() => rmSync(folder, { recursive: true }))

describe('what was read of images', () => {
  const read = (more: Partial<ImageRead> = {}): ImageRead => ({
    diffIds: ['sha256:a', 'sha256:b'],
    history: [
      { createdBy: 'COPY a /', size: 10, empty: false },
      { createdBy: 'ENV a=b', size: 0, empty: true },
      { createdBy: 'COPY a /', size: 7 },
    ],
    layersSize: 17,
    holdsLayers: true,
    cacheable: true,
    ...more,
  })
  const content = { size: 5, blobs: [{ digest: 'sha256:c', size: 5 }] }

  test('is the same in the next run of the app, but for what may change', async () => {
    const reads = new Map([
      ['classic', read()],
      ['with content', read({ content })],
      ['content untold', read({ content: { size: 3 } })],
      ['index', read({ content, absent: ['sha256:d'] })],
      ['not cacheable', read({ cacheable: false })],
    ])
    await remember(openStore(folder).layers, 'classic', reads, () => true)
    reads.delete('not cacheable')
    const next = openStore(folder).layers
    for (const [id, read] of reads) expect(recall(next, 'classic', id)).toEqual(read)
    expect(recall(next, 'classic', 'not cacheable')).toBeUndefined()
  })

  test('is forgotten of images that this engine had and has no more, not of those that another one may have', async () => {
    const file = openStore(folder).layers
    await remember(file, 'classic', new Map([1, 2, 3].map((at) => [`image-${at}`, read()])), () => true)
    await remember(file, 'classic', new Map([['image-1', read()]]), (id) => id !== 'image-2')
    expect([1, 2, 3].filter((at) => recall(file, 'classic', `image-${at}`))).toEqual([1, 3])
  })

  test('holds for every engine with the classic store, and for one with the other', () => {
    expect(scopeOf('classic', 'unix:///a')).toBe(scopeOf('classic', 'unix:///b'))
    expect(scopeOf('containerd', 'unix:///a')).not.toBe(scopeOf('containerd', 'unix:///b'))
  })

  test('is read anew where the file cannot be understood', () => {
    writeFileSync(join(folder, 'layers.json'), '{ "engines": 1 }')
    expect(recall(openStore(folder).layers, 'classic', 'classic')).toBeUndefined()
  })
})
