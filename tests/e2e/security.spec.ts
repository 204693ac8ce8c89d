import { electronBinary } from '../../tools/electron.ts'
import { expect, test } from './slipway.ts'

test('the page has the two functions of the bridge, and nothing of Node or Electron', async ({ app }) => {
  const found = await app.page.evaluate(
    `({ bridge: Object.keys(slipway).sort(), node: typeof process, require: typeof require, frozen: Object.isFrozen(slipway) })`,
  )
  expect(found).toEqual({ bridge: ['call', 'on'], node: 'undefined', require: 'undefined', frozen: true })
})

test('calls outside the contract, and invalid input, are refused', async ({ app }) => {
  const results = await app.page.evaluate(
    `Promise.allSettled([
      slipway.call('images.details', '../../etc/passwd'),
      slipway.call('window.zoom', { in: true }),
      slipway.call('settings.change', { theme: 'pink' }),
      slipway.call('no.such.call'),
      slipway.call('toString'),
    ])`,
  )
  const badInput = { status: 'fulfilled', value: { ok: false, error: { code: 'bad-input' } } }
  expect(results).toMatchObject([badInput, badInput, badInput, { status: 'rejected' }, { status: 'rejected' }])
})

test('a page that calls main without end is refused after a while, and the app stays usable', async ({ app }) => {
  const codes = await app.page.evaluate<Record<string, number>>(
    `Promise.all(Array.from({ length: 20_000 }, (_, index) => slipway.call('removal.undo', 'x' + index))).then((answers) => {
      const counts = {}
      for (const { error } of answers) counts[error.code] = (counts[error.code] ?? 0) + 1
      return counts
    })`,
  )
  expect(Object.keys(codes)).toHaveLength(2)
  expect(codes['busy']).toBeGreaterThan(1000)
  await app.row('nginx', '1.27').click()
  await expect(app.details).toContainText('nginx:1.27')
})

test('the page cannot navigate elsewhere or open a window', async ({ app }) => {
  const url = app.page.url()
  await app.page.evaluate(`location.href = 'https://example.com/'`)
  await app.page.evaluate(`window.open('https://example.com/')`)
  await app.page.waitForLoadState()
  await expect(app.list).toBeVisible()
  expect(app.page.url()).toBe(url)
  expect(app.electron.windows()).toHaveLength(1)
})

test('injected scripts do not run, and nothing is fetched from other hosts', async ({ app }) => {
  await app.page.evaluate(
    `window.refused = []
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => refused.push(effectiveDirective))
    new Image().src = 'https://example.com/a.png'
    fetch('https://example.com/').catch(() => {})
    const button = document.createElement('button')
    try { button.setAttribute('onclick', 'window.ran = true') } catch {}
    button.click()
    try { document.createElement('script').text = 'window.ran = true' } catch {}`,
  )
  await expect
    .poll(async () => [...new Set(await app.page.evaluate<string[]>('window.refused'))].sort())
    .toEqual(['connect-src', 'img-src', 'require-trusted-types-for'])
  expect(await app.page.evaluate('window.ran')).toBeUndefined()
})

test('permissions are refused, and the page’s process is sandboxed', async ({ app }) => {
  test.skip(!electronBinary().real, 'the stand-in never asks the permission handler, and has Chromium’s own sandbox')
  expect(await app.page.evaluate(`Notification.requestPermission()`)).toBe('denied')
  expect(
    await app.page.evaluate(
      `navigator.mediaDevices.getUserMedia({ audio: true }).then(() => 'granted', () => 'refused')`,
    ),
  ).toBe('refused')
  const sandboxed = await app.electron.evaluate(({ app: electronApp }) =>
    electronApp
      .getAppMetrics()
      .filter(({ type }) => type === 'Tab')
      .every(({ sandboxed }) => sandboxed),
  )
  expect(sandboxed).toBe(true)
})
