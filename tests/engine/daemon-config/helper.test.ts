import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installInWorld } from '../../../tools/world/polkit.ts'
import { changed, hashOf, noHelperLeft, mirrorsOf, state, write } from './helper-side.ts'
import { matrix } from '../matrix.ts'

let uninstall: () => void
beforeAll(() => void (uninstall = installInWorld()))
afterAll(() => uninstall())

const [a, b] = ['https://a.example', 'https://b.example:8443']

describe.each(matrix)('on $title', (wish) => {
  const features = wish.store === 'containerd' ? '"features": { "containerd-snapshotter": true }' : '"features": {}'
  const withKey = `{\n  "registry-mirrors": ["${a}"],\n\t${features}\r\n}`
  const without = `{\n  ${features}\n}\n`
  const withB = (text: string) => text.replace(`"${a}"`, `"${b}", "${a}"`)
  const added = `{\n  ${features},\n  "registry-mirrors": ["${b}"]\n}\n`

  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine({ ...wish, asInstalled: true })
  })
  afterAll(() => engine?.stop())
  afterEach(noHelperLeft)

  /** The file as wanted, and the engine with its mirrors, before the test. */
  async function given(text: string | undefined, options: Parameters<typeof write>[1] = {}) {
    write('{"registry-mirrors": [], "insecure-registries": []}')
    process.kill(engine.pid, 'SIGHUP')
    await expect.poll(() => mirrorsOf(engine)).toEqual([])
    write(text, options)
    if (text !== undefined) process.kill(engine.pid, 'SIGHUP')
    await expect.poll(() => mirrorsOf(engine)).toEqual(text?.includes(a) ? [a] : [])
  }

  test('a change is told step by step, taken up by the engine, and kept', async () => {
    await given(withKey, { mode: 0o640, owner: [0, 7] })
    const { answer, last, steps } = await changed(withB(withKey))
    expect(answer).toEqual({
      ok: true,
      value: { answer: 'changed', confirmed: true, hash: hashOf(withB(withKey)) },
    })
    expect(last).toEqual({ ok: true, value: undefined })
    expect(steps).toEqual(['checked', 'backed-up', 'swapped', 'reloaded', 'confirmed'])
    expect(state()).toEqual({ text: withB(withKey), mode: '640', owner: '0:7' })
    expect(await mirrorsOf(engine)).toEqual([b, a])
  })

  test('undone, a file that had the key has its bytes again, and the engine its mirrors', async () => {
    await given(withKey, { mode: 0o600 })
    const before = state()
    const { last, steps } = await changed(withB(withKey), 'undo')
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(steps.at(-1)).toBe('put-back')
    expect(state()).toEqual(before)
    expect(await mirrorsOf(engine)).toEqual([a])
  })

  test('undone, a file that had no such key has its bytes again, and the engine no mirrors', async () => {
    await given(without)
    const before = state()
    const { last } = await changed(added, 'undo')
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(state()).toEqual(before)
    expect(await mirrorsOf(engine)).toEqual([])
  })

  test('undone, a file that was not there is not there again', async () => {
    await given(undefined)
    const { answer, last } = await changed(`{"registry-mirrors": ["${b}"]}\n`, 'undo')
    expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(state()).toBeUndefined()
    expect(await mirrorsOf(engine)).toEqual([])
  })

  test('a caller that disconnects without keeping the change has changed nothing', async () => {
    await given(without)
    const before = state()
    const { answer } = await changed(added, 'leave')
    expect(answer).toMatchObject({ ok: true })
    expect(state()).toEqual(before)
    expect(await mirrorsOf(engine)).toEqual([])
  })
})
