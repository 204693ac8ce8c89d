import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openStore } from '../../main/store/index.ts'

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
