import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { textWithMirror, useSystemEngine, mirrorsKey, mirror, plainText } from './clean-engine.ts'
import { changeTo, changeFile, file, startHelper, readState, write } from './helper-tools.ts'

const { expectMirrors, expectRefused } = useSystemEngine('26.1')

const run = (program: string, ...args: readonly string[]) => execFileSync(program, args, { stdio: 'pipe' })
const targetFolder = '/etc/slipway-aside'
beforeEach(() => mkdirSync(targetFolder, { recursive: true, mode: 0o755 }))
afterEach(() => {
  rmSync(file, { recursive: true, force: true })
  rmSync(targetFolder, { recursive: true, force: true })
})
const linkTo = (target: string) => {
  rmSync(file)
  symlinkSync(target, file)
}

test('a symbolic link is kept, and its target is changed', async () => {
  writeFileSync(`${targetFolder}/real.json`, plainText, { mode: 0o600 })
  linkTo(`${targetFolder}/real.json`)
  expect(await changeFile(textWithMirror)).toMatchObject({ answer: { ok: true } })
  expect(readlinkSync(file)).toBe(`${targetFolder}/real.json`)
  expect(lstatSync(`${targetFolder}/real.json`).isFile()).toBe(true)
  expect(readState()).toMatchObject({ text: textWithMirror, mode: '600' })
  await expectMirrors(mirror)
})

test('a link to another user’s file, a broken link or a circular link is not followed', async () => {
  writeFileSync(`${targetFolder}/theirs.json`, plainText)
  run('chown', 'nobody', `${targetFolder}/theirs.json`)
  linkTo(`${targetFolder}/theirs.json`)
  await expectRefused({ code: 'daemon-file-unsuitable', what: 'link-unsafe', state: 'untouched' })
  linkTo(`${targetFolder}/none.json`)
  const { helper } = await startHelper()
  const unsuitable = { code: 'daemon-file-unsuitable', state: 'untouched' }
  expect(await helper.read()).toMatchObject({ ok: false, error: { ...unsuitable, what: 'link-broken' } })
  linkTo(file)
  expect(await helper.change(changeTo(undefined, textWithMirror))).toMatchObject({
    ok: false,
    error: unsuitable,
  })
  await helper.end()
})

test('a link into a folder that others can write in is not followed', async () => {
  writeFileSync(`${targetFolder}/real.json`, plainText)
  chmodSync(targetFolder, 0o777)
  linkTo(`${targetFolder}/real.json`)
  await expectRefused({ code: 'daemon-file-folder-unsafe', folder: targetFolder, state: 'untouched' })
})

test('a hard link, a folder or a pipe is not touched', async () => {
  linkSync(file, `${targetFolder}/second`)
  await expectRefused({ code: 'daemon-file-unsuitable', what: 'hard-link' })
  rmSync(file)
  const { helper } = await startHelper()
  const request = changeTo(undefined, textWithMirror)
  mkdirSync(file)
  expect(await helper.change(request)).toMatchObject({ ok: false, error: { what: 'folder' } })
  rmSync(file, { recursive: true })
  run('mkfifo', file)
  expect(await helper.change(request)).toMatchObject({ ok: false, error: { what: 'special' } })
  await helper.end()
})

test('a file in a folder that others can write in is not changed', async () => {
  chmodSync('/etc/docker', 0o775)
  try {
    await expectRefused({ code: 'daemon-file-folder-unsafe', folder: '/etc/docker', state: 'untouched' })
  } finally {
    chmodSync('/etc/docker', 0o755)
  }
})

test('a missing folder is created, and removed again by an undo', async () => {
  run('cp', '--archive', '/etc/docker', '/etc/docker.away')
  rmSync('/etc/docker', { recursive: true })
  try {
    const { answer, last } = await changeFile(`{ ${mirrorsKey} }`, 'undo')
    expect(answer).toMatchObject({ ok: true, value: { confirmed: true } })
    expect(last).toEqual({ ok: true, value: 'restored' })
    expect(existsSync('/etc/docker')).toBe(false)
    await expectMirrors()
  } finally {
    run('mv', '/etc/docker.away', '/etc/docker')
  }
})

/** Mounts a small disk with a plain daemon.json at /etc/docker while an action runs. */
async function onSmallDisk(mountOptions: string, action: () => Promise<void>) {
  run('mount', '-t', 'tmpfs', '-o', `mode=755,${mountOptions}`, 'tmpfs', '/etc/docker')
  try {
    write(plainText)
    await action()
  } finally {
    run('umount', '--lazy', '/etc/docker')
  }
}

test('a file on a read-only disk is not changed', async () => {
  await onSmallDisk('size=64k', async () => {
    run('mount', '-o', 'remount,ro', '/etc/docker')
    await expectRefused({ code: 'daemon-file-read-only', folder: '/etc/docker', state: 'untouched' })
  })
})

test('on a full disk, nothing is changed, and no temporary file stays', async () => {
  await onSmallDisk('size=16k', async () => {
    writeFileSync('/etc/docker/filler', Buffer.alloc(12 << 10))
    await expectRefused({ code: 'daemon-file-no-space', folder: '/etc/docker', state: 'untouched' })
    expect(readdirSync('/etc/docker').toSorted()).toEqual(['daemon.json', 'filler'])
  })
})

test('if the disk fills up before an undo, the result is `unsure`, and the next start of the helper restores the file', async () => {
  await onSmallDisk('size=20k', async () => {
    writeFileSync('/etc/docker/filler', Buffer.alloc(8 << 10))
    const before = readState()
    const { helper } = await startHelper()
    expect(await helper.change(changeTo(plainText, textWithMirror))).toMatchObject({ ok: true })
    writeFileSync('/etc/docker/more', Buffer.alloc(4 << 10))
    writeFileSync('/etc/docker/filler', Buffer.alloc(12 << 10))
    expect(await helper.undo()).toEqual({ ok: true, value: 'unsure' })
    await helper.end()
    expect(readState()?.text).toBe(textWithMirror)
    rmSync('/etc/docker/filler')
    const again = await startHelper()
    await again.helper.end()
    expect(again.helper.recovered).toBe('restored')
    expect(readState()).toEqual(before)
    await expectMirrors()
  })
})

test('without space for the backup, nothing is changed', async () => {
  run('mount', '-t', 'tmpfs', '-o', 'mode=700,size=8k', 'tmpfs', '/var/lib/slipway')
  try {
    mkdirSync('/var/lib/slipway/backups', { mode: 0o700 })
    writeFileSync('/var/lib/slipway/filler', Buffer.alloc(8 << 10))
    await expectRefused({ code: 'daemon-file-no-space', folder: '/var/lib/slipway', state: 'untouched' })
  } finally {
    run('umount', '--lazy', '/var/lib/slipway')
  }
})

test('a bind-mounted file is not changed', async () => {
  writeFileSync(`${targetFolder}/mounted.json`, plainText)
  run('mount', '--bind', `${targetFolder}/mounted.json`, file)
  try {
    await expectRefused({ code: 'daemon-file-not-writable', folder: '/etc/docker', state: 'untouched' })
  } finally {
    run('umount', '--lazy', file)
  }
})
