import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { installInWorld } from '../../../tools/world/polkit.ts'
import { reloaded } from './cut-helper.ts'
import { changed, file, hashOf, installed, mirrorsOf, noHelperLeft, opened, state, write } from './helper-side.ts'

/** What somebody might tell the helper who is not Slipway: it may do what it may, and nothing else. */
const mirror = 'https://a.example'
const plain = '{ "labels": ["x=y"] }\n'
const added = `{ "registry-mirrors": ["${mirror}"], "labels": ["x=y"] }\n`

let uninstall: () => void
let engine: Engine
beforeAll(async () => {
  uninstall = installInWorld()
  engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
})
afterAll(async () => {
  await engine?.stop()
  uninstall()
})
beforeEach(async () => {
  write('{ "registry-mirrors": [], "insecure-registries": [] }')
  await reloaded(engine, [])
  write(plain)
})
afterEach(noHelperLeft)
afterEach(untouched)

/** What must hold after each of these tests. */
async function untouched(): Promise<void> {
  expect.soft(state()).toEqual({ text: plain, mode: '644', owner: '0:0' })
  expect.soft(await mirrorsOf(engine)).toEqual([])
}

/** Says bytes to a helper, and gives the lines that it says and how it ends. */
async function said(bytes: string | Buffer, program = installed, args: readonly string[] = []) {
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  let output = ''
  child.stdout.on('data', (data) => (output += data))
  child.stdin.on('error', () => {})
  child.stdin.end(bytes)
  const [code] = (await once(child, 'close')) as [number | null]
  const lines = output.trim().split('\n').slice(2)
  return { code, lines: lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

const change = { verb: 'change', oldHash: hashOf(plain), newText: added }

describe('an invalid request', () => {
  test.each([
    ['no JSON', 'hello'],
    ['not UTF-8', Buffer.from('{"verb":"re\xffad"}', 'latin1')],
    ['no object', '["read"]'],
    ['another verb', '{"verb":"write"}'],
    ['a verb that is no text', '{"verb":["read"]}'],
    ['a verb that is inherited', '{"verb":"__class__"}'],
    ['a key more', JSON.stringify({ ...change, file: '/etc/passwd' })],
    ['a key less', JSON.stringify({ verb: 'change', newText: added })],
    ['a key twice', `{"verb":"read","verb":"change"}`],
    ['a hash that is a path', JSON.stringify({ verb: 'restore', oldHash: null, hash: '../../../etc/shadow' })],
    ['a hash with a line end', JSON.stringify({ ...change, oldHash: `${hashOf(plain)}\n` })],
    ['a text that is a number', '{"verb":"change","oldHash":null,"newText":1}'],
    ['a text that no encoding knows', JSON.stringify(change).replace('labels', '\\ud800')],
    ['nested without end', `{"verb":${'['.repeat(200_000)}`],
    ['a number without end', `{"verb":${'9'.repeat(1_000_000)}}`],
    ['a line without end', Buffer.alloc((8 << 20) + (1 << 18), 'x')],
  ])('%s: refused, and the conversation is over', async (_, bytes) => {
    const { code, lines } = await said(
      Buffer.concat([Buffer.from(bytes as string), Buffer.from('\n{"verb":"read"}\n')]),
    )
    expect(lines).toMatchObject([{ error: 'bad-request', state: 'untouched' }])
    expect(code).toBe(1)
  })

  test('comes in the middle of a change: the file is restored', async () => {
    const { code, lines } = await said(`${JSON.stringify(change)}\n{"verb":"sudo"}\n{"verb":"keep"}\n`)
    expect(lines.at(-1)).toMatchObject({ error: 'bad-request', state: 'restored' })
    expect(code).toBe(1)
  })

  test('comes at the wrong time: refused, and nothing is done', async () => {
    const { lines } = await said('{"verb":"keep"}\n{"verb":"undo"}\n')
    expect(lines).toEqual([
      { error: 'out-of-turn', state: 'untouched', verb: 'keep' },
      { error: 'out-of-turn', state: 'untouched', verb: 'undo' },
    ])
  })
})

describe('a text that changes more than it may', () => {
  test.each([
    ['another key', '{ "hosts": ["tcp://0.0.0.0:2375"], "labels": ["x=y"] }'],
    ['another value', '{ "labels": ["x=z"] }'],
    ['a number written in another way', '{ "labels": ["x=y"], "mtu": 1 }'],
    ['a key in other letters', `{ "Registry-Mirrors": ["${mirror}"], "labels": ["x=y"] }`],
    ['a key less', `{ "registry-mirrors": ["${mirror}"] }`],
    ['another key that stands twice', `{ "labels": ["x=z"], "labels": ["x=y"] }`],
    ['a mark of its encoding', `\ufeff${added}`],
  ])('%s', async (_, newText) => {
    const { answer } = await changed(newText)
    expect(answer).toMatchObject({
      ok: false,
      error: { code: 'daemon-file-fault', why: 'text-elsewhere', state: 'untouched' },
    })
  })

  test.each([
    ['no JSON', `{ "labels": ["x=y"], }`, 'text-invalid: file-invalid'],
    ['our key twice', added.replace('{', '{ "registry-mirrors": [],'), 'text-invalid: file-duplicate-key'],
    ['nothing', '', 'text-invalid: file-invalid'],
    ['a value of another type', added.replace(`["${mirror}"]`, '{}'), 'text-invalid: wrong-type'],
    ['four mirrors', added.replace(`"${mirror}"`, '"http://a","http://b","http://c","http://d"'), 'too-many-mirrors'],
    ['two megabytes', added + ' '.repeat(2 << 20), 'text-too-large'],
  ])('%s', async (_, newText, why) => {
    const { answer } = await changed(newText)
    expect(answer).toEqual({ ok: false, error: { code: 'daemon-file-fault', why, state: 'untouched' } })
  })
})

describe('a caller that ends or misbehaves', () => {
  const begun = async () => {
    const child = spawn(installed, [], { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.write(`${JSON.stringify(change)}\n`)
    let output = ''
    child.stdout.on('data', (data) => (output += data))
    await expect.poll(() => output, { timeout: 20_000 }).toContain('"changed"')
    return child
  }

  test.each(['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT'] as const)('sends %s: the file is restored', async (signal) => {
    const child = await begun()
    child.kill(signal)
    expect(await once(child, 'close')).toEqual([0, null])
  })

  test('closes its ears, and says more: put back', async () => {
    const child = await begun()
    child.stdout.destroy()
    child.stdin.write('{"verb":"read"}\n')
    await once(child, 'close')
  })

  test('is silent for too long: the file is restored', async () => {
    const hurry = 'from slipway_daemon_file import main, scope; main.IDLE_TIMEOUT_S = 2; main.main(scope.ROOT)'
    const script = `import sys; sys.dont_write_bytecode = True; sys.path.insert(0, '/usr/lib/slipway'); ${hurry}`
    const child = spawn('/usr/bin/python3', ['-IS', '-c', script], { stdio: ['pipe', 'pipe', 'ignore'] })
    child.stdin.write(`${JSON.stringify(change)}\n`)
    child.stdout.resume()
    expect(await once(child, 'close')).toEqual([0, null])
  })

  test('names other folders in its environment: root’s file stays the one that is fixed', async () => {
    const away = { HOME: '/tmp', XDG_CONFIG_HOME: '/tmp', XDG_STATE_HOME: '/tmp', XDG_RUNTIME_DIR: '/tmp' }
    const { helper } = await opened({ env: away })
    expect(await helper.read()).toMatchObject({ ok: true, value: { file, kind: 'system', hash: hashOf(plain) } })
    await helper.end()
    expect(existsSync('/tmp/slipway')).toBe(false)
  })

  test('has it started with hardly any room: the limits of the caller do not hold', async () => {
    const { code, lines } = await said(`${JSON.stringify(change)}\n{"verb":"undo"}\n`, '/bin/bash', [
      '-c',
      `ulimit -S -f 0 -c 0 -t 5; umask 0; trap '' TERM HUP INT; exec ${installed}`,
    ])
    expect(lines.at(-1)).toEqual({ answer: 'undone', state: 'restored' })
    expect(code).toBe(0)
  })
})

describe('a race', () => {
  test('the file changes again and again beside it: nobody’s bytes are lost', { timeout: 120_000 }, async () => {
    const mine: string[] = []
    const lost: string[] = []
    for (let time = 0; time < 10; time++) {
      write(plain)
      const { helper } = await opened()
      const working = helper.change({ oldHash: hashOf(plain), newText: added })
      await sleep(Math.random() * 200)
      const text = `{ "labels": ["theirs=${time}"] }`
      mine.push(text)
      write(text)
      const answer = await working
      if (answer.ok) await helper.undo()
      await helper.end()
      if (state()?.text !== text) lost.push(`${time}: ${JSON.stringify(answer)} ${state()?.text}`)
    }
    // Theirs stays, and names no mirrors: an engine that had taken up ours keeps them until it is told of an empty list.
    write('{ "registry-mirrors": [] }')
    await reloaded(engine, [])
    write(plain)
    expect(lost).toEqual([])
  })

  test('a link in the place of its own files leads nowhere', async () => {
    const target = '/etc/slipway-target'
    writeFileSync(target, 'mine')
    for (const name of ['lock', 'journal.json', 'candidate.json', '.journal.json.new', '.candidate.json.new']) {
      rmSync(`/var/lib/slipway/${name}`, { force: true })
      symlinkSync(target, `/var/lib/slipway/${name}`)
    }
    await said(`${JSON.stringify(change)}\n`)
    rmSync('/var/lib/slipway/lock')
    await said(`${JSON.stringify(change)}\n{"verb":"undo"}\n`)
    expect(readFileSync(target, 'utf8')).toBe('mine')
    rmSync(target)
    expect(readdirSync('/etc/docker').filter((name) => name.includes('slipway'))).toEqual([])
    expect(existsSync(file)).toBe(true)
  })
})
