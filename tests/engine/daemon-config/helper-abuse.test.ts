/**
 * A malicious caller uses root's helper, which must change nothing but mirrors and insecure registries.
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installHelperInWorld } from '../../../tools/world/polkit.ts'
import { reloadMirrors } from './killed-helper.ts'
import {
  changeTo,
  changeLine,
  changeFile,
  file,
  hashOf,
  installedHelper,
  readMirrors,
  expectNoHelperRunning,
  startHelper,
  readState,
  write,
} from './helper-tools.ts'

const mirror = 'https://a.example'
const plainText = '{ "labels": ["x=y"] }\n'
const textWithMirror = `{ "registry-mirrors": ["${mirror}"], "labels": ["x=y"] }\n`

let uninstall: () => void
let engine: Engine
beforeAll(async () => {
  uninstall = installHelperInWorld()
  engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
})
afterAll(async () => {
  await engine?.stop()
  uninstall()
})
beforeEach(async () => {
  write('{ "registry-mirrors": [], "insecure-registries": [] }')
  await reloadMirrors(engine, [])
  write(plainText)
})
afterEach(expectNoHelperRunning)
afterEach(expectUntouched)

async function expectUntouched(): Promise<void> {
  expect.soft(readState()).toEqual({ text: plainText, mode: '644', owner: '0:0' })
  expect.soft(await readMirrors(engine)).toEqual([])
}

/** Starts a helper and sends it these bytes. @returns its exit code, and its replies after its two lines of greeting */
async function send(bytes: string | Buffer, program = installedHelper, args: readonly string[] = []) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stdin.on('error', () => {})
  child.stdin.end(bytes)
  const [code] = (await once(child, 'close')) as [number | null]
  const lines = output.trim().split('\n').slice(2)
  return { code, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const change = changeLine(plainText, textWithMirror)

const invalidEdits: readonly (readonly [title: string, edits: string])[] = [
  ['a text instead of edits', '""'],
  ['an edit that is no list', '[{}]'],
  ['an edit without a text', '[[2,0]]'],
  ['a negative offset', '[[-1,0,""]]'],
  ['a fraction', '[[2.0,0,""]]'],
  ['an offset that is true', '[[true,0,""]]'],
  ['an offset that is a string', '[["2",0,""]]'],
  ['a very long number', '[[1000000000000,0,""]]'],
  ['edits in another order', '[[2,0,""],[1,0,""]]'],
  ['edits that overlap', '[[1,2,""],[2,0,""]]'],
  ['an edit beyond the end', '[[22,1,""]]'],
  ['seventeen edits', `[${'[1,0,""],'.repeat(16)}[1,0,""]]`],
]

const changeWith = (edits: string) => JSON.stringify({ ...change, edits: 0 }).replace('"edits":0', `"edits":${edits}`)

describe('an invalid request', () => {
  test.each<readonly [title: string, bytes: string | Buffer]>([
    ['not JSON', 'hello'],
    ['not UTF-8', Buffer.from('{"verb":"re\xffad"}', 'latin1')],
    ['not an object', '["read"]'],
    ['an unknown verb', '{"verb":"write"}'],
    ['a verb that is not a string', '{"verb":["read"]}'],
    ['a verb that names an inherited attribute', '{"verb":"__class__"}'],
    ['an unknown key', JSON.stringify({ ...change, file: '/etc/passwd' })],
    ['a missing key', JSON.stringify({ verb: 'change', edits: change.edits })],
    ['a duplicate key', `{"verb":"read","verb":"change"}`],
    ['a hash that is a path', JSON.stringify({ verb: 'restore', oldHash: null, hash: '../../../etc/shadow' })],
    ['a hash with a newline', JSON.stringify({ ...change, oldHash: `${hashOf(plainText)}\n` })],
    ['a text that is a number', '{"verb":"mend","oldHash":"HASH","newText":1}'.replace('HASH', hashOf(plainText))],
    ...invalidEdits.map(([title, edits]) => [title, changeWith(edits)] as const),
    ['a text with a lone surrogate', JSON.stringify(change).replace('registry', '\\ud800')],
    ['very deep nesting', `{"verb":${'['.repeat(200_000)}`],
    ['a number of a million digits', `{"verb":${'9'.repeat(1_000_000)}}`],
    ['a line that is too long', Buffer.alloc((8 << 20) + (1 << 18), 'x')],
  ])('is refused, and the helper exits: %s', async (_, bytes) => {
    const { code, lines } = await send(
      Buffer.concat([Buffer.from(bytes as string), Buffer.from('\n{"verb":"read"}\n')]),
    )
    expect(lines).toMatchObject([{ error: 'bad-request', state: 'untouched' }])
    expect(code).toBe(1)
  })

  test('in the middle of a change restores the file', async () => {
    const { code, lines } = await send(`${JSON.stringify(change)}\n{"verb":"sudo"}\n{"verb":"keep"}\n`)
    expect(lines.at(-1)).toMatchObject({ error: 'bad-request', state: 'restored' })
    expect(code).toBe(1)
  })

  test('to keep or undo a change that was not made is refused, and changes nothing', async () => {
    const { lines } = await send('{"verb":"keep"}\n{"verb":"undo"}\n')
    expect(lines).toEqual([
      { error: 'out-of-turn', state: 'untouched', verb: 'keep' },
      { error: 'out-of-turn', state: 'untouched', verb: 'undo' },
    ])
  })
})

describe('a new text that is not allowed', () => {
  test.each([
    ['a new key with a list', '{ "hosts": ["tcp://0.0.0.0:2375"], "labels": ["x=y"] }'],
    ['a changed value', '{ "labels": ["x=z"] }'],
    ['a new key with a number', '{ "labels": ["x=y"], "mtu": 1 }'],
    ['a key in another case', `{ "Registry-Mirrors": ["${mirror}"], "labels": ["x=y"] }`],
    ['a missing key', `{ "registry-mirrors": ["${mirror}"] }`],
    ['another key that occurs twice', `{ "labels": ["x=z"], "labels": ["x=y"] }`],
    ['a new byte order mark', `\ufeff${textWithMirror}`],
  ])('is refused: %s', async (_, newText) => {
    const { answer } = await changeFile(newText)
    expect(answer).toMatchObject({
      ok: false,
      error: { code: 'daemon-file-helper-error', why: 'text-elsewhere', state: 'untouched' },
    })
  })

  test.each([
    ['not JSON', `{ "labels": ["x=y"], }`, 'text-invalid: file-invalid'],
    [
      'a duplicate registry-mirrors key',
      textWithMirror.replace('{', '{ "registry-mirrors": [],'),
      'text-invalid: file-duplicate-key',
    ],
    ['an empty text', '', 'text-elsewhere'],
    ['a value of another type', textWithMirror.replace(`["${mirror}"]`, '{}'), 'text-invalid: wrong-type'],
    [
      'four mirrors',
      textWithMirror.replace(`"${mirror}"`, '"http://a","http://b","http://c","http://d"'),
      'too-many-mirrors',
    ],
    ['a text of two megabytes', textWithMirror.replace('{', `{${' '.repeat(2 << 20)}`), 'text-too-large'],
  ])('is refused, and the reason is reported: %s', async (_, newText, why) => {
    const { answer } = await changeFile(newText)
    expect(answer).toEqual({ ok: false, error: { code: 'daemon-file-helper-error', why, state: 'untouched' } })
  })
})

describe('a caller that ends or misbehaves', () => {
  /** Starts a helper and requests a change. @returns the helper's process once the file is changed */
  const startChange = async () => {
    const child = spawn(installedHelper, [], { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.write(`${JSON.stringify(change)}\n`)
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    await expect.poll(() => output, { timeout: 20_000 }).toContain('"changed"')
    return child
  }

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)(
    'sends %s, and the file is restored',
    async (signal) => {
      const child = await startChange()
      child.kill(signal)
      expect(await once(child, 'close')).toEqual([0, null])
    },
  )

  test('closes stdout and sends another request, and the file is restored', async () => {
    const child = await startChange()
    child.stdout.destroy()
    child.stdin.write('{"verb":"read"}\n')
    await once(child, 'close')
  })

  test('sends nothing for too long, and the file is restored', async () => {
    const runWithShortTimeout =
      'from slipway_daemon_file import main, scope; main.IDLE_TIMEOUT_S = 2; main.main(scope.ROOT, main.MIRROR_VERBS)'
    const script = `import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '/usr/lib/slipway'); ${runWithShortTimeout}`
    const child = spawn('/usr/bin/python3', ['-IS', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.write(`${JSON.stringify(change)}\n`)
    child.stdout.resume()
    expect(await once(child, 'close')).toEqual([0, null])
  })

  test('has other folders in its environment, which root’s helper ignores', async () => {
    const otherFolders = { HOME: '/tmp', XDG_CONFIG_HOME: '/tmp', XDG_STATE_HOME: '/tmp', XDG_RUNTIME_DIR: '/tmp' }
    const { helper } = await startHelper({ env: otherFolders })
    expect(await helper.read()).toMatchObject({ ok: true, value: { file, kind: 'system', hash: hashOf(plainText) } })
    await helper.end()
    expect(existsSync('/tmp/slipway')).toBe(false)
  })

  test('sets very low resource limits, which do not apply to the helper', async () => {
    const { code, lines } = await send(`${JSON.stringify(change)}\n{"verb":"undo"}\n`, '/bin/bash', [
      '-c',
      `ulimit -S -f 0 -c 0 -t 5; umask 0; trap '' TERM HUP INT; exec ${installedHelper}`,
    ])
    expect(lines.at(-1)).toEqual({ answer: 'undone', state: 'restored' })
    expect(code).toBe(0)
  })
})

describe('a race', () => {
  test(
    'if another program writes the file at a random moment of a change, its text is never lost',
    { timeout: 120_000 },
    async () => {
      const lost: string[] = []
      for (let attempt = 0; attempt < 10; attempt++) {
        write(plainText)
        const { helper } = await startHelper()
        const changing = helper.change(changeTo(plainText, textWithMirror))
        await sleep(Math.random() * 200)
        const text = `{ "labels": ["theirs=${attempt}"] }`
        write(text)
        const answer = await changing
        if (answer.ok) await helper.undo()
        await helper.end()
        if (readState()?.text !== text) lost.push(`${attempt}: ${JSON.stringify(answer)} ${readState()?.text}`)
      }
      // The other program's text has no mirrors, but an engine that has loaded the helper's mirrors keeps them until it
      // reads an empty list.
      write('{ "registry-mirrors": [] }')
      await reloadMirrors(engine, [])
      write(plainText)
      expect(lost).toEqual([])
    },
  )

  test('if its own files are replaced by symbolic links, the helper does not follow the links', async () => {
    const target = '/etc/slipway-target'
    writeFileSync(target, 'mine')
    for (const name of ['lock', 'journal.json', 'candidate.json', '.journal.json.new', '.candidate.json.new']) {
      rmSync(`/var/lib/slipway/${name}`, { force: true })
      symlinkSync(target, `/var/lib/slipway/${name}`)
    }
    await send(`${JSON.stringify(change)}\n`)
    rmSync('/var/lib/slipway/lock')
    await send(`${JSON.stringify(change)}\n{"verb":"undo"}\n`)
    expect(readFileSync(target, 'utf8')).toBe('mine')
    rmSync(target)
    expect(readdirSync('/etc/docker').filter((name) => name.includes('slipway'))).toEqual([])
    expect(existsSync(file)).toBe(true)
  })
})
