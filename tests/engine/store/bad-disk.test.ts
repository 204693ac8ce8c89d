import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { openStore } from '../../../main/store/index.ts'

/** The mount point of a disk of 64 kB. */
let disk: string
let folder: string
const consoleError = vi.spyOn(console, 'error')
beforeEach(() => {
  consoleError.mockReset().mockReturnValue()
  disk = mkdtempSync(join(tmpdir(), 'small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=755', 'tmpfs', disk])
  folder = join(disk, 'Slipway')
})
afterEach(() => {
  execFileSync('umount', [disk])
  rmSync(disk, { recursive: true })
})
afterAll(() => consoleError.mockRestore())

const readStored = (name: string) => readFileSync(join(folder, name), 'utf8')
const remount = (mode: 'ro' | 'rw') => execFileSync('mount', ['-o', `remount,${mode}`, disk])
/** A stored list of mirrors that the user has added. */
const mirrorList = (count: number) => ({
  own: Array.from({ length: count }, (_, index) => `https://m${index}.example`),
  changes: [],
})

describe('a full disk', () => {
  test('leaves the old file unchanged and the new value in memory; later values are stored once there is space', async () => {
    const { mirrors } = openStore(folder)
    await mirrors.write(mirrorList(1))
    const before = readStored('mirrors.json')
    writeFileSync(join(disk, 'filler'), Buffer.alloc(40_000))
    for (const count of [1500, 1501, 1502]) await mirrors.write(mirrorList(count))
    expect(mirrors.value.own).toHaveLength(1502)
    expect(readStored('mirrors.json')).toBe(before)
    expect(readdirSync(folder)).toEqual(['mirrors.json'])
    expect(consoleError).toHaveBeenCalledTimes(1)
    expect(consoleError.mock.calls[0]![1]).toMatchObject({ code: 'ENOSPC' })
    rmSync(join(disk, 'filler'))
    await mirrors.write(mirrorList(1000))
    expect(openStore(folder).mirrors.value.own).toHaveLength(1000)
  })

  test('has no space for a copy of a file with an invalid entry, so the file is overwritten only once there is space', async () => {
    mkdirSync(folder)
    const text = JSON.stringify({ own: [...mirrorList(600).own, 7] })
    writeFileSync(join(folder, 'mirrors.json'), text)
    writeFileSync(join(disk, 'filler'), Buffer.alloc(36_000))
    const store = openStore(folder)
    await store.mirrors.write(mirrorList(1))
    expect(readStored('mirrors.json')).toBe(text)
    rmSync(join(disk, 'filler'))
    await store.end()
    const savedCopies = readdirSync(folder).filter((name) => name.startsWith('mirrors.json.unreadable'))
    expect(savedCopies.map(readStored)).toEqual([text])
    expect(openStore(folder).mirrors.value).toMatchObject(mirrorList(1))
  })
})

describe('a read-only disk', () => {
  test('can be read; new values are kept in memory only, and the error is logged once', async () => {
    await openStore(folder).settings.write({ language: 'zh-CN', theme: 'dark' })
    remount('ro')
    const store = openStore(folder)
    expect(store.settings.value.theme).toBe('dark')
    await store.settings.write({ language: 'zh-CN', theme: 'light' })
    await store.settings.write({ language: 'en', theme: 'light' })
    await store.end()
    expect(store.settings.value).toEqual({ language: 'en', theme: 'light' })
    expect(consoleError).toHaveBeenCalledTimes(1)
    remount('rw')
    expect(openStore(folder).settings.value).toEqual({ language: 'zh-CN', theme: 'dark' })
  })

  test('prevents the renaming of a file that cannot be parsed, so the file is not overwritten later', async () => {
    mkdirSync(folder)
    writeFileSync(join(folder, 'settings.json'), '{')
    remount('ro')
    const { settings } = openStore(folder)
    await settings.write({ language: 'en', theme: 'light' })
    remount('rw')
    await settings.write({ language: 'en', theme: 'dark' })
    expect(settings.value.theme).toBe('dark')
    expect(readStored('settings.json')).toBe('{')
    expect(readdirSync(folder)).toEqual(['settings.json'])
  })
})
