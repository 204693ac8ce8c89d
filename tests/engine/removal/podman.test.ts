import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadImages } from '../../../tools/world/images.ts'
import { startPodman } from '../../../tools/world/podman.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { eventually } from '../eventually.ts'
import { openRemovalApp, type RemovalApp } from './removal-app.ts'

/** Podman lists image ids without the prefix `sha256:`. */
describe('Podman', () => {
  let podman: Awaited<ReturnType<typeof startPodman>>
  let app: RemovalApp

  beforeAll(async () => {
    podman = await startPodman()
    await loadImages(podman.docker, runnableImages())
    app = await openRemovalApp(podman)
  })
  afterAll(async () => {
    await app?.stop()
    await podman?.stop()
    if (app) rmSync(app.folder, { recursive: true, force: true })
  })

  // Podman's references begin with a registry, so only their end is compared.
  const findImage = (name: string) =>
    [...app.engine.live.images().values()].find(({ references }) =>
      references.some((reference) => reference.endsWith(name)),
    )!
  const listTags = async () => (await podman.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])

  test('executing a plan deletes the image', async () => {
    const { id, references } = findImage('for-arm:1')
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/)
    const storedPlan = await app.plan([{ image: id }])
    expect(storedPlan.plan.deletes).toMatchObject([{ image: id, references }])
    expect((await app.executePlan(storedPlan)).items).toEqual([{ name: references[0], state: 'done' }])
    expect(await listTags()).not.toContain(references[0])
    await eventually(() => !app.engine.live.images().has(id))
  })

  test('removing one of two tags keeps the image', async () => {
    const { id, references } = findImage('box:latest')
    const [removedTag, otherTag] = references
    const storedPlan = await app.plan([{ image: id, reference: removedTag }])
    expect(storedPlan.plan.untags).toMatchObject([{ image: id, reference: removedTag, staysAs: [otherTag] }])
    expect((await app.executePlan(storedPlan)).items).toEqual([{ name: removedTag, state: 'done' }])
    expect(await listTags()).toContain(otherTag)
  })

  test('an image that was removed with a copy is restored by the undo, with its tag', async () => {
    const { id, references } = findImage('greeter:1')
    const storedPlan = await app.plan([{ image: id }])
    const job = await app.executePlan(storedPlan, [id])
    expect(job.items).toEqual([{ name: references[0], state: 'done' }])
    await eventually(() => !app.engine.live.images().has(id))
    expect(await app.undo(job.id)).toMatchObject({ state: 'done' })
    await eventually(() => app.engine.live.images().get(id)?.references.includes(references[0]!) === true)
  })

  test('the layers of all images are read as Podman reports them', async () => {
    await app.layers.whenUpToDate()
    const images = [...app.engine.live.images().values()]
    expect(images.length).toBeGreaterThan(5)
    for (const { id } of images)
      expect(app.layers.read(id)?.diffIds).toEqual((await podman.docker.getImage(id).inspect()).RootFS.Layers)
  })

  test('an image is removed together with its container if the user chose that', async () => {
    const { id, references } = findImage('scratch:1')
    const container = await podman.docker.createContainer({
      ...{ Image: references[0]!, Cmd: ['/hello'], name: 'blocker' },
      HostConfig: { NetworkMode: 'none' },
    })
    await eventually(() => app.engine.live.containers().has(container.id))
    const target = [{ image: id }]
    expect((await app.plan(target)).plan).toMatchObject({ deletes: [], blocked: [{ blocker: { name: 'blocker' } }] })
    const storedPlan = await app.plan(target, { [container.id]: 'remove' })
    expect((await app.executePlan(storedPlan)).items).toEqual([{ name: references[0], state: 'done' }])
    expect(await listTags()).not.toContain(references[0])
    expect(await podman.docker.listContainers({ all: true })).toEqual([])
  })
})
