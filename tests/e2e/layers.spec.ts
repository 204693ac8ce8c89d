import { expect, test } from './slipway.ts'

test('an image is shown as a stack of layers on top of the computer’s own kernel', async ({ app }) => {
  await app.row('nginx', '1.27').click()
  await expect(app.details.getByRole('tab', { name: 'Layers' })).toHaveAttribute('aria-selected', 'true')
  const layers = app.details.getByRole('list', { name: 'Layers, newest first' }).locator('> li')
  await expect(layers).toHaveCount(4)
  await expect(layers.first()).toContainText('COPY')
  await expect(layers.nth(2)).toContainText('RUN')
  await expect(layers.nth(2)).toContainText('groupadd nginx')
  await expect(app.details).not.toContainText('#(nop)')
  await expect(app.details).toContainText('boot file system: your computer’s own kernel')
  await app.expectAccessible()
  await app.details.getByRole('button', { name: /\d+ settings/ }).click()
  await expect(app.details).toContainText('daemon off;')
})

test('a shared layer names the images that share it, and links to them', async ({ app }) => {
  await app.row('nginx', '1.27').click()
  const base = app.details.getByRole('list', { name: 'Layers, newest first' }).locator('> li').last()
  await base.getByRole('button', { name: /^shared with \d+ images/ }).click()
  await base.getByRole('button', { name: 'redis:7' }).click()
  await expect(app.row('redis', '7')).toBeFocused()
  await expect(app.details.getByRole('heading', { level: 2 })).toHaveText('redis:7')
})

test('the arrow keys switch tabs, and the tab stays open when another image is selected', async ({ app }) => {
  await app.row('nginx', '1.27').click()
  await app.details.getByRole('tab', { name: 'Layers' }).focus()
  await app.page.keyboard.press('ArrowRight')
  await expect(app.details.getByRole('tab', { name: 'Details' })).toBeFocused()
  await expect(app.fact('Image ID')).toBeVisible()
  await app.row('redis', '7').click()
  await expect(app.fact('Tags')).toContainText('redis:7')
})

test('each layer shows one size, and an estimated size shows its possible range in a tooltip', async ({ app }) => {
  await app.row('redis', '7').click()
  const layers = app.details.getByRole('list', { name: 'Layers, newest first' }).locator('> li')
  await expect(layers).toHaveCount(6)
  for (const text of await layers.locator('.tabular-nums').allTextContents())
    expect(text.trim()).toMatch(/^[\d.]+ (?:B|kB|MB)$/)
  await expect(layers.getByText('2.10 MB')).toHaveAttribute(
    'title',
    'Estimated size. Possible range: 8.70 kB to 2.10 MB',
  )
  // This WORKDIR created an empty layer.
  await expect(layers.filter({ hasText: 'WORKDIR' }).getByText('0 B')).toBeVisible()
})
