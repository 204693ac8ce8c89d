import { expect, test } from './slipway.ts'

test('grouped by repository, the list is a tree of groups with their image counts', async ({ app }) => {
  await app.page.getByRole('button', { name: 'By repository' }).click()
  await expect(app.page.getByRole('treegrid')).toBeVisible()
  const ubuntu = app.row('ubuntu', '3 images')
  await expect(ubuntu).toHaveAttribute('aria-expanded', 'false')
  await expect(app.row('ubuntu', '12.04')).toHaveCount(0)
  await ubuntu.dblclick()
  await expect(ubuntu).toHaveAttribute('aria-expanded', 'true')
  await expect(app.row('ubuntu', '12.04')).toHaveAttribute('aria-level', '2')
  await app.expectAccessible()
  await app.page.getByRole('button', { name: 'List', exact: true }).click()
  await expect(app.page.getByRole('grid')).toBeVisible()
})

test('the arrow keys open and close groups, and Left goes from an image to its group', async ({ app }) => {
  const { keyboard } = app.page
  await expect(app.rows.first()).toBeVisible()
  await keyboard.press('g')
  await app.row('python', '2 images').click()
  await keyboard.press('ArrowRight')
  await expect(app.row('python', '3.9')).toBeVisible()
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowLeft')
  await expect(app.row('python', '2 images')).toBeFocused()
  await keyboard.press('ArrowLeft')
  await expect(app.row('python', '3.9')).toHaveCount(0)
})

test('selecting a group selects its images, and "keep the newest" selects all but the newest', async ({ app }) => {
  const { keyboard } = app.page
  await expect(app.rows.first()).toBeVisible()
  await keyboard.press('g')
  await app.row('ubuntu', '3 images').click()
  await keyboard.press('Space')
  await expect(app.footer).toContainText('3 selected')
  await keyboard.press('Escape')
  await expect(app.details.getByRole('heading', { level: 2 })).toHaveText('ubuntu')
  await app.details.getByRole('combobox').selectOption('1')
  await app.details.getByRole('button', { name: 'Select the other 2' }).click()
  await expect(app.footer).toContainText('2 selected')
  await app.row('ubuntu', '3 images').dblclick()
  await expect(app.row('ubuntu', '24.04')).toHaveAttribute('aria-selected', 'false')
  await expect(app.row('ubuntu', '12.04')).toHaveAttribute('aria-selected', 'true')
  await expect(app.row('ubuntu', '3 images').getByRole('gridcell', { name: 'Some selected' })).toBeVisible()
})
