/** Symbolic links that pass through another user's folder, who could swap them while root's helper works. */
import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { findUnsafePath } from '../../../main/daemon-config/hops.ts'
import { bindMount, nobody } from '../../../tools/world/rootless.ts'
import { mirror, plainText, textWithMirror, useSystemEngine } from './clean-engine.ts'
import {
  changeTo,
  changeLine,
  changeFile,
  file,
  installedHelper,
  readState,
  startHelper,
  write,
} from './helper-tools.ts'

const { expectMirrors, expectRefused } = useSystemEngine('26.1')

/** A folder of another user's, below folders of root's. */
const theirs = '/srv/slipway-theirs'
/** A folder of root's. */
const ours = '/etc/slipway-ours'
const secret = '/etc/slipway-secret'
const secretText = '{ "labels": ["secret"] }'

const linkTo = (target: string, link: string) => {
  rmSync(link, { force: true, recursive: true })
  symlinkSync(target, link)
}
const moveBack = () => {
  if (!existsSync('/etc/docker.away')) return
  rmSync('/etc/docker', { force: true, recursive: true })
  renameSync('/etc/docker.away', '/etc/docker')
}

beforeEach(() => {
  mkdirSync(theirs, { recursive: true })
  chownSync(theirs, nobody, nobody)
  mkdirSync(ours, { recursive: true })
  writeFileSync(join(ours, 'daemon.json'), plainText)
  writeFileSync(secret, secretText, { mode: 0o600 })
})
afterEach(() => {
  moveBack()
  rmSync(file, { force: true })
  // A killed shell may leave an `ln` that is just running.
  for (const path of [theirs, ours, secret]) rmSync(path, { maxRetries: 5, force: true, recursive: true })
})

const unsafe = { code: 'daemon-file-folder-unsafe', folder: theirs, state: 'untouched' }

/** What the app says before it asks for a password. */
const foresee = () => findUnsafePath({ installation: 'system', file })

async function expectUnread(error: object) {
  expect.soft(await foresee()).toBe(theirs)
  const { helper } = await startHelper()
  expect.soft(await helper.read()).toMatchObject({ ok: false, error })
  await helper.end()
  await expectRefused(error)
}

describe('a link into another user’s folder is not followed, although it leads to a file of root’s', () => {
  test('if daemon.json is the link', async () => {
    linkTo(join(ours, 'daemon.json'), join(theirs, 'daemon.json'))
    linkTo(join(theirs, 'daemon.json'), file)
    await expectUnread(unsafe)
  })

  test('if the link is in the middle of the target’s path', async () => {
    linkTo(ours, join(theirs, 'folder'))
    linkTo(join(theirs, 'folder'), join(ours, 'through-theirs'))
    linkTo('../slipway-ours/through-theirs/daemon.json', file)
    await expectUnread(unsafe)
  })

  test('if the link’s path passes the folder and leaves it with “..”', async () => {
    mkdirSync(join(theirs, 'inner'))
    // Not joined, which would remove the “..”.
    linkTo(`${theirs}/inner/../../../etc/slipway-ours/daemon.json`, file)
    await expectUnread(unsafe)
  })

  test('if /etc/docker is the link', async () => {
    linkTo(ours, join(theirs, 'docker'))
    renameSync('/etc/docker', '/etc/docker.away')
    linkTo(join(theirs, 'docker'), '/etc/docker')
    await expectUnread(unsafe)
  })

  test('while that user swaps it for a link to a secret file', async () => {
    const link = join(theirs, 'daemon.json')
    linkTo(join(ours, 'daemon.json'), link)
    linkTo(link, file)
    const swap = `while :; do ln -sfn ${secret} ${link}; ln -sfn ${ours}/daemon.json ${link}; done`
    const swapper = spawn('/bin/sh', ['-c', swap], { uid: nobody, gid: nobody, stdio: 'ignore' })
    await once(swapper, 'spawn')
    const { helper } = await startHelper()
    try {
      for (let attempt = 0; attempt < 100; attempt++) {
        expect(await helper.read()).toMatchObject({ ok: false, error: unsafe })
        const requests = [
          helper.change(changeTo(plainText, textWithMirror)),
          helper.change(changeTo(secretText, textWithMirror)),
        ]
        for (const answer of await Promise.all(requests)) expect(answer).toMatchObject({ ok: false, error: unsafe })
      }
    } finally {
      await helper.end()
      swapper.kill('SIGKILL')
      await once(swapper, 'close')
    }
    expect(readFileSync(secret, 'utf8')).toBe(secretText)
  })
})

