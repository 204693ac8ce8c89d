import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { rootlessPaths } from '../../../tools/world/rootless.ts'
import { crashTools, scenarios } from './killed-helper.ts'
import { expectNoHelperRunning, userScope, rootScope } from './helper-tools.ts'

let uninstall: () => void
beforeAll(() => void (uninstall = installHelperInWorld()))
afterAll(() => uninstall())
afterEach(expectNoHelperRunning)

describe.each([
  // Every operation was tried by hand (`stride: 1`). Trying every second one takes half the time.
  { title: 'root’s helper on 26.1', version: '26.1', rootless: false, stride: 2 },
  { title: 'root’s helper on 20.10', version: '20.10', rootless: false, stride: 8 },
  // A rootless user's helper runs the same code as root's, but as another user.
  { title: 'a rootless user’s helper on 26.1', version: '26.1', rootless: true, stride: 4 },
] as const)('$title', ({ version, rootless, stride }) => {
  let engine: Engine
  let tools: ReturnType<typeof crashTools>
  beforeAll(async () => {
    engine = await startEngine({ version, store: 'classic', asInstalled: !rootless, rootless })
    tools = crashTools(rootless ? userScope(rootlessPaths(engine.root).env) : rootScope)
    await tools.createBackup(engine)
  })
  afterAll(() => engine?.stop())

  // The other scenarios share most of their steps with the first one, so fewer operations are tried.
  test.each(scenarios)(
    'if the helper is killed right before an operation, its next start restores everything that was not kept: $title',
    { timeout: 600_000 },
    async (scenario) => {
      const faults: string[] = []
      const step = scenario === scenarios[0] ? stride : stride * 4
      for (let operation = 1, hasEnded = false; !hasEnded; operation += step) {
        await tools.prepare(engine, scenario)
        hasEnded = (await tools.killBeforeOperation(operation, scenario)) !== undefined
        const fault = await tools.findFault(engine, scenario, scenario.end === 'keep')
        if (fault) faults.push(`killed before operation ${operation}: ${fault}`)
      }
      expect(faults).toEqual([])
    },
  )

  test(
    'if the helper is killed at a random moment, its next start restores everything, in 25 of 25 cases',
    { timeout: 300_000 },
    async () => {
      const [scenario] = scenarios
      await tools.prepare(engine, scenario)
      const start = performance.now()
      await tools.killAfter(60_000, scenario)
      const durationMs = performance.now() - start
      const faults: string[] = []
      for (let attempt = 0; attempt < 25; attempt++) {
        const killAfterMs = Math.random() * durationMs
        await tools.prepare(engine, scenario)
        await tools.killAfter(killAfterMs, scenario)
        const fault = await tools.findFault(engine, scenario)
        if (fault) faults.push(`killed after ${killAfterMs} ms of ${durationMs} ms: ${fault}`)
      }
      expect(faults).toEqual([])
    },
  )
})
