/** Files in which Docker reads a value differently than it is written: their mirrors can be changed nevertheless. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { changeTo, expectNoHelperRunning, readMirrors, readState, startHelper, write } from './helper-tools.ts'

const mirror = 'https://a.example'

describe.each(['20.10', '26.1'] as const)('Docker %s', (version) => {
  let uninstall: () => void
  let engine: Engine
  beforeAll(async () => {
    uninstall = installHelperInWorld()
    engine = await startEngine({ version, store: 'classic', asInstalled: true })
  })
  afterAll(async () => {
    await engine?.stop()
    uninstall()
  })
  afterEach(expectNoHelperRunning)

  test.each([
    '"insecure-registries": ["http://192.168.10.15:8888"], "log-driver": "json-file"',
    '"insecure-registries": ["https://harbor.example", "http://localhost:5000"]',
    '"insecure-registries": ["docker.io"]',
    '"insecure-registries": ["HTTP://10.0.0.5:5000", "10.0.0.5:5000", "10.1.0.0/16", "10.1.2.3/16"]',
    '"log-opts": { "max-size": "10m", "max-size": "20m" }',
    '"debug": false, "debug": true',
  ])('a change of mirrors is confirmed and leaves the rest alone: %s', async (members) => {
    const text = (mirrors: string) => `{ "registry-mirrors": [${mirrors}], ${members} }`
    write(text(''))
    await engine.restart()
    const { helper } = await startHelper()
    const answer = await helper.change(changeTo(text(''), text(`"${mirror}"`)))
    const kept = answer.ok ? await helper.keep() : answer
    await helper.end()
    expect(kept).toEqual({ ok: true, value: undefined })
    expect(await readMirrors(engine)).toEqual([mirror])
    expect(readState()?.text).toBe(text(`"${mirror}"`))
  })
})
