import type { ElectronApplication, Page } from '@playwright/test'
import { boxOptions, expect, busyboxImage, TerminalScreen, test } from './terminal-screen.ts'

test('one line is pasted at once, several lines only after a confirmation, and control characters are removed', async ({
  app,
  demo,
  terminals,
}) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.paste('echo pas\x1b\x07ted\n')
  await expect(terminals.row('/ # echo pasted')).toBeVisible()
  await app.page.keyboard.press('Enter')
  await expect(terminals.row('pasted')).toBeVisible()

  await terminals.paste('echo one\necho two\n')
  const dialog = app.page.getByRole('dialog', { name: 'Paste 2 lines?' })
  await expect(dialog.getByRole('region')).toHaveText('echo one\necho two')
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.page.keyboard.press('Escape')
  await expect(dialog).toBeHidden()
  await expect(terminals.input).toBeFocused()
  await terminals.paste('echo one\necho two\n')
  await dialog.getByRole('button', { name: 'Paste' }).click()
  await expect(terminals.row('one')).toBeVisible()
  await expect(terminals.row('two')).toBeVisible()
  await expect(terminals.input).toBeFocused()
})

test('10 MB that are pasted arrive at the program', async ({ demo, terminals }) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  const length = 10_000_000
  await terminals.type(
    `clear; stty -icanon -echo; echo ready; head -c ${length} | tr -d x | wc -c; stty sane; echo end $((1+1))`,
  )
  await expect(terminals.row('ready')).toBeVisible()
  await terminals.paste('x'.repeat(length))
  await expect(terminals.row('end 2')).toBeVisible({ timeout: 60_000 })
  await expect(terminals.row('0')).toBeVisible()
})

test('selected text is copied, and a program cannot write to the clipboard', async ({ app, demo, terminals }) => {
  await app.electron.evaluate(({ clipboard }) => clipboard.writeText('original'))
  await terminals.run(demo, busyboxImage, boxOptions)
  // OSC 52 is the escape sequence that writes to the clipboard.
  await terminals.type(`printf '\\033]52;c;aGFja2Vk\\007'; echo "done $((1+1))"`)
  await expect(terminals.row('done 2')).toBeVisible()
  expect(await app.clipboard()).toBe('original')
  await terminals.row('done 2').dblclick({ position: { x: 5, y: 5 }, force: true })
  await app.page.keyboard.press('Control+Shift+C')
  await expect.poll(() => app.clipboard()).toBe('done')
})

test('a program can change neither the title of its tab nor that of the window', async ({ app, demo, terminals }) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  const title = await app.page.title()
  const tab = (await terminals.tabs.last().textContent())!
  // OSC 0 and 2 set a terminal's title; CSI 21 t would have it typed into the shell.
  await terminals.type(`printf '\\033]0;evil\\007\\033]2;evil\\007\\033[21t'; echo "done $((1+1))"`)
  await expect(terminals.row('done 2')).toBeVisible()
  expect(await app.page.title()).toBe(title)
  expect(
    await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getTitle()),
  ).not.toContain('evil')
  await expect(terminals.tabs.last()).toHaveText(tab)
  await terminals.type('echo "clean $((2+2))"')
  await expect(terminals.row('clean 4')).toBeVisible()
})

