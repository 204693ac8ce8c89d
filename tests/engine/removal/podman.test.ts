import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadImages } from '../../../tools/world/images.ts'
import { hasPodman, startPodman } from '../../../tools/world/podman.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { eventually } from '../eventually.ts'
import { openCleaner, type Cleaner } from './cleaner.ts'

for (const missing of hasPodman() ? [] : ['podman'])
  test.skip(`${missing} is not on this machine: apt-get install ${missing}`, () => {})

/** Podman writes ids without their algorithm. */
describe.runIf(hasPodman())('Podman', () => {
  let podman: Awaited<ReturnType<typeof startPodman>>
  let cleaner: Cleaner

  beforeAll(async () => {
    podman = await startPodman()
    await loadImages(podman.docker, runnableImages())
    cleaner = await openCleaner(podman)
  })
  afterAll(async () => {
    await cleaner?.stop()
    await podman?.stop()
    if (cleaner) rmSync(cleaner.folder, { recursive: true, force: true })
  })

  const named = (name: string) =>
    [...cleaner.engine.live.images().values()].find(({ references }) => references.some((each) => each.endsWith(name)))!
  const names = async () => (await podman.docker.listImages()).flatMap(({ RepoTags }) => RepoTags ?? [])

  test('an image that is listed is planned and deleted', async () => {
    const { id, references } = named('for-arm:1')
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/)
    const kept = await cleaner.plan([{ image: id }])
    expect(kept.plan.deletes).toMatchObject([{ image: id, references }])
    expect((await cleaner.carryOut(kept)).items).toEqual([{ name: references[0], state: 'done' }])
    expect(await names()).not.toContain(references[0])
    await eventually(() => !cleaner.engine.live.images().has(id))
  })

  test('one of two tags is removed, and the image stays', async () => {
    const { id, references } = named('box:latest')
    const [goes, stays] = references
    const kept = await cleaner.plan([{ image: id, reference: goes }])
    expect(kept.plan.untags).toMatchObject([{ image: id, reference: goes, staysAs: [stays] }])
    expect((await cleaner.carryOut(kept)).items).toEqual([{ name: goes, state: 'done' }])
    expect(await names()).toContain(stays)
  })

  test('an image is removed with the container that uses it, if that was chosen', async () => {
    const { id, references } = named('scratch:1')
    const container = await podman.docker.createContainer({
      ...{ Image: references[0]!, Cmd: ['/hello'], name: 'user' },
      HostConfig: { NetworkMode: 'none' },
    })
    await eventually(() => cleaner.engine.live.containers().has(container.id))
    const target = [{ image: id }]
    expect((await cleaner.plan(target)).plan).toMatchObject({ deletes: [], blocked: [{ by: { name: 'user' } }] })
    const kept = await cleaner.plan(target, { [container.id]: 'remove' })
    expect((await cleaner.carryOut(kept)).items).toEqual([{ name: references[0], state: 'done' }])
    expect(await names()).not.toContain(references[0])
    expect(await podman.docker.listContainers({ all: true })).toEqual([])
  })
})
