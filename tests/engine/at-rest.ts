/** An engine of its own for the tests of a file, at rest and without mirrors before each. */
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import type { Version } from '../../tools/world/place.ts'
import { installInWorld } from '../../tools/world/polkit.ts'
import { reloaded } from './cut.ts'
import { changed, mirrorsOf, noHelperLeft, state, write } from './helped.ts'

export const mirror = 'https://a.example'
export const key = `"registry-mirrors": ["${mirror}"]`
export const plain = '{ "labels": ["x=y"] }\n'
export const added = `{ ${key}, "labels": ["x=y"] }\n`

/** Starts it for the tests that follow, with the helper installed beside it. */
export function engineAtRest(version: Version) {
  let uninstall: () => void
  let engine: Engine
  beforeAll(async () => {
    uninstall = installInWorld()
    engine = await startEngine({ version, store: 'classic', asInstalled: true })
  })
  afterAll(async () => {
    await engine?.stop()
    uninstall()
  })
  afterEach(noHelperLeft)
  beforeEach(async () => {
    write('{ "registry-mirrors": [], "insecure-registries": [] }')
    await reloaded(engine, [])
    write(plain)
  })
  const engineHas = async (...mirrors: string[]) => expect(await mirrorsOf(engine)).toEqual(mirrors)
  return {
    get engine() {
      return engine
    },
    engineHas,
    /** A change that is refused leaves the file as it was, and the engine without mirrors. */
    async refused(error: object, text = added) {
      const before = state()
      const { answer } = await changed(text)
      expect(answer).toMatchObject({ ok: false, error })
      expect(state()).toEqual(before)
      await engineHas()
    },
  }
}
