import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { openCleaner, present, type Cleaner } from './cleaner.ts'
import { loadPlatforms } from './platforms.ts'
import { matrix } from '../matrix.ts'

const step = (name: string) => ({ instruction: `COPY ${name} /`, bytes: 20_000, noise: true })
const image = (references: string[], steps: string[], architecture = 'amd64'): ImageSpec => ({
  ...{ references, architecture, created: new Date(1_700_000_000_000) },
  steps: [...steps.map(step), { instruction: 'CMD ["/none"]' }],
  config: { Cmd: ['/none'] },
})
const mode = (file: string) => (statSync(file).mode & 0o777).toString(8)
const sha256 = (file: string) => createHash('sha256').update(readFileSync(file)).digest('hex')

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let cleaner: Cleaner
  const copies = () => join(cleaner.folder, 'Slipway')

  beforeEach(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, [
      image(['one:1'], ['a', 'b']),
      image(['two:1', 'localhost:5000/a/two:2'], ['a', 'c', 'a']),
      image(['arm:1'], ['d'], 'arm64'),
      image([], ['e']),
    ])
  })
  afterEach(async () => {
    await cleaner?.stop()
    await engine?.stop()
    if (cleaner) rmSync(cleaner.folder, { recursive: true, force: true })
  })

  /** Removes the image with a copy, and answers with the job and the copy. */
  async function removed(name: string) {
    const { id } = cleaner.named(name)
    const job = await cleaner.carryOut(await cleaner.plan([{ image: id }]), [id])
    expect(job).toMatchObject({ state: 'done' })
    await cleaner.catchUp()
    return { job, id, file: join(copies(), readdirSync(copies())[0]!) }
  }

  test('each image is copied, deleted and comes back as it was: one tag, several, none, another platform', async () => {
    cleaner = await openCleaner(engine)
    const before = await present(engine)
    const all = [...before.ids]
    const job = await cleaner.carryOut(await cleaner.plan(all.map((id) => ({ image: id }))), all)
    expect(job).toMatchObject({ state: 'done', subject: { copies: { count: 4 } } })
    expect(await present(engine)).toEqual({ ids: new Set(), names: new Set() })

    expect(mode(copies())).toBe('700')
    const [entry] = cleaner.jobs.undoables()
    expect(entry!.deleted.map(({ file, sha256: hash }) => [mode(file!), sha256(file!) === hash])).toEqual(
      all.map(() => ['600', true]),
    )
    expect(await cleaner.undo(job.id)).toMatchObject({ state: 'done' })
    expect(await present(engine)).toEqual(before)
    expect(readdirSync(copies())).toEqual([])
  })

  test('a folder that the user chose keeps its mode', async () => {
    cleaner = await openCleaner(engine)
    const folder = join(cleaner.folder, 'chosen')
    mkdirSync(folder, { mode: 0o755 })
    await cleaner.saveIn(folder)
    const { id } = cleaner.named('one:1')
    await cleaner.carryOut(await cleaner.plan([{ image: id }]), [id])
    expect(mode(folder)).toBe('755')
    expect(readdirSync(folder).map((file) => mode(join(folder, file)))).toEqual(['600'])
  })

  test.runIf(wish.store === 'containerd')(
    'an image for several platforms comes back with all that were there; the others need not be',
    async () => {
      const both = await loadPlatforms(engine.docker, { reference: 'multi:1', architectures: ['amd64', 'arm64'] })
      const own = { reference: 'own:1', architectures: ['amd64', 'arm64'], present: ['amd64'] }
      const layers = [...both.values(), (await loadPlatforms(engine.docker, own)).get('amd64')!]
      cleaner = await openCleaner(engine)
      const before = await present(engine)
      const all = ['multi:1', 'own:1'].map((name) => cleaner.named(name).id)
      const job = await cleaner.carryOut(await cleaner.plan(all.map((id) => ({ image: id }))), all)
      expect(job).toMatchObject({ state: 'done', subject: { copies: { count: 2 } } })
      expect(blobsOf(engine).filter((blob) => layers.includes(blob))).toEqual([])
      expect(await cleaner.undo(job.id)).toMatchObject({ state: 'done' })
      expect(await present(engine)).toEqual(before)
      expect(blobsOf(engine)).toEqual(expect.arrayContaining(layers))
    },
  )

  test('a copy that was changed or replaced is not loaded; as it was, it is', async () => {
    cleaner = await openCleaner(engine)
    const before = await present(engine)
    const { job, file } = await removed('two:1')
    const without = await present(engine)
    const [good, elsewhere] = [readFileSync(file), join(cleaner.folder, 'elsewhere')]
    cpSync(file, elsewhere)

    async function refused(code: string) {
      const undone = await cleaner.undo(job.id)
      expect(undone).toMatchObject({ state: 'failed', items: [{ state: 'failed', failure: { code, file } }] })
      expect(await present(engine)).toEqual(without)
    }
    const changed = Buffer.from(good)
    changed[changed.length / 2]! ^= 1
    writeFileSync(file, changed)
    await refused('copy-changed')
    writeFileSync(file, good.subarray(0, -512))
    await refused('copy-changed')
    rmSync(file)
    symlinkSync(elsewhere, file)
    await refused('copy-changed')
    rmSync(file)
    execFileSync('mkfifo', [file])
    await refused('copy-changed')
    rmSync(file)
    expect(await cleaner.refusedUndo(job.id)).toEqual({ code: 'copy-missing', file })

    writeFileSync(file, good)
    expect(await cleaner.undo(job.id)).toMatchObject({ state: 'done' })
    expect(await present(engine)).toEqual(before)
  })

  test('a copy that would move a name which the removal did not take is not loaded', async () => {
    cleaner = await openCleaner(engine)
    const { job, file } = await removed('two:1')
    const undo = cleaner.jobs.undoOf(job.id)!
    const deleted = undo.deleted.map((each) => ({ ...each, references: ['two:1'] }))
    await cleaner.jobs.setUndo(job.id, { ...undo, deleted })
    const without = await present(engine)
    expect(await cleaner.undo(job.id)).toMatchObject({ items: [{ failure: { code: 'copy-changed', file } }] })
    expect(await present(engine)).toEqual(without)
  })

  test('a copy of an earlier Slipway, which kept no hash, is loaded', async () => {
    cleaner = await openCleaner(engine)
    const before = await present(engine)
    const { job } = await removed('one:1')
    const undo = cleaner.jobs.undoOf(job.id)!
    const deleted = undo.deleted.map(({ image, references, file }) => ({ image, references, file: file! }))
    await cleaner.jobs.setUndo(job.id, { ...undo, deleted })
    expect(await cleaner.undo(job.id)).toMatchObject({ state: 'done' })
    expect(await present(engine)).toEqual(before)
  })
})

/** Digests of the blobs that lie in the engine's content store. */
const blobsOf = ({ root }: Engine) =>
  execFileSync('find', [`${root}/data/containerd`, '-path', '*content*/blobs/sha256/*', '-printf', 'sha256:%f\n'], {
    encoding: 'utf8',
  })
    .trim()
    .split('\n')
