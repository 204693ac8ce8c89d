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
import { added, engineAtRest, key, mirror, plain } from './clean-engine.ts'
import { changed, file, hashOf, opened, state, write } from './helper-side.ts'

const { engineHas, refused } = engineAtRest('26.1')

const run = (program: string, ...args: readonly string[]) => execFileSync(program, args, { stdio: 'pipe' })
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

test('a symbolic link stays, and its target is changed', async () => {
  writeFileSync(`${aside}/real.json`, plain, { mode: 0o600 })
  linkTo(`${aside}/real.json`)
  expect(await changed(added)).toMatchObject({ answer: { ok: true } })
  expect(readlinkSync(file)).toBe(`${aside}/real.json`)
  expect(lstatSync(`${aside}/real.json`).isFile()).toBe(true)
  expect(state()).toMatchObject({ text: added, mode: '600' })
  await engineHas(mirror)
})

test('a link to a file that others can change, to nothing, or in a circle is not followed', async () => {
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

test('a hard link, a folder or a pipe is not touched', async () => {
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

test('a file in a folder that others can write in is not changed', async () => {
  chmodSync('/etc/docker', 0o775)
  try {
    await refused({ code: 'daemon-file-folder', folder: '/etc/docker', state: 'untouched' })
  } finally {
    chmodSync('/etc/docker', 0o755)
  }
})

test('a missing folder is created, and removed again by an undo', async () => {
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
    await refused({ code: 'daemon-file-read-only', folder: '/etc/docker', state: 'untouched' })
  })
})

test('on a full disk nothing is changed, and nothing is left of the attempt', async () => {
  await onDisk('size=16k', async () => {
    writeFileSync('/etc/docker/filler', Buffer.alloc(12 << 10))
    await refused({ code: 'daemon-file-no-space', folder: '/etc/docker', state: 'untouched' })
    expect(readdirSync('/etc/docker').toSorted()).toEqual(['daemon.json', 'filler'])
  })
})

test('if the disk fills up before an undo, its outcome is unsure, and the next start restores the file', async () => {
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
    await refused({ code: 'daemon-file-fixed', folder: '/etc/docker', state: 'untouched' })
  } finally {
    run('umount', '--lazy', file)
  }
})
