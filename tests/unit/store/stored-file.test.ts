import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { jobBook } from '../../../main/jobs/index.ts'
import { openStore } from '../../../main/store/index.ts'

let folder: string
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'slipway-store-'))))
afterEach(() => rmSync(folder, { recursive: true }))

test('settings outlive the app', () => {
  expect(openStore(folder).settings.value).toEqual({ language: 'system', theme: 'system' })
  openStore(folder).settings.write({ language: 'zh-CN', theme: 'dark' })
  expect(openStore(folder).settings.value).toEqual({ language: 'zh-CN', theme: 'dark' })
})

test('settings that cannot be understood give way to the defaults, and the file is put aside', () => {
  writeFileSync(join(folder, 'settings.json'), '{ "theme": "pink" }')
  const { settings } = openStore(folder)
  expect(settings.value.theme).toBe('system')
  settings.write({ language: 'en', theme: 'light' })
  expect(readFileSync(join(folder, 'settings.json.unreadable'), 'utf8')).toContain('pink')
  expect(existsSync(join(folder, 'settings.json.new'))).toBe(false)
})

test('one’s own mirrors and the history outlive a race and a change of which another version knew more', () => {
  const change = { file: '/etc/docker/daemon.json', at: 1, before: [], after: ['https://a.example'] }
  const race = { ...{ job: '1', image: 'x', started: 1, genuine: [] }, probes: { a: { state: 'queued' } } }
  const own = ['https://a.example']
  writeFileSync(join(folder, 'mirrors.json'), JSON.stringify({ own, race, changes: [{ at: 'noon' }, change] }))
  expect(openStore(folder).mirrors.value).toEqual({ own, changes: [change] })
  expect(existsSync(join(folder, 'mirrors.json.unreadable'))).toBe(false)
})

describe('a disk that refuses to be written', () => {
  const refusing = () => {
    writeFileSync(join(folder, 'file'), '')
    return openStore(join(folder, 'file', 'slipway'))
  }
  const told = vi.spyOn(console, 'error')
  beforeEach(() => void told.mockReset().mockReturnValue())
  afterAll(() => told.mockRestore())

  test('costs only the memory of it, and is told once until it takes something again', () => {
    const { settings } = refusing()
    settings.write({ language: 'zh-CN', theme: 'dark' })
    settings.write({ language: 'en', theme: 'dark' })
    expect(settings.value).toEqual({ language: 'en', theme: 'dark' })
    expect(told).toHaveBeenCalledTimes(1)
    rmSync(join(folder, 'file'))
    settings.write({ language: 'en', theme: 'light' })
    expect(openStore(join(folder, 'file', 'slipway')).settings.value.theme).toBe('light')
    rmSync(join(folder, 'file'), { recursive: true })
    writeFileSync(join(folder, 'file'), '')
    settings.write({ language: 'en', theme: 'dark' })
    expect(told).toHaveBeenCalledTimes(2)
  })

  test('does not keep the app from its beginning, where a file cannot be understood', () => {
    writeFileSync(join(folder, 'settings.json'), '{')
    mkdirSync(join(folder, 'settings.json.unreadable', 'in-the-way'), { recursive: true })
    expect(openStore(folder).settings.value.theme).toBe('system')
    expect(told).toHaveBeenCalledTimes(1)
  })

  test('does not keep a job from its end', async () => {
    const publish = vi.fn<(name: string, payload: unknown) => void>()
    const jobs = jobBook({ publish, ended: refusing().jobs })
    const id = jobs.start({ kind: 'race', image: 'alpine:latest' }, ['a'], async (job) =>
      job.item(0, { state: 'done' }),
    )
    await turn()
    expect(jobs.find(id)).toMatchObject({ state: 'done' })
    expect(publish).toHaveBeenLastCalledWith('jobs.changed', expect.objectContaining({ id, state: 'done' }))
  })

  test('does not keep the app from its end', () => {
    const warned = vi.spyOn(console, 'warn').mockReturnValue()
    const { lists } = refusing()
    lists.remember('unix:///a', new Map())
    lists.end()
    expect(warned).toHaveBeenCalledTimes(1)
    warned.mockRestore()
  })
})
