/**
 * The containerd store labels an unpacked layer with the image that it was unpacked for, its owner. Other images use
 * the layer too, but do not keep it: it is deleted together with its owner.
 */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Choices } from '../../../model/removal/plan.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { openRemovalApp, measureDiskUsage, type RemovalApp } from './removal-app.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'

const steps = [1, 2].map((number) => ({ instruction: `COPY part-${number} /`, bytes: number * 20_000, noise: true }))
const imageSpec = (name: string, createdSeconds: number) => ({
  references: [name],
  created: new Date(1_700_000_000_000 + createdSeconds * 1000),
  config: { Cmd: ['/none'], Labels: { name } },
  steps,
})

describe.each(matrix.filter(({ store }) => store === 'containerd'))('$title', (engineOptions) => {
  let engine: Engine
  let app: RemovalApp

  beforeAll(async () => {
    engine = await startEngine(engineOptions)
    await loadImages(engine.docker, [imageSpec('first:1', 1)])
    await loadImages(engine.docker, [imageSpec('second:1', 2)])
    app = await openRemovalApp(engine)
  })
  afterAll(async () => {
    await app?.stop()
    await engine?.stop()
    if (app) rmSync(app.folder, { recursive: true })
  })

  async function remove(name: string, choices: Choices = {}): Promise<{ predicted: number; freed: number }> {
    const blobs = app.referencedBlobs()
    const before = await measureDiskUsage(engine, blobs)
    const storedPlan = await app.plan([{ image: app.findImage(name).id }], choices)
    await app.executePlan(storedPlan)
    const { min, max } = storedPlan.plan.frees
    expect(min).toBe(max)
    const predicted = min
    await eventually(async () => before - (await measureDiskUsage(engine, blobs)) >= predicted)
    return { predicted, freed: before - (await measureDiskUsage(engine, blobs)) }
  }

  test('layers that two images share are deleted with the image that they were unpacked for, as its plan says', async () => {
    const freedByBoth = app.layers.sharing.of([...app.engine.live.images().keys()]).frees
    const { predicted, freed } = await remove('first:1')
    expect(predicted).toBeGreaterThan(60_000)
    expect(freed).toBe(predicted)
    await app.catchUp()
    const remaining = app.layers.sharing.of([app.findImage('second:1').id]).frees
    expect(remaining).toEqual({ min: freedByBoth.min - predicted, max: freedByBoth.max - predicted })
    // A new tag makes the app read the image's layers again.
    await engine.docker.getImage('second:1').tag({ repo: 'also', tag: '1' })
    await app.catchUp()
    expect(await app.layers.handlers['layers.stack'](app.findImage('also:1').id)).toMatchObject({
      value: { layers: [{ size: { min: 0, max: 0 } }, { size: { min: 0, max: 0 } }] },
    })
    await engine.docker.getImage('also:1').remove()
    await app.catchUp()
  })

  test('layers that are no longer unpacked are still listed with their instructions', async () => {
    const newApp = await openRemovalApp(engine)
    try {
      const size = { min: 0, max: 0 }
      expect(await newApp.layers.handlers['layers.stack'](newApp.findImage('second:1').id)).toMatchObject({
        value: {
          layers: [
            { size, instruction: { text: 'part-1 /' } },
            { size, instruction: { text: 'part-2 /' } },
          ],
        },
      })
    } finally {
      await newApp.stop()
      rmSync(newApp.folder, { recursive: true })
    }
  })

  test('if the engine unpacks layers again for a container, a plan counts them again', async () => {
    const container = await engine.docker.createContainer({ Image: 'second:1', HostConfig: { NetworkMode: 'none' } })
    await eventually(() => app.engine.live.containers().has(container.id))
    await app.layers.whenUpToDate()
    await container.remove()
    await eventually(() => !app.engine.live.containers().has(container.id))
    await app.layers.whenUpToDate()
    const { predicted, freed } = await remove('second:1')
    expect(predicted).toBeGreaterThan(120_000)
    expect(freed).toBe(predicted)
    expect(await measureDiskUsage(engine)).toBe(0)
  })

  test('layers whose owner is removed stay while a container uses them, and are deleted with that container', async () => {
    await loadImages(engine.docker, [imageSpec('second:1', 2)])
    await loadImages(engine.docker, [imageSpec('first:1', 1)])
    const container = await engine.docker.createContainer({ Image: 'first:1', HostConfig: { NetworkMode: 'none' } })
    await eventually(() => app.engine.live.containers().has(container.id))
    await app.catchUp()
    // This time the layers were unpacked for second:1, but the container of first:1 still uses them.
    const second = await remove('second:1')
    expect(second.predicted).toBeLessThan(5_000)
    expect(second.freed).toBe(second.predicted)
    await app.catchUp()
    const first = await remove('first:1', { [container.id]: 'remove' })
    expect(first.predicted).toBeGreaterThan(120_000)
    expect(await measureDiskUsage(engine)).toBe(0)
  })
})
