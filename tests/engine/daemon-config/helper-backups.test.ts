import { readFileSync, rmSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { added, engineAtRest, key, mirror, plain } from './clean-engine.ts'
import { changed, file, hashOf, opened, state, write } from './helper-side.ts'

const rest = engineAtRest('26.1')
const { engineHas } = rest

describe('another writer', () => {
  test('a second helper is refused while the first one is working, and can work afterwards', async () => {
    const [first, second] = [await opened(), await opened()]
    const wish = { oldHash: hashOf(plain), newText: added }
    expect(await first.helper.change(wish)).toMatchObject({ ok: true })
    const busy = { ok: false, error: { code: 'helper-busy' } }
    const again = { oldHash: hashOf(added), newText: plain }
    expect(await second.helper.change(again)).toEqual(busy)
    expect(await second.helper.restore({ oldHash: hashOf(added), hash: hashOf(plain) })).toEqual(busy)
    expect(await second.helper.read()).toMatchObject({ ok: true, value: { pending: true } })
    const third = await opened()
    expect(third.helper.recovered).toBeUndefined()
    await third.helper.end()
    expect(await first.helper.keep()).toMatchObject({ ok: true })
    const cleared = { oldHash: hashOf(added), newText: added.replace(`["${mirror}"]`, '[]') }
    expect(await second.helper.change(cleared)).toMatchObject({ ok: true })
    expect(await second.helper.keep()).toMatchObject({ ok: true })
    await first.helper.end()
    await second.helper.end()
    await engineHas()
  })
})

describe('backups', () => {
  test('a file that cannot be parsed is replaced by a backup, and kept beside it', async () => {
    await changed(added, 'undo')
    const faulty = '{ "registry-mirrors": [,] }'
    write(faulty, { mode: 0o640, owner: [0, 7] })
    const { helper, steps } = await opened()
    const list = await helper.history()
    expect(list.ok && list.value[0]).toMatchObject({ hash: hashOf(plain), valid: true, mirrors: [] })
    const wish = { oldHash: hashOf(faulty), hash: hashOf(plain) }
    expect(await helper.restore(wish)).toMatchObject({ ok: true, value: { hash: hashOf(plain), confirmed: true } })
    expect(await helper.keep()).toMatchObject({ ok: true })
    await helper.end()
    expect(steps).toEqual(['checked', 'backed-up', 'swapped', 'reloaded', 'confirmed'])
    expect(state()).toEqual({ text: plain, mode: '640', owner: '0:7' })
    const kept = `${file}.faulty-${hashOf(faulty).slice(0, 12)}`
    expect(readFileSync(kept, 'utf8')).toBe(faulty)
    rmSync(kept)
    await engineHas()
  })

  test('restoring a backup without mirrors removes those in force', async () => {
    await changed(added)
    await engineHas(mirror)
    const { helper } = await opened()
    expect(await helper.restore({ oldHash: hashOf(added), hash: hashOf(plain) })).toMatchObject({ ok: true })
    await engineHas()
    expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    await helper.end()
    expect(state()?.text).toBe(added)
    await engineHas(mirror)
  })

  test('a file that keeps Docker from starting is replaced by a backup, and Docker starts', async () => {
    await changed(added, 'undo')
    const faulty = '{ "debug": true, }'
    await rest.engine.shutDown()
    write(faulty)
    await expect(rest.engine.restart()).rejects.toThrow('does not start')
    const { helper } = await opened()
    const wish = { oldHash: hashOf(faulty), hash: hashOf(plain) }
    expect(await helper.restore(wish)).toMatchObject({ ok: true, value: { confirmed: false } })
    expect(await helper.keep()).toMatchObject({ ok: true })
    await helper.end()
    await rest.engine.restart()
    await engineHas()
    rmSync(`${file}.faulty-${hashOf(faulty).slice(0, 12)}`)
  })

  test('only the helper’s own backups are restored, and the last 20 are kept', { timeout: 180_000 }, async () => {
    const { helper } = await opened()
    const text = (label: number) => `{ "labels": ["x=${label}"] }`
    for (let label = 0; label < 22; label++) {
      write(text(label))
      const newText = text(label).replace('{', `{ ${key},`)
      expect(await helper.change({ oldHash: hashOf(text(label)), newText })).toMatchObject({ ok: true })
      expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
    }
    const list = await helper.history()
    expect(list.ok && list.value).toHaveLength(20)
    expect(list.ok && list.value[0]?.hash).toBe(hashOf(text(21)))
    for (const hash of [hashOf(text(0)), hashOf('never seen')])
      expect(await helper.restore({ oldHash: hashOf(text(21)), hash })).toEqual({
        ok: false,
        error: { code: 'daemon-file-no-backup', state: 'untouched' },
      })
    await helper.end()
  })
})
