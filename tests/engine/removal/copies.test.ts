import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { openRemovalApp, listImages, type RemovalApp } from './removal-app.ts'
import { loadMultiPlatformImage } from './multi-platform-image.ts'
import { matrix } from '../matrix.ts'

const step = (name: string) => ({ instruction: `COPY ${name} /`, bytes: 20_000, noise: true })
const image = (references: string[], steps: string[], architecture = 'amd64'): ImageSpec => ({
  ...{ references, architecture, created: new Date(1_700_000_000_000) },
  steps: [...steps.map(step), { instruction: 'CMD ["/none"]' }],
  config: { Cmd: ['/none'] },
})
const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let app: RemovalApp
  const copyFolder = () => join(app.folder, 'Slipway')

  beforeEach(async () => {
    engine = await startEngine(engineOptions)
    await loadImages(engine.docker, [
      image(['one:1'], ['a', 'b']),
      image(['two:1', 'localhost:5000/a/two:2'], ['a', 'c', 'a']),
      image(['arm:1'], ['d'], 'arm64'),
      image([], ['e']),
    ])
  })
  afterEach(async () => {
    await app?.stop()
    await engine?.stop()
    if (app) rmSync(app.folder, { recursive: true, force: true })
  })

  /** Removes the image with a copy. @returns the job, the image's id and the copy's file */
  async function removeWithCopy(name: string) {
    const { id } = app.findImage(name)
    const job = await app.executePlan(await app.plan([{ image: id }]), [id])
    expect(job).toMatchObject({ state: 'done' })
    await app.catchUp()
    return { job, id, file: join(copyFolder(), readdirSync(copyFolder())[0]!) }
  }

  test('images with one tag, several tags or no tag, and of another platform, are restored unchanged from their copies', async () => {
    app = await openRemovalApp(engine)
    const before = await listImages(engine)
    const ids = [...before.ids]
    const job = await app.executePlan(await app.plan(ids.map((id) => ({ image: id }))), ids)
    expect(job).toMatchObject({ state: 'done', subject: { copies: { count: 4 } } })
    expect(await listImages(engine)).toEqual({ ids: new Set(), names: new Set() })

    expect(mode(copyFolder())).toBe('700')
    const [entry] = app.jobs.undoables()
    expect(entry!.deleted.map(({ file, sha256: hash }) => [mode(file!), sha256(file!) === hash])).toEqual(
      ids.map(() => ['600', true]),
    )
    expect(await app.undo(job.id)).toMatchObject({ state: 'done' })
    expect(await listImages(engine)).toEqual(before)
    expect(readdirSync(copyFolder())).toEqual([])
  })

  test('a folder that the user chooses keeps its mode', async () => {
    app = await openRemovalApp(engine)
    const folder = join(app.folder, 'chosen')
    mkdirSync(folder, { mode: 0o755 })
    await app.chooseCopyFolder(folder)
    const { id } = app.findImage('one:1')
    await app.executePlan(await app.plan([{ image: id }]), [id])
    expect(mode(folder)).toBe('755')
    expect(readdirSync(folder).map((file) => mode(join(folder, file)))).toEqual(['600'])
  })

  test.runIf(engineOptions.store === 'containerd')(
    'a multi-platform image is restored with the platforms that the engine had, even if its index lists more',
    async () => {
      const complete = { reference: 'multi:1', architectures: ['amd64', 'arm64'] }
      const partial = { reference: 'own:1', architectures: ['amd64', 'arm64'], present: ['amd64'] }
      const completeLayers = await loadMultiPlatformImage(engine.docker, complete)
      const partialLayers = await loadMultiPlatformImage(engine.docker, partial)
      const layers = [...completeLayers.values(), partialLayers.get('amd64')!]
      app = await openRemovalApp(engine)
      const before = await listImages(engine)
      const ids = ['multi:1', 'own:1'].map((name) => app.findImage(name).id)
      const job = await app.executePlan(await app.plan(ids.map((id) => ({ image: id }))), ids)
      expect(job).toMatchObject({ state: 'done', subject: { copies: { count: 2 } } })
      expect(contentBlobs(engine).filter((blob) => layers.includes(blob))).toEqual([])
      expect(await app.undo(job.id)).toMatchObject({ state: 'done' })
      expect(await listImages(engine)).toEqual(before)
      expect(contentBlobs(engine)).toEqual(expect.arrayContaining(layers))
    },
  )

  test('a copy that was changed, replaced or deleted is not loaded, until the original file is back', async () => {
    app = await openRemovalApp(engine)
    const before = await listImages(engine)
    const { job, file } = await removeWithCopy('two:1')
    const afterRemoval = await listImages(engine)
    const [original, linkTarget] = [readFileSync(file), join(app.folder, 'elsewhere')]
    cpSync(file, linkTarget)

    async function expectUndoFails(code: string) {
      const undone = await app.undo(job.id)
      expect(undone).toMatchObject({ state: 'failed', items: [{ state: 'failed', failure: { code, file } }] })
      expect(await listImages(engine)).toEqual(afterRemoval)
    }
    const changed = Buffer.from(original)
    changed[changed.length / 2]! ^= 1
    writeFileSync(file, changed)
    await expectUndoFails('copy-changed')
    writeFileSync(file, original.subarray(0, -512))
    await expectUndoFails('copy-changed')
    rmSync(file)
    symlinkSync(linkTarget, file)
    await expectUndoFails('copy-changed')
    rmSync(file)
    execFileSync('mkfifo', [file])
    await expectUndoFails('copy-changed')
    rmSync(file)
    expect(await app.undoFailure(job.id)).toEqual({ code: 'copy-missing', file })

    writeFileSync(file, original)
    expect(await app.undo(job.id)).toMatchObject({ state: 'done' })
    expect(await listImages(engine)).toEqual(before)
  })

  test('a copy with a tag that the removal did not remove is not loaded', async () => {
    app = await openRemovalApp(engine)
    const { job, file } = await removeWithCopy('two:1')
    const undo = app.jobs.undoOf(job.id)!
    const deleted = undo.deleted.map((deletion) => ({ ...deletion, references: ['two:1'] }))
    await app.jobs.setUndo(job.id, { ...undo, deleted })
    const afterRemoval = await listImages(engine)
    expect(await app.undo(job.id)).toMatchObject({ items: [{ failure: { code: 'copy-changed', file } }] })
    expect(await listImages(engine)).toEqual(afterRemoval)
  })

  test('a copy saved by an older Slipway, which stored no hash, is loaded', async () => {
    app = await openRemovalApp(engine)
    const before = await listImages(engine)
    const { job } = await removeWithCopy('one:1')
    const undo = app.jobs.undoOf(job.id)!
    const deleted = undo.deleted.map(({ image, references, file }) => ({ image, references, file: file! }))
    await app.jobs.setUndo(job.id, { ...undo, deleted })
    expect(await app.undo(job.id)).toMatchObject({ state: 'done' })
    expect(await listImages(engine)).toEqual(before)
  })
})

/** Digests of all blobs in the engine's content store. */
const contentBlobs = ({ root }: Engine) =>
  execFileSync('find', [`${root}/data/containerd`, '-path', '*content*/blobs/sha256/*', '-printf', 'sha256:%f\n'], {
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
