import { execFileSync, spawn, type ChildProcess } from 'node:child_process'
import {
  appendFileSync,
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { usual } from '../../tools/world/dockerd.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { installInWorld } from '../../tools/world/polkit.ts'
import { reloaded } from './cut.ts'
import { changed, file, hashOf, mirrorsOf, noHelperLeft, opened, state, write } from './helped.ts'

const mirror = 'https://a.example'
const key = `"registry-mirrors": ["${mirror}"]`
const plain = '{ "labels": ["x=y"] }\n'
const added = `{ ${key}, "labels": ["x=y"] }\n`

let uninstall: () => void
beforeAll(() => void (uninstall = installInWorld()))
afterAll(() => uninstall())
afterEach(noHelperLeft)

const run = (program: string, ...args: readonly string[]) => execFileSync(program, args, { stdio: 'pipe' })

describe.each(['20.10', '26.1'] as const)('on %s', (version) => {
  let engine: Engine
  beforeAll(async () => void (engine = await startEngine({ version, store: 'classic', asInstalled: true })))
  afterAll(() => engine?.stop())
  beforeEach(async () => {
    write('{ "registry-mirrors": [], "insecure-registries": [] }')
    await reloaded(engine, [])
  })

  const engineHas = async (...mirrors: string[]) => expect(await mirrorsOf(engine)).toEqual(mirrors)

  describe('the file', () => {
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
})

describe('one engine', () => {
  let engine: Engine
  beforeAll(async () => void (engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })))
  afterAll(() => engine?.stop())
  beforeEach(async () => {
    write('{ "registry-mirrors": [], "insecure-registries": [] }')
    await reloaded(engine, [])
    write(plain)
  })
  const engineHas = async (...mirrors: string[]) => expect(await mirrorsOf(engine)).toEqual(mirrors)
  async function refused(error: object, text = added) {
    const before = state()
    const { answer } = await changed(text)
    expect(answer).toMatchObject({ ok: false, error })
    expect(state()).toEqual(before)
    await engineHas()
  }

  describe('links, folders, mounts', () => {
    const aside = '/etc/slipway-aside'
    beforeEach(() => mkdirSync(aside, { recursive: true, mode: 0o755 }))
    afterEach(() => {
      rmSync(file, { recursive: true, force: true })
      rmSync(aside, { recursive: true, force: true })
    })
    const linkTo = (target: string) => {
      rmSync(file)
      symlinkSync(target, file)
    }

    test('a link stays, and its target is changed', async () => {
      writeFileSync(`${aside}/real.json`, plain, { mode: 0o600 })
      linkTo(`${aside}/real.json`)
      expect(await changed(added)).toMatchObject({ answer: { ok: true } })
      expect(readlinkSync(file)).toBe(`${aside}/real.json`)
      expect(lstatSync(`${aside}/real.json`).isFile()).toBe(true)
      expect(state()).toMatchObject({ text: added, mode: '600' })
      await engineHas(mirror)
    })

    test('a link to what others can change, to nothing, or in a ring, is not followed', async () => {
      writeFileSync(`${aside}/theirs.json`, plain)
      run('chown', 'nobody', `${aside}/theirs.json`)
      linkTo(`${aside}/theirs.json`)
      await refused({ code: 'daemon-file-odd', what: 'link-unsafe', state: 'untouched' })
      linkTo(`${aside}/none.json`)
      const { helper } = await opened()
      const odd = { code: 'daemon-file-odd', state: 'untouched' }
      expect(await helper.read()).toMatchObject({ ok: false, error: { ...odd, what: 'link-broken' } })
      linkTo(file)
      expect(await helper.change({ oldHash: undefined, newText: added })).toMatchObject({ ok: false, error: odd })
      await helper.end()
    })

    test('a link into a folder that others can write in is not followed', async () => {
      writeFileSync(`${aside}/real.json`, plain)
      chmodSync(aside, 0o777)
      linkTo(`${aside}/real.json`)
      await refused({ code: 'daemon-file-folder', folder: aside, state: 'untouched' })
    })

    test('a second name on the disk, a folder, a pipe: not touched', async () => {
      linkSync(file, `${aside}/second`)
      await refused({ code: 'daemon-file-odd', what: 'hard-link' })
      rmSync(file)
      const { helper } = await opened()
      const wish = { oldHash: undefined, newText: added }
      mkdirSync(file)
      expect(await helper.change(wish)).toMatchObject({ ok: false, error: { what: 'folder' } })
      rmSync(file, { recursive: true })
      run('mkfifo', file)
      expect(await helper.change(wish)).toMatchObject({ ok: false, error: { what: 'special' } })
      await helper.end()
    })

    test('a folder that others can write in is not worked in', async () => {
      chmodSync('/etc/docker', 0o775)
      try {
        await refused({ code: 'daemon-file-folder', folder: '/etc/docker', state: 'untouched' })
      } finally {
        chmodSync('/etc/docker', 0o755)
      }
    })

    test('a folder that is missing is made, and is gone again when undone', async () => {
      run('cp', '--archive', '/etc/docker', '/etc/docker.away')
      rmSync('/etc/docker', { recursive: true })
      try {
        const { answer, last } = await changed(`{ ${key} }`, 'undo')
        expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
        expect(last).toEqual({ ok: true, value: 'restored' })
        expect(existsSync('/etc/docker')).toBe(false)
        await engineHas()
      } finally {
        run('mv', '/etc/docker.away', '/etc/docker')
      }
    })

    /** The folder as a small disk of its own, for as long as a function runs. */
    async function onDisk(options: string, work: () => Promise<void>) {
      run('mount', '-t', 'tmpfs', '-o', `mode=755,${options}`, 'tmpfs', '/etc/docker')
      try {
        write(plain)
        await work()
      } finally {
        run('umount', '--lazy', '/etc/docker')
      }
    }

    test('a disk that cannot be written', async () => {
      await onDisk('size=64k', async () => {
        run('mount', '-o', 'remount,ro', '/etc/docker')
        await refused({ code: 'daemon-file-read-only', folder: '/etc/docker', state: 'restored' })
      })
    })

    test('a full disk: nothing is changed, and nothing is left of the attempt', async () => {
      await onDisk('size=16k', async () => {
        writeFileSync('/etc/docker/filler', Buffer.alloc(12 << 10))
        await refused({ code: 'daemon-file-no-space', folder: '/etc/docker', state: 'restored' })
        expect(readdirSync('/etc/docker').toSorted()).toEqual(['daemon.json', 'filler'])
      })
    })

    test('a disk that fills up while the change is tried: told, and put back by the next start', async () => {
      await onDisk('size=20k', async () => {
        writeFileSync('/etc/docker/filler', Buffer.alloc(8 << 10))
        const before = state()
        const { helper } = await opened()
        expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({ ok: true })
        writeFileSync('/etc/docker/more', Buffer.alloc(4 << 10))
        writeFileSync('/etc/docker/filler', Buffer.alloc(12 << 10))
        expect(await helper.undo()).toEqual({ ok: true, value: 'unsure' })
        await helper.end()
        expect(state()?.text).toBe(added)
        rmSync('/etc/docker/filler')
        const again = await opened()
        await again.helper.end()
        expect(again.helper.recovered).toBe('restored')
        expect(state()).toEqual(before)
        await engineHas()
      })
    })

    test('no room for the backup', async () => {
      run('mount', '-t', 'tmpfs', '-o', 'mode=700,size=8k', 'tmpfs', '/var/lib/slipway')
      try {
        mkdirSync('/var/lib/slipway/backups', { mode: 0o700 })
        writeFileSync('/var/lib/slipway/filler', Buffer.alloc(8 << 10))
        await refused({ code: 'daemon-file-no-space', folder: '/var/lib/slipway', state: 'untouched' })
      } finally {
        run('umount', '--lazy', '/var/lib/slipway')
      }
    })

    test('a file that is mounted from elsewhere', async () => {
      writeFileSync(`${aside}/mounted.json`, plain)
      run('mount', '--bind', `${aside}/mounted.json`, file)
      try {
        await refused({ code: 'daemon-file-fixed', folder: '/etc/docker', state: 'restored' })
      } finally {
        run('umount', '--lazy', file)
      }
    })
  })

  describe('what the engine would refuse', () => {
    test.each([
      'ftp://a.example',
      'a.example',
      'https://user:secret@a.example',
      'https://a.example/?x=1',
      'https://a.example#x',
      'https://a.example?',
      'https://',
      'https://a.example:port',
      'https://a .example',
      'https://a.example\\n',
      'https://ä.example',
    ])('the mirror %s', async (wrong) => {
      const text = `{ "registry-mirrors": ["${wrong}"], "labels": ["x=y"] }\n`
      await refused({ code: 'daemon-file-mirror', state: 'untouched' }, text)
    })

    test.each(['http://a.example', 'a.example:99999', 'a b', '10.0.0.0/99', '-x'])('the registry %s', async (wrong) => {
      const text = `{ "insecure-registries": ["${wrong}"], "labels": ["x=y"] }\n`
      await refused({ code: 'daemon-file-registry', registry: wrong, state: 'untouched' }, text)
    })

    test('registries that it takes are taken up, and given back', async () => {
      const text = `{ "insecure-registries": ["a.example:5000", "10.0.0.0/8", "B.example"], "labels": ["x=y"] }\n`
      const before = state()
      const { answer, last } = await changed(text, 'undo')
      expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
      expect(last).toEqual({ ok: true, value: 'restored' })
      expect(state()).toEqual(before)
      const { RegistryConfig } = (await engine.docker.info()) as { RegistryConfig: { IndexConfigs: object } }
      expect(Object.keys(RegistryConfig.IndexConfigs)).toEqual(['docker.io'])
    })
  })

  describe('another writer', () => {
    test('a second helper is refused while the first is at work, and can work after it', async () => {
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

  describe('the engine', () => {
    test('is not running: told, and nothing is changed', async () => {
      await engine.shutDown()
      const before = state()
      const { answer } = await changed(added)
      expect(answer).toEqual({ ok: false, error: { code: 'daemon-file-engine-down', state: 'untouched' } })
      expect(state()).toEqual(before)
      await engine.restart()
      await engineHas()
    })

    test('dies while the file is swapped: put back, and it comes up without mirrors', async () => {
      const before = state()
      const steps: string[] = []
      const { helper } = await opened({
        onStep(step) {
          steps.push(step)
          if (step === 'backed-up') process.kill(engine.pid, 'SIGKILL')
        },
      })
      const answer = await helper.change({ oldHash: hashOf(plain), newText: added })
      // It may have been told to reload before the signal came: then it is seen to be gone.
      const undone = answer.ok ? await helper.undo() : answer
      await helper.end()
      expect(undone).toMatchObject(
        answer.ok ? { value: 'restored' } : { error: { code: 'daemon-file-engine-down', state: 'restored' } },
      )
      expect(state()).toEqual(before)
      await engine.restart()
      await engineHas()
    })

    test('dies before the change is undone: put back, and it comes up without mirrors', async () => {
      const before = state()
      const { helper } = await opened()
      expect(await helper.change({ oldHash: hashOf(plain), newText: added })).toMatchObject({ ok: true })
      await engine.kill()
      expect(await helper.undo()).toEqual({ ok: true, value: 'restored' })
      await helper.end()
      expect(state()).toEqual(before)
      await engine.restart()
      await engineHas()
    })

    test('hangs: put back', { timeout: 120_000 }, async () => {
      const before = state()
      const { helper } = await opened({
        onStep: (step) => void (step === 'backed-up' && process.kill(engine.pid, 'SIGSTOP')),
      })
      const answer = await helper.change({ oldHash: hashOf(plain), newText: added })
      const undone = answer.ok ? await helper.undo() : undefined
      process.kill(engine.pid, 'SIGCONT')
      await helper.end()
      expect([answer.ok, undone]).toEqual([true, { ok: true, value: 'restored' }])
      expect(state()).toEqual(before)
      await reloaded(engine, [])
    })

    test('is another process by the number in its pid file: that one is left alone', async () => {
      const said = readFileSync(usual.pid)
      const imposter = '/tmp/slipway-imposter/dockerd'
      mkdirSync('/tmp/slipway-imposter', { recursive: true })
      copyFileSync('/bin/sleep', imposter)
      const others: ChildProcess[] = [
        spawn('sleep', ['60']),
        // By name a dockerd, but a user's.
        spawn(imposter, ['60'], { uid: 65534 }),
      ]
      try {
        for (const { pid } of others) {
          writeFileSync(usual.pid, String(pid))
          await refused({ code: 'daemon-file-engine-down', state: 'untouched' })
        }
        writeFileSync(usual.pid, 'no number')
        await refused({ code: 'daemon-file-engine-down', state: 'untouched' })
        expect(others.map(({ exitCode, signalCode }) => exitCode ?? signalCode)).toEqual([null, null])
      } finally {
        for (const other of others) other.kill()
        writeFileSync(usual.pid, said)
        rmSync('/tmp/slipway-imposter', { recursive: true })
      }
    })
  })

  describe('backups', () => {
    test('what cannot be parsed gives way to a backup, and is kept beside it', async () => {
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

    test('a backup without mirrors takes those in force away', async () => {
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

    test('the file keeps Docker down: a backup is put in its place, and Docker starts', async () => {
      await changed(added, 'undo')
      const faulty = '{ "debug": true, }'
      await engine.shutDown()
      write(faulty)
      await expect(engine.restart()).rejects.toThrow('does not start')
      const { helper } = await opened()
      const wish = { oldHash: hashOf(faulty), hash: hashOf(plain) }
      expect(await helper.restore(wish)).toMatchObject({ ok: true, value: { confirmed: false } })
      expect(await helper.keep()).toMatchObject({ ok: true })
      await helper.end()
      await engine.restart()
      await engineHas()
      rmSync(`${file}.faulty-${hashOf(faulty).slice(0, 12)}`)
    })

    test('only its own are restored, and the last 20 are kept', { timeout: 180_000 }, async () => {
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
})
