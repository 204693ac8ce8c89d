/** A daemon.json that only root may read: what root's helper tells a caller who has an administrator's password. */
import { spawnSync } from 'node:child_process'
import { chmodSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { mirror, mirrorsKey, useSystemEngine } from './clean-engine.ts'
import { changeLine, changeTo, hashOf, installedHelper, readState, startHelper, write } from './helper-tools.ts'

const secrets = ['s3cret-pw', 'tok-4711', 'splunk-token', '密码', 'caf\\u00e9']
const secretText = [
  '{',
  '  "proxies": { "http-proxy": "http://user:s3cret-pw@proxy.example:3128" },',
  '  "log-opts": { "tag": "tok-4711 密码 caf\\u00e9 \\"q\\"", "max-size": "9m" },',
  '  "labels": ["splunk-token=1"],',
  '  "registry-mirrors": ["https://old.example"],',
  '  "mtu": 1400',
  '}',
  '',
].join('\n')
/** The text without the setting that Docker 20.10 does not know. */
const textFor = (version: string) => (version === '20.10' ? secretText.replace(/^ {2}"proxies".*\n/m, '') : secretText)
const shownTexts = /^(?:proxies|log-opts|labels|registry-mirrors|mtu|https:\/\/old\.example)$/
const maskOf = (wholeText: string) =>
  wholeText.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (text, inner: string) =>
    shownTexts.test(inner) ? text : `"${'x'.repeat(Buffer.byteLength(inner))}"`,
  )

/** Sends requests to a new helper. @returns all that it says, on both of its outputs */
function allOutput(...requests: readonly object[]): string {
  const input = requests.map((request) => `${JSON.stringify(request)}\n`).join('')
  const { stdout, stderr } = spawnSync(installedHelper, { input, encoding: 'utf8' })
  return stdout + stderr
}
const errorsOf = (output: string) =>
  output.split('\n').flatMap((line) => (/"error": "([^"]*)"/.exec(line)?.[1] ? [JSON.parse(line) as object] : []))

const expectNoSecret = (output: string) => {
  for (const secret of secrets) expect.soft(output.includes(secret), secret).toBe(false)
}

