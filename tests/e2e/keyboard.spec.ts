import { expect, test } from './slipway.ts'

test('arrow keys, j and k move through the list; Home and End go to its ends', async ({ app }) => {
  const { keyboard } = app.page
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await app.list.getByRole('row').nth(1).focus()
  await keyboard.press('ArrowDown')
  await keyboard.press('j')
  await expect(app.focusedRow).toHaveAttribute('aria-rowindex', '4')
  await keyboard.press('k')
  await keyboard.press('ArrowUp')
  await expect(app.focusedRow).toHaveAttribute('aria-rowindex', '2')
  await keyboard.press('End')
  await expect(app.focusedRow).toHaveAttribute('aria-rowindex', (await app.list.getAttribute('aria-rowcount'))!)
  await keyboard.press('Home')
  await expect(app.focusedRow).toHaveAttribute('aria-rowindex', '2')
})

test('from the filter, Down goes to the list, Enter to the details, and Esc back', async ({ app }) => {
  const { keyboard } = app.page
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await keyboard.press('Control+f')
  await expect(app.filter).toBeFocused()
  await keyboard.type('nginx 1.25')
  await keyboard.press('ArrowDown')
  await expect(app.row('nginx', '1.25')).toBeFocused()
  await keyboard.press('Enter')
  await expect(app.details).toBeFocused()
  await keyboard.press('Escape')
  await expect(app.row('nginx', '1.25')).toBeFocused()
  await keyboard.press('/')
  await keyboard.press('Escape')
  await expect(app.filter).toHaveValue('')
})

test('F10 opens the menu, arrow keys move in it, and Esc closes it', async ({ app }) => {
  const { keyboard } = app.page
  await expect(app.list).toBeVisible()
  await keyboard.press('F10')
  await expect(app.page.getByRole('menuitemradio', { name: 'System default' }).first()).toBeFocused()
  await keyboard.press('ArrowUp')
  await expect(app.page.getByRole('menuitem', { name: 'Quit Slipway' })).toBeFocused()
  await keyboard.press('Escape')
  await expect(app.page.getByRole('menu')).toBeHidden()
})

test('if the row under the cursor disappears, another row gets the focus', async ({ app, demo }) => {
  await demo.docker.getImage('busybox:latest').tag({ repo: 'aaa-passing', tag: '1' })
  await app.filter.fill('aaa-passing')
  await expect(app.row('aaa-passing', '1')).toBeVisible()
  await app.filter.fill('')
  await app.page.getByRole('columnheader').getByRole('button', { name: 'Repository' }).click()
  await app.row('aaa-passing', '1').focus()
  await demo.docker.getImage('aaa-passing:1').remove()
  await expect(app.row('aaa-passing', '1')).toHaveCount(0)
  await expect(app.list.locator('[role=row]:focus')).toHaveCount(1)
})

test('Ctrl+Q quits the app', async ({ open, demo }) => {
  const app = await open({ socket: demo.socket })
  await expect(app.list).toBeVisible()
  await app.quit()
})
