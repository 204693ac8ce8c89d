import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installInWorld } from '../../../tools/world/polkit.ts'
import { rootlessPaths } from '../../../tools/world/rootless.ts'
import { cutting, stories } from './cut-helper.ts'
import { noHelperLeft, ownSide, rootSide } from './helper-side.ts'

let uninstall: () => void
beforeAll(() => void (uninstall = installInWorld()))
afterAll(() => uninstall())
afterEach(noHelperLeft)

describe.each([
  // Before each single operation it was tried by hand (`stride: 1`): every second one costs half the time.
  { title: 'root’s on 26.1', version: '26.1', rootless: false, stride: 2 },
  { title: 'root’s on 20.10', version: '20.10', rootless: false, stride: 8 },
  // The same code: what differs is with whose rights it works.
  { title: 'a user’s own on 26.1', version: '26.1', rootless: true, stride: 4 },
] as const)('$title', ({ version, rootless, stride }) => {
  let engine: Engine
  let by: ReturnType<typeof cutting>
  beforeAll(async () => {
    engine = await startEngine({ version, store: 'classic', asInstalled: !rootless, rootless })
    by = cutting(rootless ? ownSide(rootlessPaths(engine.root).env) : rootSide)
    await by.backUp(engine)
  })
  afterAll(() => engine?.stop())

  // Of the other stories, which share most of their steps with the first, some.
  test.each(stories)('$title, cut before its operations', { timeout: 600_000 }, async (story) => {
    const faults: string[] = []
    const step = story === stories[0] ? stride : stride * 4
    for (let operation = 1, over = false; !over; operation += step) {
      await by.begin(engine, story)
      over = (await by.cutBefore(operation, story)) !== undefined
      const fault = await by.faultAfterCut(engine, story, story.end === 'keep')
      if (fault) faults.push(`cut before ${operation}: ${fault}`)
    }
    expect(faults).toEqual([])
  })

  test('killed at 25 random instants', { timeout: 300_000 }, async () => {
    const [story] = stories
    await by.begin(engine, story)
    const start = performance.now()
    await by.cutAfter(60_000, story)
    const whole = performance.now() - start
    const faults: string[] = []
    for (let time = 0; time < 25; time++) {
      const instant = Math.random() * whole
      await by.begin(engine, story)
      await by.cutAfter(instant, story)
      const fault = await by.faultAfterCut(engine, story)
      if (fault) faults.push(`killed after ${instant} ms of ${whole}: ${fault}`)
    }
    expect(faults).toEqual([])
  })
})
