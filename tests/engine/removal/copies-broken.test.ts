/** What the engine saves is not always the image. Whatever is wrong with a copy, the image stays, and the job says why. */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../preload/contract/index.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { openCleaner, present, type Cleaner } from './cleaner.ts'
import { brokenExports, type Fault } from './exports.ts'
import { loadPlatforms } from './platforms.ts'
import { matrix } from '../matrix.ts'

const image = (references: string[], bytes: number): ImageSpec => ({
  ...{ references, created: new Date(1_700_000_000_000) },
  steps: [
    { instruction: `COPY ${references[0]} /`, bytes, noise: true },
    { instruction: 'COPY small /', bytes: 5_000, noise: true },
  ],
  config: { Cmd: ['/none'] },
})

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let exports: Awaited<ReturnType<typeof brokenExports>>
  let cleaner: Cleaner

  beforeEach(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, [image(['one:1'], 30_000), image(['two:1', 'two:2'], 2_000_000)])
    exports = await brokenExports(engine.socket)
  })
  afterEach(async () => {
    await cleaner?.stop()
    exports?.close()
    await engine?.stop()
    if (cleaner) rmSync(cleaner.folder, { recursive: true, force: true })
  })
  const open = async () => (cleaner = await openCleaner({ ...engine, socket: exports.socket }))
  const folder = () => join(cleaner.folder, 'Slipway')

  /** Removes images with copies, both of them first. Nothing may be removed or left behind. */
  async function refused(during: (job: string) => Promise<void> = async () => {}): Promise<Job> {
    const before = await present(engine)
    const all = ['one:1', 'two:1'].map((name) => cleaner.named(name).id)
    const started = await cleaner.apply(await cleaner.plan(all.map((id) => ({ image: id }))), all)
    if (!started.ok) throw new Error(JSON.stringify(started.error))
    await during(started.value)
    const job = await cleaner.end(started.value)
    expect(await present(engine)).toEqual(before)
    expect(readdirSync(folder())).toEqual([])
    expect(cleaner.jobs.undoables()).toEqual([])
    expect(job.items.map(({ state }) => state)).toEqual(['skipped', 'skipped'])
    return job
  }

  const early = { code: 'copy-incomplete', problem: { kind: 'ended-early' } }
  const faults: readonly [Fault, object][] = [
    ['cut', early],
    ['half', early],
    ['no-end', early],
    ['empty', early],
    ['error-in-the-middle', { code: 'copy-failed', detail: 'no space left on the disk of the engine' }],
  ]
  test('an answer that breaks off or contains an error leaves no copy', async () => {
    await open()
    for (const [fault, failure] of faults) {
      exports.break(fault)
      expect([fault, await refused()]).toMatchObject([fault, { state: 'failed', failure }])
    }
    exports.break(undefined)
    const { id } = cleaner.named('two:1')
    expect(await cleaner.carryOut(await cleaner.plan([{ image: id }]), [id])).toMatchObject({ state: 'done' })
  })

  test('an engine that is killed in the middle leaves no copy', async () => {
    await open()
    exports.break('stall')
    const job = await refused(async () => {
      await exports.stalled()
      exports.close()
      await engine.kill()
      await engine.restart()
    })
    expect(job).toMatchObject({ state: 'failed', failure: early })
  })

  test('a cancel ends the copy at once', async () => {
    await open()
    exports.break('stall')
    const job = await refused(async (id) => {
      await exports.stalled()
      expect(readdirSync(folder()).map((file) => file.endsWith('.part'))).toEqual([true])
      await cleaner.jobs.handlers['jobs.cancel'](id)
      // The engine's answer never ends: only the app can have closed it.
      await exports.closed()
    })
    expect(job).toMatchObject({ state: 'cancelled' })
    expect(job.failure).toBeUndefined()
  })

  test('a disk that fills up while a copy is saved is reported', async () => {
    await open()
    const small = join(cleaner.folder, 'Slipway')
    mkdirSync(small)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', small])
    try {
      exports.break('stall')
      const job = await refused(async () => {
        await exports.stalled()
        const { bavail, bsize } = statfsSync(small)
        writeFileSync(join(small, 'filler'), Buffer.alloc(bavail * bsize))
        exports.resume()
        // Removed once the copy has failed, so that the folder can be compared.
        while (readdirSync(small).some((file) => file.endsWith('.part')))
          await new Promise((next) => setTimeout(next, 20))
        rmSync(join(small, 'filler'))
      })
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'disk-full', folder: small } })
    } finally {
      execFileSync('umount', [small])
    }
  })

  test('a cancel while a copy is loaded loads nothing, and it can be loaded later', async () => {
    await loadImages(engine.docker, [image(['large:1'], 12_000_000)])
    await open()
    const before = await present(engine)
    const { id } = cleaner.named('large:1')
    const removal = await cleaner.carryOut(await cleaner.plan([{ image: id }]), [id])
    const without = await present(engine)
    exports.break('stall-load')
    const undo = await cleaner.startUndo(removal.id)
    await exports.stalled()
    await cleaner.jobs.handlers['jobs.cancel'](undo)
    exports.resume()
    expect(await cleaner.end(undo)).toMatchObject({ state: 'cancelled', items: [{ state: 'skipped' }] })
    expect(await present(engine)).toEqual(without)
    exports.break(undefined)
    expect(await cleaner.undo(removal.id)).toMatchObject({ state: 'done' })
    expect(await present(engine)).toEqual(before)
  })

  test('the engine’s error about a copy that it cannot load is reported', async () => {
    await open()
    const { id } = cleaner.named('two:1')
    const removal = await cleaner.carryOut(await cleaner.plan([{ image: id }]), [id])
    const without = await present(engine)
    // Saved by a Slipway that kept no hashes, and cut since.
    const entry = cleaner.jobs.undoOf(removal.id)
    const deleted = entry!.deleted.map(({ image, references, file }) => ({ image, references, file: file! }))
    await cleaner.jobs.setUndo(removal.id, { ...entry!, deleted })
    const { file } = deleted[0]!
    truncateSync(file, readFileSync(file).length / 2)
    const undone = await cleaner.undo(removal.id)
    expect(undone).toMatchObject({ items: [{ state: 'failed', failure: { code: 'copy-not-loaded', file } }] })
    expect(undone.items[0]!.failure).toHaveProperty('detail', expect.stringContaining('EOF'))
    expect(await present(engine)).toEqual(without)
  })

  describe.runIf(wish.store === 'containerd')('the content store', () => {
    const damages: readonly [string, (blob: string) => void][] = [
      ['is gone', (blob) => rmSync(blob)],
      ['is cut to half', (blob) => truncateSync(blob, readFileSync(blob).length / 2)],
      [
        'has one byte flipped',
        (blob) => {
          const bytes = readFileSync(blob)
          bytes[bytes.length - 2_000]! ^= 1
          writeFileSync(blob, bytes)
        },
      ],
    ]
    test.each(damages)('a blob that %s makes no copy', async (_, damage) => {
      await open()
      damage(largestBlob(engine))
      const job = await refused()
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'copy-failed', name: 'two:1' } })
      expect(job.failure).toHaveProperty('detail', expect.stringMatching(/blob|digest|size|EOF/))
    })

    test('an image whose platform here was never pulled cannot be copied, and stays', async () => {
      await loadPlatforms(engine.docker, { reference: 'arm:1', architectures: ['amd64', 'arm64'], present: ['arm64'] })
      await open()
      const before = await present(engine)
      const { id } = cleaner.named('arm:1')
      const job = await cleaner.carryOut(await cleaner.plan([{ image: id }]), [id])
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'copy-failed', name: 'arm:1' } })
      expect(job.failure).toHaveProperty('detail', expect.stringContaining('not found'))
      expect(await present(engine)).toEqual(before)
    })
  })
})

/** The file of the largest blob: a layer of the larger image. */
function largestBlob({ root }: Engine): string {
  const find = ['-path', '*content*/blobs/sha256/*', '-printf', '%s %p\n']
  const files = execFileSync('find', [`${root}/data/containerd`, ...find], { encoding: 'utf8' })
    .trim()
    .split('\n')
  return files.sort((a, b) => parseInt(b, 10) - parseInt(a, 10))[0]!.replace(/^\d+ /, '')
}
