import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many.ts'
import { openCleaner, present, type Cleaner } from './cleaner.ts'
import { matrix } from '../matrix.ts'
import { eventually } from '../watched.ts'

const image = (references: string[], bytes: number): ImageSpec => ({
  references,
  created: new Date(1_700_000_000_000),
  steps: [
    { instruction: `COPY ${references[0] ?? 'nothing'} /`, bytes, noise: true },
    { instruction: 'CMD ["/none"]' },
  ],
  config: { Cmd: ['/none'] },
})

/** One of each store: what is told here does not hang on a version. */
const engines = matrix.filter(({ version }) => version === '26.1')

describe.each(engines)('$title', (wish) => {
  let engine: Engine
  let cleaner: Cleaner

  beforeEach(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, [image(['one:1', 'one:2'], 40_000), image(['two:1'], 3_000_000), image([], 5_000)])
    cleaner = await openCleaner(engine)
  })
  afterEach(async () => {
    await cleaner?.stop()
    await engine?.stop()
    if (cleaner) rmSync(cleaner.folder, { recursive: true, force: true })
  })

  const use = (name: string, from: string) =>
    engine.docker.createContainer({ Image: from, name, HostConfig: { NetworkMode: 'none' } })

  test('one is removed by its id, copied first, and comes back with its names: docker rmi IMAGE_ID', async () => {
    const { id } = cleaner.named('one:1')
    const job = await cleaner.carryOut(await cleaner.plan([{ image: id }]), [id])
    expect(job).toMatchObject({ state: 'done', subject: { deletes: 1, copies: { count: 1 } } })
    expect((await present(engine)).ids.has(id)).toBe(false)

    const back = await cleaner.undo(job.id)
    expect(back).toMatchObject({ state: 'done', subject: { kind: 'undo', restores: 1 } })
    expect((await present(engine)).names).toEqual(new Set(['one:1', 'one:2', 'two:1']))
    expect((await present(engine)).ids.has(id)).toBe(true)
    expect(cleaner.jobs.find(job.id)?.subject).toMatchObject({ undone: true })
    expect(readdirSync(join(cleaner.folder, 'Slipway'))).toEqual([])
    expect(await cleaner.refusedUndo(job.id)).toEqual({ code: 'undo-over' })
  })

  test('a tag comes back where it was, unless another image has taken its name', async () => {
    const { id } = cleaner.named('one:1')
    const first = await cleaner.carryOut(await cleaner.plan([{ image: id, reference: 'one:2' }]))
    expect((await present(engine)).names).toEqual(new Set(['one:1', 'two:1']))
    expect(await cleaner.undo(first.id)).toMatchObject({ state: 'done' })
    await cleaner.catchUp()
    expect(cleaner.named('one:2').id).toBe(id)

    const second = await cleaner.carryOut(await cleaner.plan([{ image: id, reference: 'one:2' }]))
    await engine.docker.getImage('two:1').tag({ repo: 'one', tag: '2' })
    const undone = await cleaner.undo(second.id)
    expect(undone).toMatchObject({ state: 'failed', items: [{ failure: { code: 'name-taken', reference: 'one:2' } }] })
  })

  test('what moved between plan and click is not touched, and a new plan is asked for', async () => {
    const kept = await cleaner.plan([{ image: cleaner.named('one:1').id }])
    await engine.docker.getImage('one:1').tag({ repo: 'one', tag: '3' })
    await cleaner.catchUp()
    expect(await cleaner.apply(kept)).toEqual({ ok: false, error: { code: 'plan-moved' } })
    expect(await cleaner.apply(kept)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    expect((await present(engine)).names.has('one:1')).toBe(true)
  })

  test('what moved in the very moment is told of by item, and keeps all its names', async () => {
    const kept = await cleaner.plan([{ image: cleaner.named('one:1').id }, { image: cleaner.named('two:1').id }])
    // At once, before the app has heard of the container.
    await use('sudden', 'one:1')
    const job = await cleaner.carryOut(kept)
    expect(job).toMatchObject({ state: 'failed', items: [{ failure: { code: 'image-moved' } }, { state: 'done' }] })
    expect((await present(engine)).names).toEqual(new Set(['one:1', 'one:2']))
  })

  test('an image that takes the name in the very moment keeps it: the one of the plan goes by its id', async () => {
    const { id } = cleaner.named('two:1')
    const kept = await cleaner.plan([{ image: id }])
    await engine.docker.getImage('one:1').tag({ repo: 'two', tag: '1' })
    expect(await cleaner.carryOut(kept)).toMatchObject({ state: 'done' })
    const { ids, names } = await present(engine)
    expect(names).toEqual(new Set(['one:1', 'one:2', 'two:1']))
    expect(ids.has(id)).toBe(false)
    await eventually(() => cleaner.named('two:1').id !== id)
  })

  test('an image that gets a second name in the very moment keeps both', async () => {
    const kept = await cleaner.plan([{ image: cleaner.named('two:1').id }])
    await engine.docker.getImage('two:1').tag({ repo: 'three', tag: '1' })
    expect(await cleaner.carryOut(kept)).toMatchObject({ items: [{ failure: { code: 'image-moved' } }] })
    expect((await present(engine)).names).toEqual(new Set(['one:1', 'one:2', 'two:1', 'three:1']))
  })

  test('a container goes only as it was agreed: removed when stopped, stopped when it runs', async () => {
    const container = await use('user', 'one:1')
    await cleaner.catchUp()
    await eventually(() => cleaner.engine.live.containers().has(container.id))
    const wish = [{ image: cleaner.named('one:1').id }]
    expect((await cleaner.plan(wish)).plan).toMatchObject({ deletes: [], blocked: [{ by: { name: 'user' } }] })
    const job = await cleaner.carryOut(await cleaner.plan(wish, { [container.id]: 'remove' }))
    expect(job).toMatchObject({ state: 'done' })
    expect(await engine.docker.listContainers({ all: true })).toEqual([])
    expect((await present(engine)).names).toEqual(new Set(['two:1']))
  })

  /** Where copies go: a disk of its own, so small. */
  async function smallDisk(size: string, then: (folder: string) => Promise<void>) {
    const folder = join(cleaner.folder, 'small')
    mkdirSync(folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
    try {
      await cleaner.saveIn(folder)
      const before = await present(engine)
      await then(folder)
      expect(await present(engine)).toEqual(before)
      expect(readdirSync(folder)).toEqual([])
    } finally {
      execFileSync('umount', [folder])
    }
  }

  test('a disk without room for the copies is told of before anything happens', () =>
    smallDisk('1m', async (folder) => {
      const { id } = cleaner.named('two:1')
      expect(await cleaner.apply(await cleaner.plan([{ image: id }]), [id])).toMatchObject({
        ok: false,
        error: { code: 'disk-full', folder },
      })
    }))

  // The containerd store's copies are smaller than what is asked for, so there this needs another writer.
  test.runIf(wish.store === 'classic')('a disk that fills up while a copy is saved leaves everything as it was', () =>
    // Room for the image, though not for the archive around it.
    smallDisk('2976k', async (folder) => {
      const [one, two] = ['one:1', 'two:1'].map((name) => cleaner.named(name).id) as [string, string]
      const job = await cleaner.carryOut(await cleaner.plan([{ image: one }, { image: two }]), [one, two])
      expect(job).toMatchObject({ state: 'failed', failure: { code: 'disk-full', folder } })
      expect(job.items.map(({ state }) => state)).toEqual(['kept', 'kept'])
    }),
  )

  test('a folder that cannot be written to is told of before anything happens', async () => {
    writeFileSync(join(cleaner.folder, 'file'), '')
    await cleaner.saveIn(join(cleaner.folder, 'file', 'inside'))
    const { id } = cleaner.named('two:1')
    expect(await cleaner.apply(await cleaner.plan([{ image: id }]), [id])).toMatchObject({
      ok: false,
      error: { code: 'folder-unusable' },
    })
    expect((await present(engine)).ids.has(id)).toBe(true)
  })
})

