/**
 * Hooks for tests of the helper: each test starts with a running engine without mirrors, and with a plain daemon.json.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import type { Version } from '../../../tools/world/paths.ts'
import { installInWorld } from '../../../tools/world/polkit.ts'
import { rootlessPaths } from '../../../tools/world/rootless.ts'
import { reloadMirrors } from './killed-helper.ts'
import { helperTools, readMirrors, expectNoHelperRunning, ownSide, rootSide, type Side } from './helper-tools.ts'

export const mirror = 'https://a.example'
export const mirrorsKey = `"registry-mirrors": ["${mirror}"]`
export const plainText = '{ "labels": ["x=y"] }\n'
export const textWithMirror = `{ ${mirrorsKey}, "labels": ["x=y"] }\n`

/** Starts one system engine for all tests of a `describe` block, and installs root's helper. */
export function useSystemEngine(version: Version) {
  let uninstall: () => void
  return useEngine({
    async start() {
      uninstall = installInWorld()
      return { engine: await startEngine({ version, store: 'classic', asInstalled: true }), side: rootSide }
    },
    end: () => uninstall(),
  })
}

/** Starts one rootless engine of the user nobody for all tests of a `describe` block. */
export function useRootlessEngine() {
  const setup = useEngine({
    async start() {
      const engine = await startEngine({ version: '26.1', store: 'classic', rootless: true })
      return { engine, side: ownSide(rootlessPaths(engine.root).env) }
    },
    end() {},
  })
  afterEach(() => {
    if (existsSync(join(setup.side.stateFolder, 'journal.json'))) throw new Error('the helper left an open journal')
  })
  return setup
}

interface EngineSetup {
  start(): Promise<{ engine: Engine; side: Side }>
  end(): void
}

function useEngine({ start, end }: EngineSetup) {
  let engine: Engine
  let side: Side
  let tools: ReturnType<typeof helperTools>
  beforeAll(async () => {
    ;({ engine, side } = await start())
    tools = helperTools(side)
  })
  afterAll(async () => {
    await engine?.stop()
    end()
  })
  afterEach(expectNoHelperRunning)
  beforeEach(async () => {
    tools.write('{ "registry-mirrors": [], "insecure-registries": [] }')
    await reloadMirrors(engine, [])
    tools.write(plainText)
  })
  const expectMirrors = async (...mirrors: string[]) => expect(await readMirrors(engine)).toEqual(mirrors)
  return {
    get engine() {
      return engine
    },
    get side() {
      return side
    },
    get tools() {
      return tools
    },
    get home() {
      return side.env?.['HOME'] ?? ''
    },
    expectMirrors,
    /** Tries a change: it must fail with this error, and leave the file unchanged and the engine without mirrors. */
    async expectRefused(error: object, text = textWithMirror) {
      const before = tools.readState()
      const { answer } = await tools.changeFile(text)
      expect(answer).toMatchObject({ ok: false, error })
      expect(tools.readState()).toEqual(before)
      await expectMirrors()
    },
  }
}
