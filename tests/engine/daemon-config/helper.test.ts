import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { changeFile, hashOf, expectNoHelperRunning, readMirrors, readState, write } from './helper-tools.ts'
import { matrix } from '../matrix.ts'

let uninstall: () => void
beforeAll(() => void (uninstall = installHelperInWorld()))
afterAll(() => uninstall())

const [a, b] = ['https://a.example', 'https://b.example:8443']

describe.each(matrix)('on $title', (options) => {
  const features = options.store === 'containerd' ? '"features": { "containerd-snapshotter": true }' : '"features": {}'
  const textWithA = `{\n  "registry-mirrors": ["${a}"],\n\t${features}\r\n}`
  const textWithoutMirrors = `{\n  ${features}\n}\n`
  const textWithBoth = textWithA.replace(`"${a}"`, `"${b}", "${a}"`)
  const textWithB = `{\n  ${features},\n  "registry-mirrors": ["${b}"]\n}\n`

  let engine: Engine
  beforeAll(async () => {
    engine = await startEngine({ ...options, asInstalled: true })
  })
  afterAll(() => engine?.stop())
  afterEach(expectNoHelperRunning)

  /** Writes the file, and makes the engine use the file's mirrors. */
  async function prepare(text: string | undefined, fileOptions: Parameters<typeof write>[1] = {}) {
    write('{"registry-mirrors": [], "insecure-registries": []}')
    process.kill(engine.pid, 'SIGHUP')
    await expect.poll(() => readMirrors(engine)).toEqual([])
    write(text, fileOptions)
    if (text !== undefined) process.kill(engine.pid, 'SIGHUP')
    await expect.poll(() => readMirrors(engine)).toEqual(text?.includes(a) ? [a] : [])
  }

  test('a change is reported step by step, loaded by the engine, and kept', async () => {
    await prepare(textWithA, { mode: 0o640, owner: [0, 7] })
    const { answer, last, steps } = await changeFile(textWithBoth)
    expect(answer).toEqual({
      ok: true,
      value: { answer: 'changed', confirmed: true, running: true, hash: hashOf(textWithBoth) },
    })
    expect(last).toEqual({ ok: true, value: undefined })
    expect(steps).toEqual(['checked', 'backed-up', 'swapped', 'reloaded', 'confirmed'])
    expect(readState()).toEqual({ text: textWithBoth, mode: '640', owner: '0:7' })
    expect(await readMirrors(engine)).toEqual([b, a])
  })

  test('an undo restores the bytes of a file with mirrors, and the engine’s mirrors', async () => {
    await prepare(textWithA, { mode: 0o600 })
    const before = readState()
    const { last, steps } = await changeFile(textWithBoth, 'undo')
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(steps.at(-1)).toBe('put-back')
    expect(readState()).toEqual(before)
    expect(await readMirrors(engine)).toEqual([a])
  })

  test('an undo restores the bytes of a file without mirrors, and the engine uses no mirrors', async () => {
    await prepare(textWithoutMirrors)
    const before = readState()
    const { last } = await changeFile(textWithB, 'undo')
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(readState()).toEqual(before)
    expect(await readMirrors(engine)).toEqual([])
  })

  test('an undo removes a file that did not exist before', async () => {
    await prepare(undefined)
    const { answer, last } = await changeFile(`{"registry-mirrors": ["${b}"]}\n`, 'undo')
    expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(readState()).toBeUndefined()
    expect(await readMirrors(engine)).toEqual([])
  })

  test('if the caller disconnects without keeping the change, the change is undone', async () => {
    await prepare(textWithoutMirrors)
    const before = readState()
    const { answer } = await changeFile(textWithB, 'leave')
    expect(answer).toMatchObject({ ok: true })
    expect(readState()).toEqual(before)
    expect(await readMirrors(engine)).toEqual([])
  })
})
