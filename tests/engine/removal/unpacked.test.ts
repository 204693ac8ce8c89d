/** The containerd store labels unpacked layers with their owner. Other images use these layers, and do not keep them. */
import { rmSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Choices } from '../../../model/removal/plan.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { openCleaner, taken, type Cleaner } from './cleaner.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'

const steps = [1, 2].map((number) => ({ instruction: `COPY part-${number} /`, bytes: number * 20_000, noise: true }))
const of = (name: string, second: number) => ({
  references: [name],
  created: new Date(1_700_000_000_000 + second * 1000),
  config: { Cmd: ['/none'], Labels: { name } },
  steps,
})

describe.each(matrix.filter(({ store }) => store === 'containerd'))('$title', (wish) => {
  let engine: Engine
  let cleaner: Cleaner

  beforeAll(async () => {
    engine = await startEngine(wish)
    await loadImages(engine.docker, [of('first:1', 1)])
    await loadImages(engine.docker, [of('second:1', 2)])
    cleaner = await openCleaner(engine)
  })
  afterAll(async () => {
    await cleaner?.stop()
    await engine?.stop()
    if (cleaner) rmSync(cleaner.folder, { recursive: true })
  })

  async function remove(name: string, choices: Choices = {}): Promise<{ promised: number; freed: number }> {
    const content = cleaner.content()
    const before = await taken(engine, content)
    const kept = await cleaner.plan([{ image: cleaner.named(name).id }], choices)
    await cleaner.carryOut(kept)
    const { min, max } = kept.plan.frees
    expect(min).toBe(max)
    const promised = min
    await eventually(async () => before - (await taken(engine, content)) >= promised)
    return { promised, freed: before - (await taken(engine, content)) }
  }

  test('the layers of two images go with the one that they were unpacked for, as promised', async () => {
    const both = cleaner.layers.sharing.of([...cleaner.engine.live.images().keys()]).frees
    const { promised, freed } = await remove('first:1')
    expect(promised).toBeGreaterThan(60_000)
    expect(freed).toBe(promised)
    await cleaner.catchUp()
    const left = cleaner.layers.sharing.of([cleaner.named('second:1').id]).frees
    expect(left).toEqual({ min: both.min - promised, max: both.max - promised })
    // One more name makes the app look again.
    await engine.docker.getImage('second:1').tag({ repo: 'also', tag: '1' })
    await cleaner.catchUp()
    expect(await cleaner.layers.handlers['layers.stack'](cleaner.named('also:1').id)).toMatchObject({
      value: { layers: [{ size: { min: 0, max: 0 } }, { size: { min: 0, max: 0 } }] },
    })
    await engine.docker.getImage('also:1').remove()
    await cleaner.catchUp()
  })

  test('of layers that are not unpacked it is still told what made them', async () => {
    const anew = await openCleaner(engine)
    try {
      const size = { min: 0, max: 0 }
      expect(await anew.layers.handlers['layers.stack'](anew.named('second:1').id)).toMatchObject({
        value: {
          layers: [
            { size, instruction: { text: 'part-1 /' } },
            { size, instruction: { text: 'part-2 /' } },
          ],
        },
      })
    } finally {
      await anew.stop()
      rmSync(anew.folder, { recursive: true })
    }
  })

  test('what is unpacked again for a container is promised again', async () => {
    const container = await engine.docker.createContainer({ Image: 'second:1', HostConfig: { NetworkMode: 'none' } })
    await eventually(() => cleaner.engine.live.containers().has(container.id))
    await cleaner.layers.settled()
    await container.remove()
    await eventually(() => !cleaner.engine.live.containers().has(container.id))
    await cleaner.layers.settled()
    const { promised, freed } = await remove('second:1')
    expect(promised).toBeGreaterThan(120_000)
    expect(freed).toBe(promised)
    expect(await taken(engine)).toBe(0)
  })

  test('images that come back are unpacked anew, and what only a container keeps goes with it', async () => {
    await loadImages(engine.docker, [of('second:1', 2)])
    await loadImages(engine.docker, [of('first:1', 1)])
    const container = await engine.docker.createContainer({ Image: 'first:1', HostConfig: { NetworkMode: 'none' } })
    await eventually(() => cleaner.engine.live.containers().has(container.id))
    await cleaner.catchUp()
    // This time they were unpacked for the second, but the container of the first stands on them.
    const second = await remove('second:1')
    expect(second.promised).toBeLessThan(5_000)
    expect(second.freed).toBe(second.promised)
    await cleaner.catchUp()
    const first = await remove('first:1', { [container.id]: 'remove' })
    expect(first.promised).toBeGreaterThan(120_000)
    expect(await taken(engine)).toBe(0)
  })
})
