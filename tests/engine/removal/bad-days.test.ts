import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { service, userland } from '../../../tools/world/userland.ts'
import { openCleaner, present, type Cleaner } from './cleaner.ts'
import { matrix } from '../matrix.ts'
import { eventually } from '../engine-window.ts'

const image = (references: string[], bytes: number): ImageSpec => ({
  references,
  created: new Date(1_700_000_000_000),
  steps: [
    { instruction: `COPY ${references[0] ?? 'nothing'} /`, bytes, noise: true },
    { instruction: 'CMD ["/none"]' },
  ],
  config: { Cmd: ['/none'] },
})

/** Unlike the other images here, its containers can run. */
const runnable: ImageSpec = {
  references: ['runs:1'],
  created: new Date(1_700_000_000_000),
  steps: [{ instruction: 'COPY . /', files: { ...userland('runs'), 'bin/hold': service() } }],
  config: { Cmd: ['/bin/hold'] },
}

/** One engine of each store: what is tested here does not depend on the version. */
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

  test('an image that is removed by its id, with a copy, comes back with all its tags', async () => {
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

  test('a removed tag is restored, unless another image has that tag by now', async () => {
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

  test('an image that gets a tag after the plan is not touched, and the plan is refused', async () => {
    const kept = await cleaner.plan([{ image: cleaner.named('one:1').id }])
    await engine.docker.getImage('one:1').tag({ repo: 'one', tag: '3' })
    await cleaner.catchUp()
    expect(await cleaner.apply(kept)).toEqual({ ok: false, error: { code: 'plan-moved' } })
    expect(await cleaner.apply(kept)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    expect((await present(engine)).names.has('one:1')).toBe(true)
  })

  test('an image that a container starts to use just before the removal fails as one item and keeps its tags', async () => {
    const kept = await cleaner.plan([{ image: cleaner.named('one:1').id }, { image: cleaner.named('two:1').id }])
    // At once, before the app has heard of the container.
    await use('sudden', 'one:1')
    const job = await cleaner.carryOut(kept)
    expect(job).toMatchObject({ state: 'failed', items: [{ failure: { code: 'image-moved' } }, { state: 'done' }] })
    expect((await present(engine)).names).toEqual(new Set(['one:1', 'one:2']))
  })

  test('if another image takes the tag just before the removal, it keeps the tag, and the planned image is deleted by id', async () => {
    const { id } = cleaner.named('two:1')
    const kept = await cleaner.plan([{ image: id }])
    await engine.docker.getImage('one:1').tag({ repo: 'two', tag: '1' })
    expect(await cleaner.carryOut(kept)).toMatchObject({ state: 'done' })
    const { ids, names } = await present(engine)
    expect(names).toEqual(new Set(['one:1', 'one:2', 'two:1']))
    expect(ids.has(id)).toBe(false)
    await eventually(() => cleaner.named('two:1').id !== id)
  })

  test('an image that gets a second tag just before the removal keeps both', async () => {
    const kept = await cleaner.plan([{ image: cleaner.named('two:1').id }])
    await engine.docker.getImage('two:1').tag({ repo: 'three', tag: '1' })
    expect(await cleaner.carryOut(kept)).toMatchObject({ items: [{ failure: { code: 'image-moved' } }] })
    expect((await present(engine)).names).toEqual(new Set(['one:1', 'one:2', 'two:1', 'three:1']))
  })

  test('a stopped container is removed and a running one stopped first, each only if that was chosen for it', async () => {
    await loadImages(engine.docker, [runnable])
    await cleaner.catchUp()
    const [stopped, running] = [await use('stopped', 'one:1'), await use('running', 'runs:1')]
    await running.start()
    await eventually(() => cleaner.engine.live.containers().get(running.id)?.state === 'running')
    await eventually(() => cleaner.engine.live.containers().has(stopped.id))
    const targets = [{ image: cleaner.named('one:1').id }, { image: cleaner.named('runs:1').id }]

    // To remove a stopped container is another choice than to stop and remove a running one.
    const blocked = await cleaner.plan(targets, { [stopped.id]: 'stop-and-remove', [running.id]: 'remove' })
    expect(blocked.plan.deletes).toEqual([])
    expect(blocked.plan.blocked.map(({ by }) => 'name' in by && by.name).sort()).toEqual(['running', 'stopped'])
    const chosen = await cleaner.plan(targets, { [stopped.id]: 'remove', [running.id]: 'stop-and-remove' })
    expect(await cleaner.carryOut(chosen)).toMatchObject({ state: 'done' })
    expect(await engine.docker.listContainers({ all: true })).toEqual([])
    expect((await present(engine)).names).toEqual(new Set(['two:1']))
  })

  test('a container that was started after the plan is not stopped, and its image stays', async () => {
    await loadImages(engine.docker, [runnable])
    await cleaner.catchUp()
    const container = await use('user', 'runs:1')
    await eventually(() => cleaner.engine.live.containers().has(container.id))
    const kept = await cleaner.plan([{ image: cleaner.named('runs:1').id }], { [container.id]: 'remove' })
    await container.start()
    // Refused if the app has heard of the start already. Otherwise its item fails.
    const answer = await cleaner.apply(kept)
    if (answer.ok) await cleaner.end(answer.value)
    expect((await container.inspect()).State.Running).toBe(true)
    expect((await present(engine)).names.has('runs:1')).toBe(true)
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

  test('a removal is refused before it starts if the disk has no room for the copies', () =>
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
      expect(job.items.map(({ state }) => state)).toEqual(['skipped', 'skipped'])
    }),
  )

  test('a removal is refused before it starts if the folder for copies cannot be written to', async () => {
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
  '$title: after the engine was killed during a removal, each item has its true outcome',
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
      expect(job.items.some(({ state }) => state === 'skipped')).toBe(true)
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
