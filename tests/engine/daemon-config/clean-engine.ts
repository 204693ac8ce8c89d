/**
 * Hooks for tests of the helper. When a test starts, the engine runs and uses no mirrors, and daemon.json has none.
 */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import type { Version } from '../../../tools/world/paths.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { rootlessPaths } from '../../../tools/world/rootless.ts'
import { reloadMirrors } from './killed-helper.ts'
import {
  helperTools,
  readMirrors,
  expectNoHelperRunning,
  userScope,
  rootScope,
  type HelperScope,
} from './helper-tools.ts'

export const mirror = 'https://a.example'
export const mirrorsKey = `"registry-mirrors": ["${mirror}"]`
export const plainText = '{ "labels": ["x=y"] }\n'
export const textWithMirror = `{ ${mirrorsKey}, "labels": ["x=y"] }\n`

/** Starts one system engine for all tests of a file or a `describe` block, and installs root's helper. */
export function useSystemEngine(version: Version) {
  let uninstall: () => void
  return useEngine({
    async start() {
      uninstall = installHelperInWorld()
      return { engine: await startEngine({ version, store: 'classic', asInstalled: true }), scope: rootScope }
    },
    end: () => uninstall(),
  })
}

/** Starts one rootless engine of the user nobody for all tests of a file or a `describe` block. */
export function useRootlessEngine() {
  const setup = useEngine({
    async start() {
      const engine = await startEngine({ version: '26.1', store: 'classic', rootless: true })
      return { engine, scope: userScope(rootlessPaths(engine.root).env) }
    },
    end() {},
  })
  afterEach(() => {
    if (existsSync(join(setup.scope.stateFolder, 'journal.json'))) throw new Error('the helper left an open journal')
  })
  return setup
}

interface EngineSetup {
  start(): Promise<{ engine: Engine; scope: HelperScope }>
  end(): void
}

function useEngine({ start, end }: EngineSetup) {
  let engine: Engine
  let scope: HelperScope
  let tools: ReturnType<typeof helperTools>
  beforeAll(async () => {
    ;({ engine, scope } = await start())
    tools = helperTools(scope)
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
    get scope() {
      return scope
    },
    get tools() {
      return tools
    },
    get home() {
      return scope.env?.['HOME'] ?? ''
    },
    expectMirrors,
    /** Tries a change. Expects this error, an unchanged file, and an engine without mirrors. */
    async expectRefused(error: object, text = textWithMirror) {
      const before = tools.readState()
      const { answer } = await tools.changeFile(text)
      expect(answer).toMatchObject({ ok: false, error })
      expect(tools.readState()).toEqual(before)
      await expectMirrors()
    },
  }
}
