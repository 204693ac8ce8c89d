import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { loadImages } from '../../../tools/world/images.ts'
import { manyImages } from '../../../tools/world/many-images.ts'
import { matrix } from '../matrix.ts'
import { expectCaughtUp, eventually, watchEngine } from '../engine-window.ts'

describe.each(matrix)('$title', (engineOptions) => {
  let engine: Engine
  let served: ReturnType<typeof watchEngine>

  beforeAll(async () => {
    engine = await startEngine(engineOptions)
    await loadImages(engine.docker, manyImages(12, { layers: 5 }))
    served = watchEngine(engine.socket)
    await eventually(() => served.window.complete)
  })
  afterAll(async () => {
    await served?.stop()
    await engine?.stop()
  })

  const ids = () => served.window.shown.images.map(({ id }) => id)

  test('three hundred fast events are published as fewer than 150 changes, and the final list is correct', async () => {
    const before = served.changes.length
    const [id] = ids()
    // Six workers at once, as on a build server.
    const tagAndUntag = async (worker: number) => {
      for (let round = 0; round < 25; round++) {
        await engine.docker.getImage(id!).tag({ repo: 'rush', tag: `${worker}-${round % 5}` })
        await engine.docker.getImage(`rush:${worker}-${round % 5}`).remove()
      }
      await engine.docker.getImage(id!).tag({ repo: 'rush', tag: `${worker}-last` })
    }
    await Promise.all([0, 1, 2, 3, 4, 5].map(tagAndUntag))
    await expectCaughtUp(served, engine)
    expect(served.window.images.get(id!)?.references.filter((name) => name.startsWith('rush:'))).toHaveLength(6)
    expect(served.changes.length - before).toBeLessThan(150)
  })

  test('a tag that moves across all images ends on the last one', async () => {
    for (const id of ids()) await engine.docker.getImage(id).tag({ repo: 'round', tag: 'trip' })
    await expectCaughtUp(served, engine)
    const holders = served.window.shown.images.filter(({ references }) => references.includes('round:trip'))
    expect(holders.map(({ id }) => id)).toEqual([ids().at(-1)])
  })

  test('loading an archive without tags, and one that takes another image’s tag, updates the list', async () => {
    const [first, second] = [...manyImages(14, { layers: 5 })].slice(-2)
    await loadImages(engine.docker, [{ ...first!, references: [] }])
    await eventually(() => ids().length === 13)
    await loadImages(engine.docker, [{ ...second!, references: ['round:trip'] }])
    await eventually(() => ids().length === 14)
    await expectCaughtUp(served, engine)
  })
})
