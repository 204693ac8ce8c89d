import { boxOptions, expect, busyboxImage, test } from './terminal-screen.ts'

test('busybox runs interactively: the output of commands is shown, and the exit code at the end', async ({
  app,
  demo,
  terminals,
}) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('box')
  await expect(terminals.tabs).toHaveText(['box · sh'])
  await terminals.type('echo $((6*7))')
  await expect(terminals.row('42')).toBeVisible()
  await expect(app.footer).toHaveText('Closing this terminal leaves the container running.')
  await terminals.type('exit 3')
  await expect(app.footer).toContainText('Ended with exit code 3.')
  await app.footer.getByRole('button', { name: 'Close' }).click()
  await expect(app.list).toBeVisible()
  await expect(app.page.getByRole('link', { name: 'Terminals' })).toHaveCount(0)
})

test('keys that are shortcuts elsewhere go to the program, and so does Ctrl+C', async ({ app, demo, terminals }) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  // Keys typed before `cat` reads would go to the shell.
  await terminals.type('echo ready; cat > /typed')
  await expect(terminals.row('ready')).toBeVisible({ timeout: 30_000 })
  await app.page.keyboard.type('j/k?g')
  await app.page.keyboard.press('Control+k')
  await app.page.keyboard.press('F10')
  await terminals.type('')
  // The terminal echoes control keys in this form.
  await expect(terminals.row('j/k?g^K^[[21~')).toBeVisible()
  await app.page.keyboard.press('Control+c')
  await expect(terminals.row('^C')).toBeVisible()
  await expect(app.page.getByRole('dialog').or(app.page.getByRole('menu'))).toBeHidden()
  await terminals.type('echo "ended $?"; cat -v /typed')
  await expect(terminals.row('ended 130')).toBeVisible()
  await expect(terminals.row('j/k?g^K^[[21~')).toHaveCount(2)
})

test('Chinese characters and emoji take two cells each and appear where the program puts them', async ({
  demo,
  terminals,
}) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.type(`clear; echo "你好，世界|"; echo "1234567890|"; echo "👩‍👩‍👧🇨🇳|"; echo "1234|"; printf '\\033[8;1H'`)
  await expect(terminals.row('你好，世界|')).toBeVisible()
  await expect(terminals.row('👩‍👩‍👧🇨🇳|')).toBeVisible()
  // The bars line up.
  expect(Math.abs((await terminals.endOf('你好，世界|')) - (await terminals.endOf('1234567890|')))).toBeLessThan(1)
  expect(Math.abs((await terminals.endOf('👩‍👩‍👧🇨🇳|')) - (await terminals.endOf('1234|')))).toBeLessThan(1)
  // The shell receives Chinese as UTF-8: two characters are six bytes.
  await terminals.insert('printf %s 容器 | wc -c')
  await terminals.type('')
  await expect(terminals.row('6')).toBeVisible()
})

test('the program sees the terminal’s size, also after the window is resized', async ({ app, demo, terminals }) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  let queryCount = 0
  const readReportedSize = async () => {
    queryCount++
    await terminals.type(`echo "<${queryCount} $(busybox stty size)>"`)
    const row = terminals.text.locator('> div').filter({ hasText: new RegExp(`^<${queryCount} \\d+ \\d+>`) })
    await expect(row).toBeVisible()
    return (await row.textContent())!.match(/\d+/g)!.slice(1).map(Number)
  }
  const [rows] = await readReportedSize()
  expect(rows).toBe(await terminals.rowCount())
  await app.page.setViewportSize({ width: 900, height: 520 })
  await expect.poll(() => terminals.rowCount()).toBeLessThan(rows!)
  const [rowsAfterResize, columnsAfterResize] = await readReportedSize()
  expect(rowsAfterResize).toBe(await terminals.rowCount())
  expect(columnsAfterResize).toBeLessThan(110)
})

