import { execFileSync } from 'node:child_process'
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages, type ImageSpec } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { service, userland } from '../../../tools/world/userland.ts'
import { openRemovalApp, listImages, type RemovalApp } from './removal-app.ts'
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

/** The only image in this file whose containers can run. */
const runnable: ImageSpec = {
  references: ['runs:1'],
  created: new Date(1_700_000_000_000),
  steps: [{ instruction: 'COPY . /', files: { ...userland('runs'), 'bin/hold': service() } }],
  config: { Cmd: ['/bin/hold'] },
}

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let app: RemovalApp

  beforeEach(async () => {
    engine = await startEngine(engineOptions)
    await loadImages(engine.docker, [image(['one:1', 'one:2'], 40_000), image(['two:1'], 3_000_000), image([], 5_000)])
    app = await openRemovalApp(engine)
  })
  afterEach(async () => {
    await app?.stop()
    await engine?.stop()
    if (app) rmSync(app.folder, { recursive: true, force: true })
  })

  const createContainer = (name: string, fromImage: string) =>
    engine.docker.createContainer({ Image: fromImage, name, HostConfig: { NetworkMode: 'none' } })

  test('undoing the removal of an image with a copy restores the image with all its tags', async () => {
    const { id } = app.findImage('one:1')
    const job = await app.executePlan(await app.plan([{ image: id }]), [id])
    expect(job).toMatchObject({ state: 'done', subject: { deletes: 1, copies: { count: 1 } } })
    expect((await listImages(engine)).ids.has(id)).toBe(false)

    const undone = await app.undo(job.id)
    expect(undone).toMatchObject({ state: 'done', subject: { kind: 'undo', restores: 1 } })
    expect((await listImages(engine)).names).toEqual(new Set(['one:1', 'one:2', 'two:1']))
    expect((await listImages(engine)).ids.has(id)).toBe(true)
    expect(app.jobs.find(job.id)?.subject).toMatchObject({ undone: true })
    expect(readdirSync(join(app.folder, 'Slipway'))).toEqual([])
    expect(await app.undoFailure(job.id)).toEqual({ code: 'undo-unavailable' })
  })

  test('undo restores a removed tag, unless another image has it now', async () => {
    const { id } = app.findImage('one:1')
    const first = await app.executePlan(await app.plan([{ image: id, reference: 'one:2' }]))
    expect((await listImages(engine)).names).toEqual(new Set(['one:1', 'two:1']))
    expect(await app.undo(first.id)).toMatchObject({ state: 'done' })
    await app.catchUp()
    expect(app.findImage('one:2').id).toBe(id)

    const second = await app.executePlan(await app.plan([{ image: id, reference: 'one:2' }]))
    await engine.docker.getImage('two:1').tag({ repo: 'one', tag: '2' })
    const undone = await app.undo(second.id)
    expect(undone).toMatchObject({ state: 'failed', items: [{ failure: { code: 'name-taken', reference: 'one:2' } }] })
  })

  test('a plan is refused if one of its images gets another tag', async () => {
    const storedPlan = await app.plan([{ image: app.findImage('one:1').id }])
    await engine.docker.getImage('one:1').tag({ repo: 'one', tag: '3' })
    await app.catchUp()
    expect(await app.apply(storedPlan)).toEqual({ ok: false, error: { code: 'plan-outdated' } })
    expect(await app.apply(storedPlan)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    expect((await listImages(engine)).names.has('one:1')).toBe(true)
  })

  test('if an image gets a container just before its removal, its item fails, and the image keeps its tags', async () => {
    const storedPlan = await app.plan([{ image: app.findImage('one:1').id }, { image: app.findImage('two:1').id }])
    // The plan is applied before the event of this container reaches the app.
    await createContainer('sudden', 'one:1')
    const job = await app.executePlan(storedPlan)
    expect(job).toMatchObject({ state: 'failed', items: [{ failure: { code: 'image-changed' } }, { state: 'done' }] })
    expect((await listImages(engine)).names).toEqual(new Set(['one:1', 'one:2']))
  })

  test('an image that loses its tag to another image just before its removal is deleted by id, and the tag stays', async () => {
    const { id } = app.findImage('two:1')
    const storedPlan = await app.plan([{ image: id }])
    await engine.docker.getImage('one:1').tag({ repo: 'two', tag: '1' })
    expect(await app.executePlan(storedPlan)).toMatchObject({ state: 'done' })
    const { ids, names } = await listImages(engine)
    expect(names).toEqual(new Set(['one:1', 'one:2', 'two:1']))
    expect(ids.has(id)).toBe(false)
    await eventually(() => app.findImage('two:1').id !== id)
  })

  test('an image that gets a second tag just before its removal keeps both tags', async () => {
    const storedPlan = await app.plan([{ image: app.findImage('two:1').id }])
    await engine.docker.getImage('two:1').tag({ repo: 'three', tag: '1' })
    expect(await app.executePlan(storedPlan)).toMatchObject({ items: [{ failure: { code: 'image-changed' } }] })
    expect((await listImages(engine)).names).toEqual(new Set(['one:1', 'one:2', 'two:1', 'three:1']))
  })

  test('a container is removed, or stopped and removed, only if the user chose exactly that for it', async () => {
    await loadImages(engine.docker, [runnable])
    await app.catchUp()
    const stopped = await createContainer('stopped', 'one:1')
    const running = await createContainer('running', 'runs:1')
    await running.start()
    await eventually(() => app.engine.live.containers().get(running.id)?.state === 'running')
    await eventually(() => app.engine.live.containers().has(stopped.id))
    const targets = [{ image: app.findImage('one:1').id }, { image: app.findImage('runs:1').id }]

    // `remove` applies only to a stopped container, and `stop-and-remove` only to a running one, so both containers still
    // block the plan.
    const blocked = await app.plan(targets, { [stopped.id]: 'stop-and-remove', [running.id]: 'remove' })
    expect(blocked.plan.deletes).toEqual([])
    expect(blocked.plan.blocked.map(({ blocker }) => 'name' in blocker && blocker.name).sort()).toEqual([
      'running',
      'stopped',
    ])
    const chosen = await app.plan(targets, { [stopped.id]: 'remove', [running.id]: 'stop-and-remove' })
    expect(await app.executePlan(chosen)).toMatchObject({ state: 'done' })
    expect(await engine.docker.listContainers({ all: true })).toEqual([])
    expect((await listImages(engine)).names).toEqual(new Set(['two:1']))
  })

  test('a container that starts after the plan was made is not stopped, and its image stays', async () => {
    await loadImages(engine.docker, [runnable])
    await app.catchUp()
    const container = await createContainer('user', 'runs:1')
    await eventually(() => app.engine.live.containers().has(container.id))
    const storedPlan = await app.plan([{ image: app.findImage('runs:1').id }], { [container.id]: 'remove' })
    await container.start()
    // If the event of the start has reached the app, it refuses the plan. Otherwise the image's item fails.
    const applied = await app.apply(storedPlan)
    if (applied.ok) await app.waitForJob(applied.value)
    expect((await container.inspect()).State.Running).toBe(true)
    expect((await listImages(engine)).names.has('runs:1')).toBe(true)
  })

  /** Runs a test with a small disk for copies. Expects that no image is removed and no file stays on the disk. */
  async function withSmallDisk(size: string, run: (folder: string) => Promise<void>) {
    const folder = join(app.folder, 'small')
    mkdirSync(folder)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', folder])
    try {
      await app.chooseCopyFolder(folder)
      const before = await listImages(engine)
      await run(folder)
      expect(await listImages(engine)).toEqual(before)
      expect(readdirSync(folder)).toEqual([])
    } finally {
      execFileSync('umount', [folder])
    }
  }

  test('a removal is refused before it starts if the disk has no space for the copies', () =>
    withSmallDisk('1m', async (folder) => {
      const { id } = app.findImage('two:1')
      expect(await app.apply(await app.plan([{ image: id }]), [id])).toMatchObject({
        ok: false,
        error: { code: 'disk-full', folder },
      })
    }))

  // Only for the classic store: the containerd store's copies are smaller than the estimate, which is checked first.
  test.runIf(engineOptions.store === 'classic')(
    'a disk that fills up while a copy is saved leaves everything unchanged',
    () =>
      // Large enough for both images, but not for their archives.
      withSmallDisk('2976k', async (folder) => {
        const [one, two] = ['one:1', 'two:1'].map((name) => app.findImage(name).id) as [string, string]
        const job = await app.executePlan(await app.plan([{ image: one }, { image: two }]), [one, two])
        expect(job).toMatchObject({ state: 'failed', failure: { code: 'disk-full', folder } })
        expect(job.items.map(({ state }) => state)).toEqual(['skipped', 'skipped'])
      }),
  )

  test('a removal is refused before it starts if the folder for copies cannot be created', async () => {
    writeFileSync(join(app.folder, 'file'), '')
    await app.chooseCopyFolder(join(app.folder, 'file', 'inside'))
    const { id } = app.findImage('two:1')
    expect(await app.apply(await app.plan([{ image: id }]), [id])).toMatchObject({
      ok: false,
      error: { code: 'folder-unusable' },
    })
    expect((await listImages(engine)).ids.has(id)).toBe(true)
  })
})

