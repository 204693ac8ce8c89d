import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { service, userland } from '../../../tools/world/userland.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { openRemovalApp, listImages, type RemovalApp } from './removal-app.ts'

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let app: RemovalApp

  beforeEach(async () => {
    engine = await startEngine(engineOptions)
    await loadImages(engine.docker, runnableImages())
    app = await openRemovalApp(engine)
  })
  afterEach(async () => {
    await app?.stop()
    await engine?.stop()
    if (app) rmSync(app.folder, { recursive: true, force: true })
  })

  async function createContainer(Image: string, HostConfig: { readonly AutoRemove?: boolean } = {}) {
    const container = await engine.docker.createContainer({
      ...{ Image, Cmd: ['/bin/hold'] },
      HostConfig: { NetworkMode: 'none', ...HostConfig },
    })
    await eventually(() => app.engine.live.containers().has(container.id))
    return container
  }

  test('requesting a new plan invalidates the previous one at once, before the new plan is ready', async () => {
    const container = await createContainer('scratch:1')
    const target = [{ image: app.findImage('scratch:1').id }]
    const olderPlan = await app.plan(target, { [container.id]: 'remove' })
    expect(olderPlan.plan.containers).toHaveLength(1)

    const newerRequest = app.plan(target, { [container.id]: 'keep' })
    expect(await app.apply(olderPlan)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    const newerPlan = await newerRequest
    expect(newerPlan.plan).toMatchObject({ deletes: [], containers: [] })
    expect(await app.apply(olderPlan)).toEqual({ ok: false, error: { code: 'plan-unknown' } })

    expect(await engine.docker.listContainers({ all: true })).toHaveLength(1)
    expect((await listImages(engine)).names.has('scratch:1')).toBe(true)
  })

  test('of two simultaneous requests, only the newer one gets a plan', async () => {
    const container = await createContainer('scratch:1')
    const target = [{ image: app.findImage('scratch:1').id }]
    const olderRequest = app.plan(target, { [container.id]: 'keep' })
    const newerRequest = app.plan(target, { [container.id]: 'remove' })
    await expect(olderRequest).rejects.toThrow('plan-unknown')
    expect(await app.executePlan(await newerRequest)).toMatchObject({ state: 'done' })
    expect(await engine.docker.listContainers({ all: true })).toEqual([])
    expect((await listImages(engine)).names.has('scratch:1')).toBe(false)
  })

  test(
    'if a plan stops 20 containers of `docker run --rm`, they remove themselves, and their images are still removed',
    { timeout: 120_000 },
    async () => {
      const rounds = 20
      await loadImages(
        engine.docker,
        Array.from({ length: rounds }, (_, round) => ({
          references: [`short:${round}`],
          created: new Date(1_700_000_000_000 + round),
          config: { Cmd: ['/bin/hold'] },
          steps: [
            {
              instruction: `COPY ${round} /`,
              files: { ...userland('short'), 'bin/hold': service(), round: `${round}` },
            },
          ],
        })),
      )
      await app.catchUp()
      const imageIds = Array.from({ length: rounds }, (_, round) => app.findImage(`short:${round}`).id)
      for (const round of imageIds.keys()) {
        const container = await createContainer(`short:${round}`, { AutoRemove: true })
        await container.start()
      }
      const containers = [...app.engine.live.containers().values()]
      await eventually(() => containers.every(({ id }) => app.engine.live.containers().get(id)?.state === 'running'))
      const choices = Object.fromEntries(containers.map(({ id }) => [id, 'stop-and-remove' as const]))
      const storedPlan = await app.plan(
        imageIds.map((image) => ({ image })),
        choices,
      )
      expect(storedPlan.plan.containers).toHaveLength(rounds)
      const job = await app.executePlan(storedPlan, imageIds)
      expect(job.items.filter(({ state }) => state !== 'done')).toEqual([])
      expect(job.subject).toMatchObject({ copies: { count: rounds } })
      expect(await engine.docker.listContainers({ all: true })).toEqual([])
      expect([...(await listImages(engine)).names].filter((name) => name.startsWith('short:'))).toEqual([])
    },
  )
})
