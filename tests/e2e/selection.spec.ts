import { expect, test } from './slipway.ts'

const onlySelected = { selected: true } as const

test('Ctrl+click, Shift+click and the check box select rows, and the details pane summarizes two or more images', async ({
  app,
}) => {
  const selectedRows = app.list.getByRole('row', onlySelected)
  await app.row('nginx', '1.27').click()
  await expect(selectedRows).toHaveCount(0)
  await app.row('nginx', '1.27').click({ modifiers: ['Control'] })
  await app.row('redis', '7').getByRole('gridcell').first().click()
  await expect(selectedRows).toHaveCount(2)
  await expect(app.footer).toContainText('2 selected')
  await expect(app.details.getByRole('heading', { level: 2 })).toHaveText('2 images selected')
  await expect(app.details).toContainText('1 has other tags that are not selected, so only a tag is removed.')
  await app.row('redis', '7').getByRole('gridcell').first().click()
  await expect(app.details.getByRole('heading', { level: 2 })).toHaveText('redis:7')

  await app.page.getByRole('columnheader').getByRole('button', { name: 'Repository' }).click()
  await app.footer.getByRole('button', { name: 'Clear' }).click()
  await app.row('ubuntu', '12.04').click()
  await app.row('ubuntu', '24.04').click({ modifiers: ['Shift'] })
  await expect(selectedRows).toHaveCount(3)
  await app.expectAccessible()
})

test('an image with several selected tags counts as one selected image', async ({ app }) => {
  await app.row('nginx', '1.27').click({ modifiers: ['Control'] })
  await app.row('nginx', 'stable').click({ modifiers: ['Control'] })
  await expect(app.footer).toContainText('2 selected')
  await expect(app.details.getByRole('heading', { level: 2 })).toHaveText('1 image selected')
  const [row] = await app.details.getByRole('listitem').allTextContents()
  expect(row).toContain('nginx:1.27, nginx:stable')
})

test('Space, Shift with the arrow keys and Ctrl+A select rows, and Esc clears the selection', async ({ app }) => {
  const { keyboard } = app.page
  const selectedRows = app.list.getByRole('row', onlySelected)
  await app.rows.first().focus()
  await keyboard.press('Space')
  await expect(selectedRows).toHaveCount(1)
  await keyboard.press('ArrowDown')
  await keyboard.press('ArrowDown')
  await keyboard.press('Shift+ArrowDown')
  await keyboard.press('Shift+ArrowDown')
  await expect(selectedRows).toHaveCount(4)
  await keyboard.press('Shift+ArrowUp')
  await expect(selectedRows).toHaveCount(3)
  await keyboard.press('Control+a')
  await expect(app.footer).toContainText(`${Number(await app.list.getAttribute('aria-rowcount')) - 1} selected`)
  await keyboard.press('Escape')
  await expect(selectedRows).toHaveCount(0)
})

test('the selection survives sorting, filtering and outside changes, and the footer says how much of it is hidden', async ({
  app,
  demo,
}) => {
  await app.row('nginx', '1.25').click({ modifiers: ['Control'] })
  await app.row('mysql', '8.4').click({ modifiers: ['Control'] })
  await app.page.getByRole('columnheader').getByRole('button', { name: 'Created' }).click()
  await expect(app.list.getByRole('row', onlySelected)).toHaveCount(2)

  await app.filter.fill('nginx')
  await expect(app.footer).toContainText('2 selected')
  await expect(app.footer).toContainText('1 of them hidden by the filter')
  await app.filter.fill('')

  await demo.docker.getImage('redis:7').tag({ repo: 'while', tag: 'selected' })
  await expect(app.row('while', 'selected')).toBeVisible()
  await expect(app.footer).toContainText('2 selected')
  await app.row('while', 'selected').click({ modifiers: ['Control'] })
  await expect(app.footer).toContainText('3 selected')
  await demo.docker.getImage('while:selected').remove()
  await expect(app.footer).toContainText('2 selected')
})

test('the check box in the header selects all shown rows, and clears the selection', async ({ app }) => {
  await app.filter.fill('nginx')
  const checkbox = app.page.getByRole('checkbox', { name: 'Select all shown' })
  await checkbox.click()
  await expect(checkbox).toBeChecked()
  await expect(app.footer).toContainText('3 selected')
  await app.filter.fill('')
  await expect(checkbox).toHaveAttribute('aria-checked', 'mixed')
  await checkbox.click()
  await checkbox.click()
  await expect(app.list.getByRole('row', onlySelected)).toHaveCount(0)
})

test('“?” shows the keyboard shortcuts', async ({ app }) => {
  await expect(app.rows.first()).toBeVisible()
  await app.page.keyboard.press('?')
  await expect(app.page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toContainText('Extend the selection')
  await app.expectAccessible()
  await app.page.keyboard.press('Escape')
  await expect(app.page.getByRole('dialog')).toBeHidden()
})
