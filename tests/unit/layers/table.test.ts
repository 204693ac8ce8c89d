import Docker from 'dockerode'
import { sessionOver } from '../session.ts'
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
/** A base that all share, and a layer and a blob of its own; one setting may or may not be a layer. */
const read = (id: string, more: Partial<ImageRead> = {}): ImageRead => ({
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
  ...more,
})
const named = (prefix: string, count: number) => Array.from({ length: count }, (_, at) => image(`${prefix}-${at}`))
const used: ReadonlySet<string> = new Set()

/** Keeps up as a window does. */
class Follower {
  sharing = new Sharing()
  wholes = 0
  hear(table: LayerTable, change: SharingChange | 'renumbered' | undefined) {
    if (change === 'renumbered') {
      this.wholes++
      this.sharing.clear()
      this.sharing.apply(table.snapshot())
    } else if (change) this.sharing.apply(change)
  }
}

test('a table stays as small as its images, and sums stay true, while 400 images come and go five times', () => {
  const table = new LayerTable('containerd')
  const window = new Follower()
  const staying = named('stays', 20)
  const show = (images: readonly Image[]) => {
    const reads = new Map(images.map(({ id }) => [id, read(id)]))
    const known = { images: new Map(images.map((each) => [each.id, each])), used, cached: 0 }
    window.hear(table, table.update({ ...known, reads }))
  }
  show(staying)
  const before = table.counts
  const sums = window.sharing.of(['stays-3', 'stays-4'])
  for (let round = 0; round < 5; round++) {
    const passing = named(`round-${round}`, 400)
    for (let at = 0; at < 400; at += 50) show([...staying, ...passing.slice(0, at + 50)])
    expect(table.counts.images).toBe(420)
    for (let left = 350; left >= 0; left -= 50) show([...staying, ...passing.slice(0, left)])
    expect(table.counts.images).toBe(before.images)
    expect(table.counts.units).toBeLessThanOrEqual(2 * before.units)
    expect(table.counts.layers).toBeLessThanOrEqual(2 * before.layers)
    expect(window.sharing.of(['stays-3', 'stays-4'])).toEqual(sums)
    const fresh = new Sharing()
    fresh.apply(table.snapshot())
    expect(window.sharing.of(['stays-0'])).toEqual(fresh.of(['stays-0']))
    expect(table.likely('stays-7').map(({ size }) => size)).toEqual([20, 0, 10])
  }
  // The whole is asked for a few times a round, not at each change.
  expect(window.wholes).toBeLessThanOrEqual(5 * 4)
})

describe('what was read', () => {
  let folder: string
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-reads-'))))
  afterEach(() => rmSync(folder, { recursive: true }))
  const at = (endpoint: string, store: 'classic' | 'containerd' = 'classic') => {
    const session = sessionOver(new Docker(), endpoint)
    return { ...session, capabilities: { ...session.capabilities, store } }
  }
  const open = (endpoint = 'unix:///a', store?: 'classic' | 'containerd') =>
    new Reads(openStore(folder).layers, at(endpoint, store))
  const idsOf = (images: readonly Image[]) => new Set(images.map(({ id }) => id))
  const fileSize = () => readFileSync(join(folder, 'layers.json')).length

  test('is as little as before after 400 images came and went five times, in memory and in the file', async () => {
    const reads = open()
    const staying = named('stays', 20)
    for (const each of staying) reads.add(each, read(each.id), false)
    await reads.write()
    const before = fileSize()
    for (let round = 0; round < 5; round++) {
      const passing = named(`round-${round}`, 400)
      for (const each of passing) reads.add(each, read(each.id), false)
      await reads.write()
      reads.keepOnly(idsOf(staying))
      await reads.write()
      expect(reads.all.size).toBe(20)
      expect(fileSize()).toBe(before)
    }
  })

  test('of images of another engine with the classic store is kept in the file, and taken up there', async () => {
    const [mine, others] = [named('mine', 2), named('others', 2)]
    const first = open('unix:///a')
    for (const each of others) first.add(each, read(each.id), false)
    await first.write()
    const second = open('unix:///b')
    for (const each of mine) second.add(each, read(each.id), false)
    second.keepOnly(idsOf(mine))
    await second.write()
    const again = open('unix:///a')
    again.recall(idsOf(others))
    expect(again.all.size).toBe(2)
    expect(again.due(others, used).now).toEqual([])
  })

  test('is asked for again after a failure that may pass: at once when the image has changed, else a little later', async () => {
    const reads = open()
    const [failing, gone] = named('image', 2) as [Image, Image]
    const before = performance.now()
    reads.failed(failing, Object.assign(new Error(), { statusCode: 500 }))
    reads.failed(gone, Object.assign(new Error(), { statusCode: 404 }))
    const { now, next } = reads.due([failing, gone], used)
    expect(now).toEqual([])
    expect(next).toBeGreaterThan(before)
    expect(next).toBeLessThan(Infinity)
    expect(reads.due([{ ...failing }, { ...gone }], used).now).toHaveLength(2)
  })

  test('of which a part is missing is used, asked for again, and not remembered', async () => {
    const reads = open()
    const one = image('one')
    reads.add(one, read('one', { cacheable: false, partial: true }), false)
    expect(reads.all.has('one')).toBe(true)
    expect(reads.due([one], used).next).toBeLessThan(Infinity)
    await reads.write()
    expect(open().due([one], used).now).toEqual([one])
  })

  test('of an index holds as long as its content is the same', async () => {
    const index = image('index')
    const first = open('unix:///a', 'containerd')
    first.add(index, read('index', { absent: ['sha256:arm64'] }), false)
    expect(first.due([index], used).now).toEqual([])
    await first.write()
    for (const [present, again] of [
      [['sha256:blob index', 'sha256:else'], false],
      [['sha256:blob index', 'sha256:arm64'], true],
      [['sha256:else'], true],
    ] as const) {
      const next = open('unix:///a', 'containerd')
      next.recall(['index'])
      expect(next.isUnconfirmed(index)).toBe(true)
      next.confirm([index], new Set(present))
      expect(next.due([index], used).now).toEqual(again ? [index] : [])
    }
  })
})
