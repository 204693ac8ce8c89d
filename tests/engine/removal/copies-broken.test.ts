/**
 * If a copy cannot be saved completely, its image is not removed. If a copy cannot be loaded, the undo fails. The job
 * reports the reason.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, readdirSync, rmSync, statfsSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Job } from '../../../preload/contract/index.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { openRemovalApp, listImages, type RemovalApp } from './removal-app.ts'
import { openArchiveFaultProxy, type Fault } from './archive-fault-proxy.ts'
import { loadMultiPlatformImage } from './multi-platform-image.ts'
import { matrix } from '../matrix.ts'

const image = (references: string[], bytes: number): ImageSpec => ({
  ...{ references, created: new Date(1_700_000_000_000) },
  steps: [
    { instruction: `COPY ${references[0]} /`, bytes, noise: true },
    { instruction: 'COPY small /', bytes: 5_000, noise: true },
  ],
  config: { Cmd: ['/none'] },
})

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let proxy: Awaited<ReturnType<typeof openArchiveFaultProxy>>
  let app: RemovalApp

  beforeEach(async () => {
    engine = await startEngine(engineOptions)
    await loadImages(engine.docker, [image(['one:1'], 30_000), image(['two:1', 'two:2'], 2_000_000)])
    proxy = await openArchiveFaultProxy(engine.socket)
  })
  afterEach(async () => {
    await app?.stop()
    proxy?.close()
    await engine?.stop()
    if (app) rmSync(app.folder, { recursive: true, force: true })
  })
  const open = async () => (app = await openRemovalApp({ ...engine, socket: proxy.socket }))
  const copyFolder = () => join(app.folder, 'Slipway')

  /** Starts to remove two images with copies. Expects that no image is removed and that no copy is left behind. */
  async function expectNothingRemoved(duringJob: (job: string) => Promise<void> = async () => {}): Promise<Job> {
    const before = await listImages(engine)
    const ids = ['one:1', 'two:1'].map((name) => app.findImage(name).id)
    const started = await app.apply(await app.plan(ids.map((id) => ({ image: id }))), ids)
    if (!started.ok) throw new Error(JSON.stringify(started.error))
    await duringJob(started.value)
    const job = await app.waitForJob(started.value)
    expect(await listImages(engine)).toEqual(before)
    expect(readdirSync(copyFolder())).toEqual([])
    expect(app.jobs.undoables()).toEqual([])
    expect(job.items.map(({ state }) => state)).toEqual(['skipped', 'skipped'])
    return job
  }

  const endedEarly = { code: 'copy-incomplete', problem: { kind: 'ended-early' } }
  const faults: readonly [Fault, object][] = [
    ['cut', endedEarly],
    ['half', endedEarly],
    ['no-end', endedEarly],
    ['empty', endedEarly],
    ['error-in-the-middle', { code: 'copy-failed', detail: 'no space left on the disk of the engine' }],
  ]
  test('a response that ends early or contains an error leaves no copy', async () => {
    await open()
    for (const [fault, failure] of faults) {
      proxy.setFault(fault)
      expect([fault, await expectNothingRemoved()]).toMatchObject([fault, { state: 'failed', failure }])
    }
    proxy.setFault(undefined)
    const { id } = app.findImage('two:1')
    expect(await app.executePlan(await app.plan([{ image: id }]), [id])).toMatchObject({ state: 'done' })
  })

  test('an engine that is killed while a copy is saved leaves no copy', async () => {
    await open()
    proxy.setFault('stall')
    const job = await expectNothingRemoved(async () => {
      await proxy.waitUntilStalled()
      proxy.close()
      await engine.kill()
      await engine.restart()
    })
    expect(job).toMatchObject({ state: 'failed', failure: endedEarly })
  })

  test('cancelling the job while a copy is saved closes the connection of that save', async () => {
    await open()
    proxy.setFault('stall')
    const job = await expectNothingRemoved(async (id) => {
      await proxy.waitUntilStalled()
      expect(readdirSync(copyFolder()).map((file) => file.endsWith('.part'))).toEqual([true])
      await app.jobs.handlers['jobs.cancel'](id)
      // The response has stalled, so only the app can have closed the connection.
      await proxy.waitUntilClosed()
    })
    expect(job).toMatchObject({ state: 'cancelled' })
    expect(job.failure).toBeUndefined()
  })

  test('a disk that fills up while a copy is saved is reported', async () => {
    await open()
    const smallDisk = join(app.folder, 'Slipway')
    mkdirSync(smallDisk)
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', smallDisk])
    try {
      proxy.setFault('stall')
      const job = await expectNothingRemoved(async () => {
        await proxy.waitUntilStalled()
        const { bavail, bsize } = statfsSync(smallDisk)
        writeFileSync(join(smallDisk, 'filler'), Buffer.alloc(bavail * bsize))
        proxy.resume()
        // Waits until the copy has failed. The filler is removed because the folder must be empty at the end.
        while (readdirSync(smallDisk).some((file) => file.endsWith('.part')))
          await new Promise((resolve) => setTimeout(resolve, 20))
        rmSync(join(smallDisk, 'filler'))
      })
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'disk-full', folder: smallDisk } })
    } finally {
      execFileSync('umount', [smallDisk])
    }
  })

  test('an undo that is cancelled while it loads a copy restores nothing, and can be repeated', async () => {
    await loadImages(engine.docker, [image(['large:1'], 12_000_000)])
    await open()
    const before = await listImages(engine)
    const { id } = app.findImage('large:1')
    const removal = await app.executePlan(await app.plan([{ image: id }]), [id])
    const afterRemoval = await listImages(engine)
    proxy.setFault('stall-load')
    const undo = await app.startUndo(removal.id)
    await proxy.waitUntilStalled()
    await app.jobs.handlers['jobs.cancel'](undo)
    proxy.resume()
    expect(await app.waitForJob(undo)).toMatchObject({ state: 'cancelled', items: [{ state: 'skipped' }] })
    expect(await listImages(engine)).toEqual(afterRemoval)
    proxy.setFault(undefined)
    expect(await app.undo(removal.id)).toMatchObject({ state: 'done' })
    expect(await listImages(engine)).toEqual(before)
  })

  test('if the engine fails to load a copy, its error is reported', async () => {
    await open()
    const { id } = app.findImage('two:1')
    const removal = await app.executePlan(await app.plan([{ image: id }]), [id])
    const afterRemoval = await listImages(engine)
    // Older versions stored no hash. Without a hash, the app cannot see that the copy was truncated.
    const entry = app.jobs.undoOf(removal.id)
    const deleted = entry!.deleted.map(({ image, references, file }) => ({ image, references, file: file! }))
    await app.jobs.setUndo(removal.id, { ...entry!, deleted })
    const { file } = deleted[0]!
    truncateSync(file, readFileSync(file).length / 2)
    const undone = await app.undo(removal.id)
    expect(undone).toMatchObject({ items: [{ state: 'failed', failure: { code: 'copy-not-loaded', file } }] })
    expect(undone.items[0]!.failure).toHaveProperty('detail', expect.stringContaining('EOF'))
    expect(await listImages(engine)).toEqual(afterRemoval)
  })

  describe.runIf(engineOptions.store === 'containerd')('the content store', () => {
    const damages: readonly [string, (blob: string) => void][] = [
      ['is missing', (blob) => rmSync(blob)],
      ['is truncated', (blob) => truncateSync(blob, readFileSync(blob).length / 2)],
      [
        'has one flipped bit',
        (blob) => {
          const bytes = readFileSync(blob)
          bytes[bytes.length - 2_000]! ^= 1
          writeFileSync(blob, bytes)
        },
      ],
    ]
    test.each(damages)('an image with a blob that %s cannot be copied', async (_, damage) => {
      await open()
      damage(largestBlob(engine))
      const job = await expectNothingRemoved()
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'copy-failed', name: 'two:1' } })
      expect(job.failure).toHaveProperty('detail', expect.stringMatching(/blob|digest|size|EOF/))
    })

    test('an image that was not pulled for the engine’s own platform cannot be copied and is not removed', async () => {
      await loadMultiPlatformImage(engine.docker, {
        reference: 'arm:1',
        architectures: ['amd64', 'arm64'],
        present: ['arm64'],
      })
      await open()
      const before = await listImages(engine)
      const { id } = app.findImage('arm:1')
      const job = await app.executePlan(await app.plan([{ image: id }]), [id])
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'copy-failed', name: 'arm:1' } })
      expect(job.failure).toHaveProperty('detail', expect.stringContaining('not found'))
      expect(await listImages(engine)).toEqual(before)
    })
  })
})

/** @returns the path of the largest blob: a layer of the image two:1 */
function largestBlob({ root }: Engine): string {
  const findArgs = ['-path', '*content*/blobs/sha256/*', '-printf', '%s %p\n']
  const files = execFileSync('find', [`${root}/data/containerd`, ...findArgs], { encoding: 'utf8' })
    .trim()
    .split('\n')
  return files.sort((a, b) => parseInt(b, 10) - parseInt(a, 10))[0]!.replace(/^\d+ /, '')
}
