import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { rootlessPaths } from '../../../tools/world/rootless.ts'
import { eventually } from '../eventually.ts'
import { reloadMirrors } from './killed-helper.ts'
import {
  changeTo,
  commandOf,
  helperTools,
  readMirrors,
  expectNoHelperRunning,
  userScope,
  rootScope,
  type HelperScope,
} from './helper-tools.ts'

/** A program that changes the file through the helper, and exits or kills itself before the change is kept. */
const appSource = `
  import { openHelper } from './main/daemon-config/helper.ts'
  const [command, env, request, end] = process.argv.slice(1).map((argument) => JSON.parse(argument))
  const { value: helper } = await openHelper({ command, env })
  const changed = await helper.change(request)
  if (!changed.ok) console.error(changed.error)
  else if (end === 'SIGKILL') process.kill(process.pid, end)
  else process.exit(7)
`

describe.each([
  { title: 'root’s helper', rootless: false },
  { title: 'a rootless user’s helper', rootless: true },
])('$title', ({ rootless }) => {
  let uninstall: () => void
  let engine: Engine
  let scope: HelperScope
  let tools: ReturnType<typeof helperTools>
  beforeAll(async () => {
    uninstall = installHelperInWorld()
    engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: !rootless, rootless })
    scope = rootless ? userScope(rootlessPaths(engine.root).env) : rootScope
    tools = helperTools(scope)
  })
  afterAll(async () => {
    await engine?.stop()
    uninstall()
  })
  afterEach(expectNoHelperRunning)

  test.each(['quit', 'SIGKILL'])('restores everything if the app ends during a change (%s)', async (end) => {
    tools.write('{ "registry-mirrors": [] }')
    await reloadMirrors(engine, [])
    const before = '{ "labels": ["x=y"] }\n'
    tools.write(before)
    const request = changeTo(before, '{ "registry-mirrors": ["https://a.example"], "labels": ["x=y"] }\n')
    const args = [commandOf(scope), scope.env ?? {}, request, end].map((argument) => JSON.stringify(argument))
    const child = spawn(process.execPath, ['--input-type=module', '--eval', appSource, ...args], {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    expect(await once(child, 'exit')).toEqual(end === 'quit' ? [7, null] : [null, end])
    await eventually(() => {
      try {
        expectNoHelperRunning()
        return true
      } catch {
        return false
      }
    })
    expect(tools.readState()?.text).toBe(before)
    expect(await readMirrors(engine)).toEqual([])
  })
})
