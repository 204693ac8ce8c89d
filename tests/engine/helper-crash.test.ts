import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { installInWorld } from '../../tools/world/polkit.ts'
import { backUp, begin, cutAfter, cutBefore, faultAfterCut, stories } from './cut.ts'
import { noHelperLeft } from './helped.ts'

let uninstall: () => void
beforeAll(() => void (uninstall = installInWorld()))
afterAll(() => uninstall())
afterEach(noHelperLeft)

describe.each([
  // Before each single operation it was tried by hand (`stride: 1`): every second one costs half the time.
  { version: '26.1', stride: 2 },
  { version: '20.10', stride: 8 },
] as const)('on $version', ({ version, stride }) => {
  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine({ version, store: 'classic', asInstalled: true })
    await backUp(engine)
  })
  afterAll(() => engine?.stop())

  // Of the other stories, which share most of their steps with the first, some.
  test.each(stories)('$title, cut before its operations', { timeout: 600_000 }, async (story) => {
    const faults: string[] = []
    const step = story === stories[0] ? stride : stride * 4
    for (let operation = 1, over = false; !over; operation += step) {
      await begin(engine, story)
      over = (await cutBefore(operation, story)) !== undefined
      const fault = await faultAfterCut(engine, story, story.end === 'keep')
      if (fault) faults.push(`cut before ${operation}: ${fault}`)
    }
    expect(faults).toEqual([])
  })

  test('killed at 25 random instants', { timeout: 300_000 }, async () => {
    const [story] = stories
    await begin(engine, story)
    const start = performance.now()
    await cutAfter(60_000, story)
    const whole = performance.now() - start
    const faults: string[] = []
    for (let time = 0; time < 25; time++) {
      const instant = Math.random() * whole
      await begin(engine, story)
      await cutAfter(instant, story)
      const fault = await faultAfterCut(engine, story)
      if (fault) faults.push(`killed after ${instant} ms of ${whole}: ${fault}`)
    }
    expect(faults).toEqual([])
  })
})
