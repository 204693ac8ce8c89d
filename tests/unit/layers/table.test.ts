import Docker from 'dockerode'
import { createFakeSession } from '../fake-session.ts'
import { readFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { ImageRead } from '../../../main/layers/read-image.ts'
import { Reads } from '../../../main/layers/reads.ts'
import { LayerTable } from '../../../main/layers/table.ts'
import { openStore } from '../../../main/store/index.ts'
import type { Image } from '../../../model/image/image.ts'
import { Sharing, type SharingChange } from '../../../model/layers/sharing.ts'

const image = (id: string): Image => ({ id, references: [`${id}:1`], digests: [], created: 1, size: 30 })
/** A read of an image with a shared base, its own layer and blob, and a setting that may have created a layer. */
const read = (id: string, overrides: Partial<ImageRead> = {}): ImageRead => ({
  diffIds: ['sha256:base', `sha256:nothing ${id}`, `sha256:own ${id}`],
  history: [
    { createdBy: 'COPY base /', size: 20 },
    { createdBy: 'ENV a=b', size: 0 },
    { createdBy: 'RUN true', size: 0 },
    { createdBy: `COPY ${id} /`, size: 10 },
  ],
  layersSize: 30,
  content: { size: 5, blobs: [{ digest: `sha256:blob ${id}`, size: 5 }] },
  holdsLayers: true,
  cacheable: true,
  ...overrides,
})
const createImages = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, index) => image(`${prefix}-${index}`))
const usedImages: ReadonlySet<string> = new Set()

/** A copy of the table's sharing that the table's changes update, as in a window. */
class WindowCopy {
  sharing = new Sharing()
  snapshotCount = 0
  receive(table: LayerTable, change: SharingChange | 'renumbered' | undefined) {
    if (change === 'renumbered') {
      this.snapshotCount++
      this.sharing.clear()
      this.sharing.apply(table.snapshot())
    } else if (change) this.sharing.apply(change)
  }
}

test('the table does not grow, and its sums stay correct, while 400 images come and go five times', () => {
  const table = new LayerTable('containerd')
  const windowCopy = new WindowCopy()
  const staying = createImages('stays', 20)
  const updateTable = (images: readonly Image[]) => {
    const reads = new Map(images.map(({ id }) => [id, read(id)]))
    const state = { images: new Map(images.map((item) => [item.id, item])), used: usedImages, cached: 0 }
    windowCopy.receive(table, table.update({ ...state, reads }))
  }
  updateTable(staying)
  const before = table.counts
  const sums = windowCopy.sharing.of(['stays-3', 'stays-4'])
  for (let round = 0; round < 5; round++) {
    const temporary = createImages(`round-${round}`, 400)
    for (let count = 50; count <= 400; count += 50) updateTable([...staying, ...temporary.slice(0, count)])
    expect(table.counts.images).toBe(420)
    for (let count = 350; count >= 0; count -= 50) updateTable([...staying, ...temporary.slice(0, count)])
    expect(table.counts.images).toBe(before.images)
    expect(table.counts.units).toBeLessThanOrEqual(2 * before.units)
    expect(table.counts.layers).toBeLessThanOrEqual(2 * before.layers)
    expect(windowCopy.sharing.of(['stays-3', 'stays-4'])).toEqual(sums)
    const freshSharing = new Sharing()
    freshSharing.apply(table.snapshot())
    expect(windowCopy.sharing.of(['stays-0'])).toEqual(freshSharing.of(['stays-0']))
    expect(table.likely('stays-7').map(({ size }) => size)).toEqual([20, 0, 10])
  }
  // A snapshot is needed a few times a round, not at each change.
  expect(windowCopy.snapshotCount).toBeLessThanOrEqual(5 * 4)
})

describe('the reads of images', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-reads-'))))
  afterEach(() => rmSync(folder, { recursive: true }))
  const sessionAt = (endpoint: string, store: 'classic' | 'containerd' = 'classic') => {
    const session = createFakeSession(new Docker(), endpoint)
    return { ...session, capabilities: { ...session.capabilities, store } }
  }
  const openReads = (endpoint = 'unix:///a', store?: 'classic' | 'containerd') =>
    new Reads(openStore(folder).layers, sessionAt(endpoint, store))
  const idsOf = (images: readonly Image[]) => new Set(images.map(({ id }) => id))
  const fileSize = () => readFileSync(join(folder, 'layers.json')).length

  test('do not grow, in memory or in the file, while 400 images come and go five times', async () => {
    const reads = openReads()
    const staying = createImages('stays', 20)
    for (const item of staying) reads.add(item, read(item.id), false)
    await reads.write()
    const before = fileSize()
    for (let round = 0; round < 5; round++) {
      const temporary = createImages(`round-${round}`, 400)
      for (const item of temporary) reads.add(item, read(item.id), false)
      await reads.write()
      reads.keepOnly(idsOf(staying))
      await reads.write()
      expect(reads.all.size).toBe(20)
      expect(fileSize()).toBe(before)
    }
  })

  test('of another engine with the classic store stay in the file, and that engine uses them again', async () => {
    const [ownImages, otherImages] = [createImages('mine', 2), createImages('others', 2)]
    const first = openReads('unix:///a')
    for (const item of otherImages) first.add(item, read(item.id), false)
    await first.write()
    const second = openReads('unix:///b')
    for (const item of ownImages) second.add(item, read(item.id), false)
    second.keepOnly(idsOf(ownImages))
    await second.write()
    const reopened = openReads('unix:///a')
    reopened.loadStored(idsOf(otherImages))
    expect(reopened.all.size).toBe(2)
    expect(reopened.due(otherImages, usedImages).now).toEqual([])
  })

  test('are repeated at once if the image has changed since the failure, otherwise later if at all', async () => {
    const reads = openReads()
    const [failing, missing] = createImages('image', 2) as [Image, Image]
    const before = performance.now()
    reads.failed(failing, Object.assign(new Error(), { statusCode: 500 }))
    reads.failed(missing, Object.assign(new Error(), { statusCode: 404 }))
    const { now, next } = reads.due([failing, missing], usedImages)
    expect(now).toEqual([])
    expect(next).toBeGreaterThan(before)
    expect(next).toBeLessThan(Infinity)
    expect(reads.due([{ ...failing }, { ...missing }], usedImages).now).toHaveLength(2)
  })

  test('that are partial are used, repeated later, and not stored', async () => {
    const reads = openReads()
    const partial = image('one')
    reads.add(partial, read('one', { cacheable: false, partial: true }), false)
    expect(reads.all.has('one')).toBe(true)
    expect(reads.due([partial], usedImages).next).toBeLessThan(Infinity)
    await reads.write()
    expect(openReads().due([partial], usedImages).now).toEqual([partial])
  })

  test('of an index are valid as long as its content stays the same', async () => {
    const index = image('index')
    const first = openReads('unix:///a', 'containerd')
    first.add(index, read('index', { absent: ['sha256:arm64'] }), false)
    expect(first.due([index], usedImages).now).toEqual([])
    await first.write()
    for (const [present, isDue] of [
      [['sha256:blob index', 'sha256:else'], false],
      [['sha256:blob index', 'sha256:arm64'], true],
      [['sha256:else'], true],
    ] as const) {
      const reopened = openReads('unix:///a', 'containerd')
      reopened.loadStored(['index'])
      expect(reopened.isUnconfirmed(index)).toBe(true)
      reopened.confirm([index], new Set(present))
      expect(reopened.due([index], usedImages).now).toEqual(isDue ? [index] : [])
    }
  })
})
