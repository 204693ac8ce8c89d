import { appendFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { added, engineAtRest, key, mirror, plain } from './clean-engine.ts'
import { changed, file, hashOf, opened, state, write } from './helper-side.ts'

describe.each(['20.10', '26.1'] as const)('on %s, a file that', (version) => {
  const { engineHas } = engineAtRest(version)

  test.each([
    ['is empty', '', `{ ${key} }`],
    ['is blank', ' \r\n\t', `{ ${key} }\n`],
    ['has the line ends of Windows', '{\r\n  "labels": []\r\n}\r\n', `{\r\n  ${key},\r\n  "labels": []\r\n}\r\n`],
    ['has another key twice', '{ "debug": false, "debug": true }', `{ "debug": false, "debug": true, ${key} }`],
    [
      'has escapes and wide numbers',
      '{"labels":["\\u00e9=ü"],"mtu":1500}',
      `{"labels":["\\u00e9=ü"],"mtu":1500,${key}}`,
    ],
  ])('%s: it is changed, and undone to the byte', async (_, old, text) => {
    write(old)
    const before = state()
    const { answer, last } = await changed(text, 'undo')
    expect(answer).toMatchObject({ ok: true, value: { confirmed: true, hash: hashOf(text) } })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(state()).toEqual(before)
    await engineHas()
  })

  test('begins with a mark of its encoding: the engine decides, and nothing is lost', async () => {
    write(`\ufeff${plain}`)
    const before = state()
    const { answer, last } = await changed(`\ufeff${added}`, 'undo')
    const outcome = answer.ok ? last : answer
    expect(outcome).toEqual(
      version === '20.10'
        ? { ok: false, error: { code: 'daemon-file-not-taken', state: 'restored' } }
        : { ok: true, value: 'restored' },
    )
    expect(state()).toEqual(before)
    await engineHas()
  })

  test.each([
    ['has a comma too many', '{ "debug": true, }', { code: 'daemon-file-invalid', line: 1, column: 18 }],
    ['is cut', '{\n "debug": tr', { code: 'daemon-file-invalid', line: 2, column: 11 }],
    ['has a comment', '{ // why\n}', { code: 'daemon-file-invalid', line: 1 }],
    ['is a list', '[]', { code: 'daemon-file-invalid', line: 1, column: 1 }],
    ['is not UTF-8', Buffer.from('{\n"labels":["\xff"]}', 'latin1'), { code: 'daemon-file-invalid', line: 2 }],
    ['has NaN', '{ "mtu": NaN }', { code: 'daemon-file-invalid' }],
    ['is nested without end', `{"labels":${'['.repeat(100_000)}`, { code: 'daemon-file-invalid' }],
    ['has our key twice', `{ ${key}, ${key} }`, { code: 'daemon-file-doubled', key: 'registry-mirrors' }],
    ['is huge', `{ "labels": ["${'x'.repeat(1 << 20)}"] }`, { code: 'daemon-file-too-large', most: 1 << 20 }],
  ])('%s: it is not touched', async (_, old, error) => {
    write(old)
    const before = state()
    const { answer } = await changed(added)
    expect(answer).toMatchObject({ ok: false, error: { ...error, state: 'untouched' } })
    expect(state()).toEqual(before)
    await engineHas()
  })

  test(
    'had our key with a value that no engine takes: changed, and undone to the byte',
    { timeout: 90_000 },
    async () => {
      write('{ "registry-mirrors": "https://a.example" }')
      const before = state()
      const { answer, last } = await changed(`{ ${key} }`, 'undo')
      expect(answer).toMatchObject({ ok: true })
      expect(last).toEqual({ ok: true, value: 'restored' })
      expect(state()).toEqual(before)
      await engineHas()
    },
  )

  test('has an option that the engine does not know: told, and put back', async () => {
    write('{ "no-such": 1 }')
    const before = state()
    const { answer } = await changed(`{ "no-such": 1, ${key} }`)
    expect(answer).toMatchObject({
      ok: false,
      error:
        version === '20.10'
          ? { code: 'daemon-file-not-taken', state: 'restored' }
          : { code: 'daemon-file-refused', state: 'untouched' },
    })
    expect(state()).toEqual(before)
    await engineHas()
  })

  test.each([
    [0o600, [0, 0]],
    [0o664, [1000, 1000]],
    [0o4755, [0, 7]],
    [0o000, [65534, 0]],
  ] as const)('has the mode %o and the owner %s: it keeps them', async (mode, owner) => {
    write(plain, { mode, owner })
    const before = state()
    expect(await changed(added)).toMatchObject({ answer: { ok: true } })
    expect(state()).toEqual({ ...before, text: added })
    await engineHas(mirror)
  })

  test('is somebody else’s by now: theirs stays', async () => {
    write(plain)
    const { helper } = await opened()
    write('{ "debug": true }')
    expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toEqual({
      ok: false,
      error: { code: 'daemon-file-changed', state: 'untouched' },
    })
    expect(state()?.text).toBe('{ "debug": true }')
    write(plain)
    expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({ ok: true })
    appendFileSync(file, '\n')
    expect(await helper.undo()).toEqual({ ok: true, value: 'left' })
    await helper.end()
    expect(state()?.text).toBe(`${added}\n`)
  })
})