describe('a link through root’s own folders is followed', () => {
  test.each([
    ['absolute', ours],
    ['relative', '../etc/./slipway-ours/'],
  ])('if /etc/docker is the link: %s', async (_, target) => {
    renameSync('/etc/docker', '/etc/docker.away')
    linkTo(target, '/etc/docker')
    expect(await foresee()).toBeUndefined()
    expect(await changeFile(textWithMirror)).toMatchObject({ answer: { ok: true, value: { confirmed: true } } })
    expect(readlinkSync('/etc/docker')).toBe(target)
    expect(readFileSync(join(ours, 'daemon.json'), 'utf8')).toBe(textWithMirror)
    await expectMirrors(mirror)
  })

  test('also over several links, as NixOS has them', async () => {
    mkdirSync(join(ours, 'static/docker'), { recursive: true })
    renameSync(join(ours, 'daemon.json'), join(ours, 'store.json'))
    linkTo('../../store.json', join(ours, 'static/docker/daemon.json'))
    linkTo(join(ours, 'static'), '/etc/slipway-static')
    linkTo('/etc/slipway-static/docker/daemon.json', file)
    expect(await foresee()).toBeUndefined()
    expect(await changeFile(textWithMirror)).toMatchObject({ answer: { ok: true }, last: { ok: true } })
    expect(lstatSync(join(ours, 'store.json')).isFile()).toBe(true)
    expect(readFileSync(join(ours, 'store.json'), 'utf8')).toBe(textWithMirror)
    await expectMirrors(mirror)
    rmSync('/etc/slipway-static')
  })

  test('if the folder that /etc/docker links to does not exist yet: an undo removes it again', async () => {
    renameSync('/etc/docker', '/etc/docker.away')
    linkTo(join(ours, 'new/docker'), '/etc/docker')
    const { answer, last } = await changeFile(textWithMirror.replace(', "labels": ["x=y"]', ''), 'undo')
    expect(answer).toMatchObject({ ok: true })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(readdirSync(ours)).toEqual(['daemon.json'])
  })
})

/** Runs requests with a helper before whose nth operation /etc/docker becomes a link to `theirs`. */
function runWithSwap(operation: number, requests: readonly object[]) {
  const script = join(bindMount(import.meta.dirname, '/opt/slipway-tests'), 'swap_folder.py')
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-IS', script, String(operation), theirs], {
    input: requests.map((request) => `${JSON.stringify(request)}\n`).join(''),
    encoding: 'utf8',
  })
  const swapped = existsSync('/etc/docker.swapped')
  if (swapped) {
    rmSync('/etc/docker')
    renameSync('/etc/docker.swapped', '/etc/docker')
  }
  return { stdout, stderr, swapped }
}

test.each([
  ['read', 1, [{ verb: 'read' }]],
  [
    'change',
    // A change has over a hundred operations, and each swap takes seconds.
    12,
    [
      changeLine(plainText, textWithMirror),
      changeLine(secretText, '{ "registry-mirrors": [], "labels": ["secret"] }'),
      { verb: 'keep' },
    ],
  ],
])(
  'if /etc/docker is swapped for a link to their folder at moments of a %s, nothing behind that link is read or changed',
  { timeout: 300_000 },
  async (_, step, requests) => {
    linkTo(secret, join(theirs, 'daemon.json'))
    chmodSync(theirs, 0o755)
    for (let operation = 1 + Math.floor(Math.random() * step); ; operation += step) {
      write(plainText)
      const { stdout, stderr, swapped } = runWithSwap(operation, requests)
      expect(stdout + stderr).not.toContain('secret')
      expect(readFileSync(secret, 'utf8')).toBe(secretText)
      expect(readdirSync(theirs)).toEqual(['daemon.json'])
      expect(lstatSync(join(theirs, 'daemon.json')).isSymbolicLink()).toBe(true)
      // The next start undoes a change that could not be undone while the folder was another one.
      const { helper } = await startHelper()
      await helper.end()
      expect([plainText, textWithMirror]).toContain(readState()?.text)
      if (!swapped) break
    }
    expect(existsSync(installedHelper)).toBe(true)
  },
)
