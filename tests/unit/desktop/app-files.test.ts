import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { appFiles } from '../../../main/desktop/app-files.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'slipway-files-'))
  mkdirSync(join(folder, 'app/assets'), { recursive: true })
  writeFileSync(join(folder, 'app/index.html'), '<p>')
  writeFileSync(join(folder, 'app/assets/a.js'), '1')
  writeFileSync(join(folder, 'secret.js'), 'secret')
})
afterEach(() => rmSync(folder, { recursive: true }))

const serve = (url: string, method = 'GET') => appFiles(join(folder, 'app'))({ url, method })

test('the app’s own files are served by name, with their content type and the content security policy', async () => {
  const page = serve('app://slipway/index.html')
  expect([page.status, page.headers.get('content-type'), await page.text()]).toEqual([
    200,
    'text/html; charset=utf-8',
    '<p>',
  ])
  expect(page.headers.get('content-security-policy')).toContain("script-src 'self'; ")
  expect(serve('app://slipway/assets/a.js').status).toBe(200)
})

test('no request reaches any other file, and a POST reaches none', () => {
  for (const url of [
    'app://slipway/',
    'app://slipway/../secret.js',
    'app://slipway/%2e%2e/secret.js',
    'app://slipway/assets/..%2f..%2fsecret.js',
    'app://slipway//secret.js',
    'app://other/index.html',
    `app://slipway/${join(folder, 'secret.js')}`,
    'app://slipway/constructor',
  ])
    expect(serve(url).status).toBe(404)
  expect(serve('app://slipway/index.html', 'POST').status).toBe(404)
})
