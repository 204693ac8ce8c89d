import { readFileSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { textWithMirror, useSystemEngine, mirrorsKey, mirror, plainText } from './clean-engine.ts'
import {
  changeTo,
  changeFile,
  file,
  hashOf,
  startHelper,
  startRestoreHelper,
  readState,
  write,
} from './helper-tools.ts'

const setup = useSystemEngine('26.1')
const { expectMirrors } = setup

describe('another writer', () => {
  test('a second helper is refused while the first one changes the file, and can change it afterwards', async () => {
    const [first, second] = [await startHelper(), await startHelper()]
    const request = changeTo(plainText, textWithMirror)
    expect(await first.helper.change(request)).toMatchObject({ ok: true })
    const busy = { ok: false, error: { code: 'helper-busy' } }
    const revertRequest = changeTo(textWithMirror, plainText)
    expect(await second.helper.change(revertRequest)).toEqual(busy)
    const restoring = await startRestoreHelper()
    expect(await restoring.helper.restore({ oldHash: hashOf(textWithMirror), hash: hashOf(plainText) })).toEqual(busy)
    await restoring.helper.end()
    expect(await second.helper.read()).toMatchObject({ ok: true, value: { pending: true } })
    const third = await startHelper()
    expect(third.helper.recovered).toBeUndefined()
    await third.helper.end()
    expect(await first.helper.keep()).toMatchObject({ ok: true })
    const clearRequest = changeTo(textWithMirror, textWithMirror.replace(`["${mirror}"]`, '[]'))
    expect(await second.helper.change(clearRequest)).toMatchObject({ ok: true })
    expect(await second.helper.keep()).toMatchObject({ ok: true })
    await first.helper.end()
    await second.helper.end()
    await expectMirrors()
  })
})

describe('backups', () => {
  test('a file that cannot be parsed is replaced by a backup, and a copy of the faulty file is kept in the same folder', async () => {
    await changeFile(textWithMirror, 'undo')
    const faulty = '{ "registry-mirrors": [,] }'
    write(faulty, { mode: 0o640, owner: [0, 7] })
    const { helper, steps } = await startRestoreHelper()
    const list = await helper.history()
    expect(list.ok && list.value[0]).toMatchObject({ hash: hashOf(plainText), valid: true, mirrors: [] })
    const request = { oldHash: hashOf(faulty), hash: hashOf(plainText) }
    expect(await helper.restore(request)).toMatchObject({
      ok: true,
      value: { hash: hashOf(plainText), confirmed: true },
    })
    expect(await helper.keep()).toMatchObject({ ok: true })
    await helper.end()
    expect(steps).toEqual(['checked', 'backed-up', 'swapped', 'reloaded', 'confirmed'])
    expect(readState()).toEqual({ text: plainText, mode: '640', owner: '0:7' })
    const faultyCopy = `${file}.faulty-${hashOf(faulty).slice(0, 12)}`
    expect(readFileSync(faultyCopy, 'utf8')).toBe(faulty)
    rmSync(faultyCopy)
    await expectMirrors()
  })

  test('restoring a backup without mirrors removes the mirrors that the engine uses', async () => {
    await changeFile(textWithMirror)
    await expectMirrors(mirror)
    const faulty = textWithMirror.replace('{', '{,')
    write(faulty)
    const { helper } = await startRestoreHelper()
    expect(await helper.restore({ oldHash: hashOf(faulty), hash: hashOf(plainText) })).toMatchObject({
      ok: true,
    })
    await expectMirrors()
    expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    await helper.end()
    expect(readState()?.text).toBe(faulty)
    await expectMirrors(mirror)
  })

  test('a file that prevents Docker from starting is replaced by a backup, and Docker starts', async () => {
    await changeFile(textWithMirror, 'undo')
    const faulty = '{ "debug": true, }'
    await setup.engine.shutDown()
    write(faulty)
    await expect(setup.engine.restart()).rejects.toThrow('does not start')
    const { helper } = await startRestoreHelper()
    const request = { oldHash: hashOf(faulty), hash: hashOf(plainText) }
    expect(await helper.restore(request)).toMatchObject({ ok: true, value: { confirmed: false } })
    expect(await helper.keep()).toMatchObject({ ok: true })
    await helper.end()
    await setup.engine.restart()
    await expectMirrors()
    rmSync(`${file}.faulty-${hashOf(faulty).slice(0, 12)}`)
  })

  test('the helper keeps its last 20 backups, and restores nothing else', { timeout: 180_000 }, async () => {
    const { helper } = await startHelper()
    const text = (label: number) => `{ "labels": ["x=${label}"] }`
    for (let label = 0; label < 22; label++) {
      write(text(label))
      const newText = text(label).replace('{', `{ ${mirrorsKey},`)
      expect(await helper.change(changeTo(text(label), newText))).toMatchObject({ ok: true })
      expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    }
    const list = await helper.history()
    expect(list.ok && list.value).toHaveLength(20)
    expect(list.ok && list.value[0]?.hash).toBe(hashOf(text(21)))
    await helper.end()
    const faulty = '{,'
    write(faulty)
    const restoring = await startRestoreHelper()
    for (const hash of [hashOf(text(0)), hashOf('never seen')])
      expect(await restoring.helper.restore({ oldHash: hashOf(faulty), hash })).toEqual({
        ok: false,
        error: { code: 'daemon-file-no-backup', state: 'untouched' },
      })
    await restoring.helper.end()
  })
})
