import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installInWorld } from '../../../tools/world/polkit.ts'
import { rootlessPaths } from '../../../tools/world/rootless.ts'
import { eventually } from '../eventually.ts'
import { reloaded } from './cut-helper.ts'
import { commandOf, hashOf, helpedOn, mirrorsOf, noHelperLeft, ownSide, rootSide, type Side } from './helper-side.ts'

/** An app that ends where the engine has taken up its change and nothing was kept yet. */
const app = `
  import { openHelper } from './main/daemon-config/helper.ts'
  const [command, env, wish, end] = process.argv.slice(1).map((word) => JSON.parse(word))
  const { value: helper } = await openHelper({ command, env })
  const changed = await helper.change(wish)
  if (!changed.ok) console.error(changed.error)
  else if (end === 'SIGKILL') process.kill(process.pid, end)
  else process.exit(7)
`

describe.each([
  { title: 'root’s', rootless: false },
  { title: 'a user’s own', rootless: true },
])('$title', ({ rootless }) => {
  let uninstall: () => void
  let engine: Engine
  let side: Side
  let by: ReturnType<typeof helpedOn>
  beforeAll(async () => {
    uninstall = installInWorld()
    engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: !rootless, rootless })
    side = rootless ? ownSide(rootlessPaths(engine.root).env) : rootSide
    by = helpedOn(side)
  })
  afterAll(async () => {
    await engine?.stop()
    uninstall()
  })
  afterEach(noHelperLeft)

  test.each(['quit', 'SIGKILL'])('the app ends in the middle of a change (%s): everything is restored', async (end) => {
    by.write('{ "registry-mirrors": [] }')
    await reloaded(engine, [])
    const before = '{ "labels": ["x=y"] }\n'
    by.write(before)
    const wish = {
      oldHash: hashOf(before),
      newText: '{ "registry-mirrors": ["https://a.example"], "labels": ["x=y"] }\n',
    }
    const words = [commandOf(side), side.env ?? {}, wish, end].map((word) => JSON.stringify(word))
    const child = spawn(process.execPath, ['--input-type=module', '--eval', app, ...words], {
      cwd: join(import.meta.dirname, '../../..'),
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    expect(await once(child, 'exit')).toEqual(end === 'quit' ? [7, null] : [null, end])
    await eventually(() => {
      try {
        noHelperLeft()
        return true
      } catch {
        return false
      }
    })
    expect(by.state()?.text).toBe(before)
    expect(await mirrorsOf(engine)).toEqual([])
  })
})
