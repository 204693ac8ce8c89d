import { appendFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { textWithMirror, useSystemEngine, mirrorsKey, mirror, plainText } from './clean-engine.ts'
import { changeTo, changeFile, file, hashOf, startHelper, readState, write } from './helper-tools.ts'

describe.each(['20.10', '26.1'] as const)('on %s, a file that', (version) => {
  const { expectMirrors } = useSystemEngine(version)

  test.each([
    ['is empty', '', `{ ${mirrorsKey} }`],
    ['has only white space', ' \r\n\t', `{ ${mirrorsKey} }\n`],
    ['has Windows line endings', '{\r\n  "labels": []\r\n}\r\n', `{\r\n  ${mirrorsKey},\r\n  "labels": []\r\n}\r\n`],
    [
      'has another duplicate key',
      '{ "debug": false, "debug": true }',
      `{ "debug": false, "debug": true, ${mirrorsKey} }`,
    ],
    [
      'has escapes and numbers',
      '{"labels":["\\u00e9=ü"],"mtu":1500}',
      `{"labels":["\\u00e9=ü"],"mtu":1500,${mirrorsKey}}`,
    ],
  ])('%s can be changed, and an undo restores every byte', async (_, old, text) => {
    write(old)
    const before = readState()
    const { answer, last } = await changeFile(text, 'undo')
    expect(answer).toMatchObject({ ok: true, value: { confirmed: true, hash: hashOf(text) } })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(readState()).toEqual(before)
    await expectMirrors()
  })

  test('begins with a byte order mark is changed only if the engine accepts the mark, and is restored completely', async () => {
    write(`\ufeff${plainText}`)
    const before = readState()
    const { answer, last } = await changeFile(`\ufeff${textWithMirror}`, 'undo')
    const outcome = answer.ok ? last : answer
    expect(outcome).toEqual(
      version === '20.10'
        ? { ok: false, error: { code: 'daemon-file-not-applied', state: 'restored' } }
        : { ok: true, value: 'restored' },
    )
    expect(readState()).toEqual(before)
    await expectMirrors()
  })

  test.each([
    ['has a trailing comma', '{ "debug": true, }', { code: 'daemon-file-invalid', line: 1, column: 18 }],
    ['is truncated', '{\n "debug": tr', { code: 'daemon-file-invalid', line: 2, column: 11 }],
    ['has a comment', '{ // why\n}', { code: 'daemon-file-invalid', line: 1 }],
    ['is a list', '[]', { code: 'daemon-file-invalid', line: 1, column: 1 }],
    ['is not UTF-8', Buffer.from('{\n"labels":["\xff"]}', 'latin1'), { code: 'daemon-file-invalid', line: 2 }],
    ['has NaN', '{ "mtu": NaN }', { code: 'daemon-file-invalid' }],
    ['is nested very deeply', `{"labels":${'['.repeat(100_000)}`, { code: 'daemon-file-invalid' }],
    [
      'has registry-mirrors twice',
      `{ ${mirrorsKey}, ${mirrorsKey} }`,
      { code: 'daemon-file-duplicate-key', key: 'registry-mirrors' },
    ],
    ['is huge', `{ "labels": ["${'x'.repeat(1 << 20)}"] }`, { code: 'daemon-file-too-large', most: 1 << 20 }],
  ])('%s is not changed', async (_, old, error) => {
    write(old)
    const before = readState()
    const { answer } = await changeFile(textWithMirror)
    expect(answer).toMatchObject({ ok: false, error: { ...error, state: 'untouched' } })
    expect(readState()).toEqual(before)
    await expectMirrors()
  })

  test(
    'has registry-mirrors with an invalid value can be changed, and an undo restores every byte',
    { timeout: 90_000 },
    async () => {
      write('{ "registry-mirrors": "https://a.example" }')
      const before = readState()
      const { answer, last } = await changeFile(`{ ${mirrorsKey} }`, 'undo')
      expect(answer).toMatchObject({ ok: true })
      expect(last).toEqual({ ok: true, value: 'restored' })
      expect(readState()).toEqual(before)
      await expectMirrors()
    },
  )

  test('has an option that the engine does not know is not changed, or is restored', async () => {
    write('{ "no-such": 1 }')
    const before = readState()
    const { answer } = await changeFile(`{ "no-such": 1, ${mirrorsKey} }`)
    expect(answer).toMatchObject({
      ok: false,
      error:
        version === '20.10'
          ? { code: 'daemon-file-not-applied', state: 'restored' }
          : { code: 'daemon-file-refused', state: 'untouched' },
    })
    expect(readState()).toEqual(before)
    await expectMirrors()
  })

  test.each([
    { octal: '600', owner: [0, 0] },
    { octal: '664', owner: [1000, 1000] },
    { octal: '4755', owner: [0, 7] },
    { octal: '000', owner: [65534, 0] },
  ] as const)('has the mode $octal and the owner $owner keeps them', async ({ octal, owner }) => {
    const mode = parseInt(octal, 8)
    write(plainText, { mode, owner })
    const before = readState()
    expect(await changeFile(textWithMirror)).toMatchObject({ answer: { ok: true } })
    expect(readState()).toEqual({ ...before, text: textWithMirror })
    await expectMirrors(mirror)
  })

  test('someone else edits, before or after the helper’s change, keeps their text', async () => {
    write(plainText)
    const { helper } = await startHelper()
    write('{ "debug": true }')
    expect(await helper.change(changeTo(plainText, textWithMirror))).toEqual({
      ok: false,
      error: { code: 'daemon-file-changed', state: 'untouched' },
    })
    expect(readState()?.text).toBe('{ "debug": true }')
    write(plainText)
    expect(await helper.change(changeTo(plainText, textWithMirror))).toMatchObject({ ok: true })
    appendFileSync(file, '\n')
    expect(await helper.undo()).toEqual({ ok: true, value: 'left' })
    await helper.end()
    expect(readState()?.text).toBe(`${textWithMirror}\n`)
  })
})