describe.each(['20.10', '26.1'] as const)('on %s', (version) => {
  const { expectMirrors } = useSystemEngine(version)
  afterEach(() => chmodSync('/etc/docker', 0o755))

  test('reading tells where each setting is, its mirrors and numbers, and no other text', async () => {
    write(secretText, { mode: 0o640 })
    expectNoSecret(allOutput({ verb: 'read' }, { verb: 'history' }))
    const { helper } = await startHelper()
    const read = await helper.read()
    await helper.end()
    expect(read).toMatchObject({ ok: true, value: { masked: true, text: maskOf(secretText), fault: null } })
    expect(Buffer.byteLength(maskOf(secretText))).toBe(Buffer.byteLength(secretText))
  })

  test('mirrors can be changed without a look at the rest, of which every byte stays', async () => {
    const text = textFor(version)
    write(text, { mode: 0o600 })
    const start = Buffer.from(maskOf(text)).indexOf('["https://old')
    const edits = [[start, '["https://old.example"]'.length, `["${mirror}"]`]]
    const output = allOutput({ verb: 'change', oldHash: hashOf(text), edits }, { verb: 'keep' })
    expect(output).toContain('"kept"')
    expectNoSecret(output)
    expect(readState()).toEqual({
      text: Buffer.from(text.replace('https://old.example', mirror)).toString('latin1'),
      mode: '600',
      owner: '0:0',
    })
    await expectMirrors(mirror)
    expectNoSecret(allOutput({ verb: 'history' }, { verb: 'read' }))
  })

  test('a file that everybody may read is told whole', async () => {
    write(secretText, { mode: 0o644 })
    expect(allOutput({ verb: 'read' })).toContain('s3cret-pw')
  })

  test('a file that some may not read, by its mode, its folder or an access list, is masked', async () => {
    write(secretText, { mode: 0o644 })
    chmodSync('/etc/docker', 0o700)
    expectNoSecret(allOutput({ verb: 'read' }))
    chmodSync('/etc/docker', 0o705)
    expectNoSecret(allOutput({ verb: 'read' }))
    chmodSync('/etc/docker', 0o755)
    write(secretText, { mode: 0o604 })
    expectNoSecret(allOutput({ verb: 'read' }))
    write(secretText, { mode: 0o644 })
    // setfacl -m u:nobody:r as the kernel stores it, if this file system has access lists.
    const acl = '0x0200000001000600ffffffff02000400feff000004000400ffffffff10000400ffffffff20000400ffffffff'
    const script = `import os; os.setxattr('/etc/docker/daemon.json', 'system.posix_acl_access', bytes.fromhex('${acl.slice(2)}'))`
    const { status } = spawnSync('/usr/bin/python3', ['-c', script])
    if (status === 0) expectNoSecret(allOutput({ verb: 'read' }))
  })

  test.each([
    ['a trailing comma', secretText.replace('1400', '1400,'), { error: 'file-invalid', line: 7 }],
    ['a bare word', secretText.replace('"splunk-token=1"', 'splunk-token'), { error: 'file-invalid', line: 4 }],
    ['mirrors twice', secretText.replace('"labels"', '"registry-mirrors"'), { error: 'file-duplicate-key' }],
    ['another encoding', Buffer.from(`{ "labels": ["splunk-token \xff"] }`, 'latin1'), { error: 'file-invalid' }],
  ])('a file that cannot be parsed is not told, only where its fault is: %s', async (_, text, fault) => {
    write(text, { mode: 0o600 })
    const output = allOutput({ verb: 'read' }, { ...changeLine(text, `{ ${mirrorsKey} }`), edits: [] })
    expectNoSecret(output)
    const { helper } = await startHelper()
    expect(await helper.read()).toMatchObject({ value: { text: null, masked: true, fault } })
    await helper.end()
  })

  test('what dockerd says of the file is not told', async () => {
    const text = secretText.replace('"mtu"', '"splunk-token": "tok-4711", "mtu"')
    write(text, { mode: 0o600 })
    const request = changeTo(text, text.replace('https://old.example', mirror))
    const { helper } = await startHelper()
    const answer = await helper.change(request)
    await helper.end()
    expect(answer).toMatchObject({
      ok: false,
      error: version === '20.10' ? {} : { code: 'daemon-file-refused', detail: '' },
    })
    expectNoSecret(JSON.stringify(answer).replace('splunk-token', ''))
  })
})

describe('a guess of a secret', () => {
  useSystemEngine('26.1')
  const text = '{ "labels": ["k=7"], "registry-mirrors": [] }\n'
  const at = (part: string) => text.indexOf(part)
  const insert = (offset: number, added: string) => [offset, 0, added] as const

  test.each([
    ['the whole string', [[at('"k=7"'), 5, 'GUESS']]],
    ['one byte of it', [[at('7'), 1, '7']]],
    ['nothing in it', [[at('7'), 0, '']]],
    ['a backslash after its quote', [insert(at('k=7'), '\\')]],
    [
      'its place, with the guess in its old one',
      [insert(at('"k=7"'), 'GUESS], "registry-mirrors": ['), [at(', "registry'), 24, '']],
    ],
    ['its quotes', [insert(at('"k=7"'), '"'), insert(at('], "reg'), '"')]],
    ['the text before it', [[at('"labels"'), 11, '"registry-mirrors": [']]],
  ])('is refused alike whether it is right or wrong: %s', (_, edits) => {
    write(text, { mode: 0o600 })
    const answersTo = (guess: string) =>
      errorsOf(
        allOutput({
          verb: 'change',
          oldHash: hashOf(text),
          edits: edits.map(([offset, length, added]) => [offset, length, String(added).replace('GUESS', guess)]),
        }),
      )
    expect(answersTo('"k=7"')).toEqual([{ error: 'text-elsewhere', state: 'untouched' }])
    expect(answersTo('"k=8"')).toEqual([{ error: 'text-elsewhere', state: 'untouched' }])
    expect(readState()?.text).toBe(text)
  })
})
