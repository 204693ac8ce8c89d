import { rmSync } from 'node:fs'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { runnableImages } from '../../../tools/world/runnable.ts'
import { service, userland } from '../../../tools/world/userland.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { openCleaner, present, type Cleaner } from './cleaner.ts'

describe.each(matrix)('$title', (wish) => {
  let engine: Engine
  let cleaner: Cleaner

  beforeEach(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, runnableImages())
    cleaner = await openCleaner(engine)
  })
  afterEach(async () => {
    await cleaner?.stop()
    await engine?.stop()
    if (cleaner) rmSync(cleaner.folder, { recursive: true, force: true })
  })

  async function createContainer(Image: string, HostConfig: { readonly AutoRemove?: boolean } = {}) {
    const made = await engine.docker.createContainer({
      ...{ Image, Cmd: ['/bin/hold'] },
      HostConfig: { NetworkMode: 'none', ...HostConfig },
    })
    await eventually(() => cleaner.engine.live.containers().has(made.id))
    return made
  }

  test('a newer choice makes the older plan unusable before the newer plan is there', async () => {
    const container = await createContainer('scratch:1')
    const target = [{ image: cleaner.named('scratch:1').id }]
    const removes = await cleaner.plan(target, { [container.id]: 'remove' })
    expect(removes.plan.containers).toHaveLength(1)

    const newer = cleaner.plan(target, { [container.id]: 'keep' })
    expect(await cleaner.apply(removes)).toEqual({ ok: false, error: { code: 'plan-unknown' } })
    const keeps = await newer
    expect(keeps.plan).toMatchObject({ deletes: [], containers: [] })
    expect(await cleaner.apply(removes)).toEqual({ ok: false, error: { code: 'plan-unknown' } })

    expect(await engine.docker.listContainers({ all: true })).toHaveLength(1)
    expect((await present(engine)).names.has('scratch:1')).toBe(true)
  })

  test('of two requests at once, only the newer one gets a plan', async () => {
    const container = await createContainer('scratch:1')
    const target = [{ image: cleaner.named('scratch:1').id }]
    const older = cleaner.plan(target, { [container.id]: 'keep' })
    const newer = cleaner.plan(target, { [container.id]: 'remove' })
    await expect(older).rejects.toThrow('plan-unknown')
    expect(await cleaner.carryOut(await newer)).toMatchObject({ state: 'done' })
    expect(await engine.docker.listContainers({ all: true })).toEqual([])
    expect((await present(engine)).names.has('scratch:1')).toBe(false)
  })

  test(
    'a container with --rm that a plan stops removes itself, and its image still goes, 20 of 20',
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
      await cleaner.catchUp()
      const images = Array.from({ length: rounds }, (_, round) => cleaner.named(`short:${round}`).id)
      for (const round of images.keys()) {
        const container = await createContainer(`short:${round}`, { AutoRemove: true })
        await container.start()
      }
      const ids = [...cleaner.engine.live.containers().values()]
      await eventually(() => ids.every(({ id }) => cleaner.engine.live.containers().get(id)?.state === 'running'))
      const choices = Object.fromEntries(ids.map(({ id }) => [id, 'stop-and-remove' as const]))
      const kept = await cleaner.plan(
        images.map((image) => ({ image })),
        choices,
      )
      expect(kept.plan.containers).toHaveLength(rounds)
      const job = await cleaner.carryOut(kept, images)
      expect(job.items.filter(({ state }) => state !== 'done')).toEqual([])
      expect(job.subject).toMatchObject({ copies: { count: rounds } })
      expect(await engine.docker.listContainers({ all: true })).toEqual([])
      expect([...(await present(engine)).names].filter((name) => name.startsWith('short:'))).toEqual([])
    },
  )
})
