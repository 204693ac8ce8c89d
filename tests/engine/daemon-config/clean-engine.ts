/** An engine of its own for the tests of a file, at rest and without mirrors before each. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import type { Version } from '../../../tools/world/paths.ts'
import { installInWorld } from '../../../tools/world/polkit.ts'
import { rootlessPaths } from '../../../tools/world/rootless.ts'
import { reloaded } from './cut-helper.ts'
import { helpedOn, mirrorsOf, noHelperLeft, ownSide, rootSide, type Side } from './helper-side.ts'

export const mirror = 'https://a.example'
export const key = `"registry-mirrors": ["${mirror}"]`
export const plain = '{ "labels": ["x=y"] }\n'
export const added = `{ ${key}, "labels": ["x=y"] }\n`

/** Starts the computer's for the tests that follow, with root's helper installed beside it. */
export function engineAtRest(version: Version) {
  let uninstall: () => void
  return atRest({
    async start() {
      uninstall = installInWorld()
      return { engine: await startEngine({ version, store: 'classic', asInstalled: true }), side: rootSide }
    },
    end: () => uninstall(),
  })
}

/** The same for nobody's own. */
export function ownAtRest() {
  const rest = atRest({
    async start() {
      const engine = await startEngine({ version: '26.1', store: 'classic', rootless: true })
      return { engine, side: ownSide(rootlessPaths(engine.root).env) }
    },
    end() {},
  })
  afterEach(() => {
    if (existsSync(join(rest.side.vault, 'journal.json'))) throw new Error('the journal is open')
  })
  return rest
}

interface Ground {
  start(): Promise<{ engine: Engine; side: Side }>
  end(): void
}

function atRest({ start, end }: Ground) {
  let engine: Engine
  let side: Side
  let by: ReturnType<typeof helpedOn>
  beforeAll(async () => {
    ;({ engine, side } = await start())
    by = helpedOn(side)
  })
  afterAll(async () => {
    await engine?.stop()
    end()
  })
  afterEach(noHelperLeft)
  beforeEach(async () => {
    by.write('{ "registry-mirrors": [], "insecure-registries": [] }')
    await reloaded(engine, [])
    by.write(plain)
  })
  const engineHas = async (...mirrors: string[]) => expect(await mirrorsOf(engine)).toEqual(mirrors)
  return {
    get engine() {
      return engine
    },
    get side() {
      return side
    },
    get by() {
      return by
    },
    get home() {
      return side.env?.['HOME'] ?? ''
    },
    engineHas,
    /** A change that is refused leaves the file as it was, and the engine without mirrors. */
    async refused(error: object, text = added) {
      const before = by.state()
      const { answer } = await by.changed(text)
      expect(answer).toMatchObject({ ok: false, error })
      expect(by.state()).toEqual(before)
      await engineHas()
    },
  }
}