test.each(engines)(
  '$title: killed in the midst, the engine is asked afterwards what became of each image',
  async (wish) => {
    const engine = await startEngine(wish)
    const count = wish.store === 'classic' ? 50 : 20
    await loadImages(engine.docker, manyImages(count))
    const cleaner = await openCleaner(engine)
    try {
      const images = [...cleaner.engine.live.images().values()]
      const kept = await cleaner.plan(images.map(({ id }) => ({ image: id })))
      const answer = await cleaner.apply(kept)
      if (!answer.ok) throw new Error(answer.error.code)
      const isDone = ({ state }: { state: string }) => state === 'done'
      await eventually(() => cleaner.jobs.find(answer.value)!.items.filter(isDone).length >= 3, 30_000)
      await engine.kill()
      await delay(200)
      await engine.restart()
      const job = await cleaner.end(answer.value)

      expect(job.state).toBe('failed')
      const { ids } = await present(engine)
      job.items.forEach((item, at) =>
        expect([item.state, ids.has(kept.plan.deletes[at]!.image)]).toEqual([item.state, !isDone(item)]),
      )
      expect(job.items.some(({ state }) => state === 'kept')).toBe(true)
      // The rest can be planned and removed as ever.
      await cleaner.catchUp()
      const rest = await cleaner.plan([...ids].map((id) => ({ image: id })))
      expect(await cleaner.carryOut(rest)).toMatchObject({ state: 'done' })
    } finally {
      await cleaner.stop()
      await engine.stop()
      rmSync(cleaner.folder, { recursive: true, force: true })
    }
  },
)