test('before a link is opened, main shows its full address and asks, and only web addresses are opened', async ({
  app,
  demo,
  terminals,
}) => {
  await recordOpenedAddresses(app)
  await terminals.run(demo, busyboxImage, boxOptions)
  const address = 'https://user@example.com/a?b=c'
  const question = `Open example.com in the browser?|${address}|Cancel|Open`
  await terminals.type(`clear; printf '\\033]8;;${address}\\033\\\\click-me\\033]8;;\\033\\\\\\n'`)
  await expect(terminals.row('click-me')).toBeVisible()
  await app.answerQuestions(0)
  await terminals.click('click-me', 10)
  await expect.poll(() => app.questions()).toEqual([question])
  expect(await readOpenedAddresses(app)).toEqual([])
  await app.answerQuestions(1)
  await terminals.click('click-me', 10)
  await expect.poll(() => readOpenedAddresses(app)).toEqual([address])

  await app.answerQuestions(0)
  await terminals.type('echo see https://example.org/x.')
  await expect(terminals.row('see https://example.org/x.')).toBeVisible()
  await terminals.click('see https://example.org/x.', 60)
  await expect
    .poll(() => app.questions())
    .toEqual(['Open example.org in the browser?|https://example.org/x|Cancel|Open'])

  for (const invalid of ['file:///etc/passwd', 'javascript:alert(1)', 'https://', 'http://a b/'])
    expect(await app.page.evaluate(`slipway.call('window.openLink', ${JSON.stringify(invalid)})`)).toMatchObject({
      ok: false,
    })
  expect(await app.questions()).toHaveLength(1)
  expect(await readOpenedAddresses(app)).toEqual([address])
})

test('a terminal still works after a program has written random bytes', async ({ app, demo, terminals }) => {
  const readViolations = await watchViolations(app.page)
  await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.type('head -c 300000 /dev/urandom; printf "\\033c"; echo still here')
  await expect(terminals.row('still here')).toBeVisible()
  await app.page.keyboard.press('Control+u')
  await terminals.type('clear; echo calm')
  await expect(terminals.row('calm')).toBeVisible()
  expect(await readViolations()).toEqual([])
})

for (const theme of ['light', 'dark'] as const)
  test(`in the ${theme} theme the Terminals screen is accessible and does not violate the content security policy`, async ({
    open,
    demo,
  }) => {
    const app = await open({ socket: demo.socket, theme })
    await expect(app.list).toBeVisible()
    const readViolations = await watchViolations(app.page)
    const terminals = new TerminalScreen(app)
    const container = await terminals.run(demo, busyboxImage, { ...boxOptions, name: `axe-${theme}` })
    await terminals.type(
      `printf '\\033[31mred \\033[38;2;200;30;90mtrue colour\\033[0m \\033[7minverse\\033[0m\\n'; ls`,
    )
    await app.expectAccessible()
    await app.page.keyboard.press('Control+Shift+F')
    await app.page.keyboard.type('red')
    await app.expectAccessible()
    await app.page.keyboard.press('Escape')
    await terminals.panel.locator('.xterm-screen').click({ button: 'right' })
    await expect(app.page.getByRole('menuitem', { name: 'Copy' })).toBeFocused()
    await app.expectAccessible()
    await app.page.getByRole('menuitemradio', { name: 'For a screen reader' }).click()
    await expect(terminals.panel.getByRole('list')).toContainText('true colour inverse')
    await app.expectAccessible()
    await terminals.focus()
    await terminals.paste('one\ntwo')
    await expect(app.page.getByRole('dialog')).toBeVisible()
    await app.expectAccessible()
    await app.page.keyboard.press('Escape')
    await terminals.open(container, 'logs')
    await app.expectAccessible()
    expect(await readViolations()).toEqual([])
    await demo.docker.getContainer(container).remove({ force: true })
  })

/** @returns a function that reads the violations of the content security policy since this call */
async function watchViolations(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(
    `window.refused = []
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, sample }) =>
      refused.push(effectiveDirective + ' ' + sample))`,
  )
  return () => page.evaluate<string[]>('window.refused')
}

type App = { readonly electron: ElectronApplication }

/** Records the addresses that the app asks the system to open, and opens none. */
async function recordOpenedAddresses({ electron }: App) {
  await electron.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { opened })
    shell.openExternal = async (url) => void opened.push(url)
  })
}
const readOpenedAddresses = ({ electron }: App) =>
  electron.evaluate(() => (globalThis as unknown as { readonly opened: string[] }).opened)