test.each(matrix)(
  '$title: if the engine is killed during a removal, each item reports whether its image was removed',
  async (engineOptions) => {
    const engine = await startEngine(engineOptions)
    const count = engineOptions.store === 'classic' ? 50 : 20
    await loadImages(engine.docker, manyImages(count))
    const app = await openRemovalApp(engine)
    try {
      const images = [...app.engine.live.images().values()]
      const storedPlan = await app.plan(images.map(({ id }) => ({ image: id })))
      const applied = await app.apply(storedPlan)
      if (!applied.ok) throw new Error(applied.error.code)
      const isDone = ({ state }: { state: string }) => state === 'done'
      await eventually(() => app.jobs.find(applied.value)!.items.filter(isDone).length >= 3, 30_000)
      await engine.kill()
      await delay(200)
      await engine.restart()
      const job = await app.waitForJob(applied.value)

      expect(job.state).toBe('failed')
      const { ids } = await listImages(engine)
      job.items.forEach((item, index) =>
        expect([item.state, ids.has(storedPlan.plan.deletes[index]!.image)]).toEqual([item.state, !isDone(item)]),
      )
      expect(job.items.some(({ state }) => state === 'skipped')).toBe(true)
      // A new plan removes the remaining images.
      await app.catchUp()
      const remainingPlan = await app.plan([...ids].map((id) => ({ image: id })))
      expect(await app.executePlan(remainingPlan)).toMatchObject({ state: 'done' })
    } finally {
      await app.stop()
      await engine.stop()
      rmSync(app.folder, { recursive: true, force: true })
    }
  },
)