test('a tab keeps running while other screens and tabs are shown', async ({ app, demo, terminals }) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.run(demo, busyboxImage, { ...boxOptions, name: 'other' })
  await terminals.tabs.first().click()
  await terminals.type('sleep 1; echo here meanwhile')
  await app.page.keyboard.press('Control+PageDown')
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('other')
  await app.page.getByRole('link', { name: 'Images' }).click()
  await expect(app.list).toBeVisible()
  await terminals.show()
  await terminals.focus()
  await app.page.keyboard.press('Control+PageUp')
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('box')
  await expect(terminals.row('here meanwhile')).toBeVisible()
  await terminals.type('echo the focus is here')
  await expect(terminals.row('the focus is here')).toBeVisible()
})

test('the tabs can be reached, switched and closed by keyboard', async ({ app, demo, terminals }) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.run(demo, busyboxImage, { ...boxOptions, name: 'other' })
  const { keyboard } = app.page
  await keyboard.press('Control+Shift+Escape')
  await expect(terminals.tabs.nth(1)).toBeFocused()
  // The tab bar scrolls, so it would clip a focus ring outside a tab.
  await expect(terminals.tabs.nth(1)).toHaveCSS('outline', /solid 2px$/)
  await expect(terminals.tabs.nth(1)).toHaveCSS('outline-offset', '-2px')
  await keyboard.press('ArrowLeft')
  await expect(terminals.tabs.first()).toBeFocused()
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('box')
  await keyboard.press('Tab')
  await expect(app.page.getByRole('button', { name: 'Close box · sh' })).toBeFocused()
  await keyboard.press('Enter')
  await expect(terminals.tabs).toHaveText(['other · sh'])
  await terminals.focus()
  await keyboard.press('Control+Shift+W')
  await expect(app.list).toBeVisible()
  // Both containers keep running.
  const running = (await demo.docker.listContainers()).flatMap(({ Names }) => Names)
  expect(running).toEqual(expect.arrayContaining(['/box', '/other']))
})

test('closing the terminal of a shell asks first, because it ends the shell', async ({ app, demo, terminals }) => {
  const container = await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.open(container, 'shell')
  await terminals.type('sleep 1234')
  await expect(app.footer).toHaveText(
    'Closing this terminal ends this shell and what runs in it. The container keeps running.',
  )
  await app.page.keyboard.press('Control+Shift+W')
  const dialog = app.page.getByRole('dialog', { name: 'Close box · bash?' })
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.page.keyboard.press('Enter')
  await expect(terminals.tabs).toHaveCount(2)
  await expect(terminals.input).toBeFocused()
  await app.page.keyboard.press('Control+Shift+W')
  await dialog.getByRole('button', { name: 'End the shell' }).click()
  await expect(terminals.tabs).toHaveCount(1)
  const isSleeping = async () => JSON.stringify(await demo.docker.getContainer(container).top()).includes('sleep 1234')
  await expect.poll(isSleeping).toBe(false)
})

test('the scrollback can be searched', async ({ app, demo, terminals }) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.type('seq 1 300; echo all')
  await expect(terminals.row('all')).toBeVisible()
  await expect(terminals.row('42')).toHaveCount(0)
  await app.page.keyboard.press('Control+Shift+F')
  const search = app.page.getByRole('search')
  await expect(search.getByRole('textbox')).toBeFocused()
  await app.page.keyboard.type('42')
  await expect(search.getByRole('status')).toHaveText('3 of 3')
  for (let step = 0; step < 2; step++) await app.page.keyboard.press('Enter')
  await expect(search.getByRole('status')).toHaveText('1 of 3')
  await expect(terminals.row('42')).toBeVisible()
  await app.page.keyboard.type('x')
  await expect(search.getByRole('status')).toHaveText('Not found')
  await app.page.keyboard.press('Escape')
  await expect(search).toBeHidden()
  await expect(terminals.input).toBeFocused()
})
