import type { Page } from '@playwright/test'
import { startEngine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { runnableImages } from '../../tools/world/runnable.ts'
import { expect, test as base } from './slipway.ts'
import { TerminalScreen } from './terminals.ts'

const test = base.extend<{ terminals: TerminalScreen }>({
  terminals: async ({ app, demo }, use) => {
    const before = new Set((await demo.docker.listContainers({ all: true })).map(({ Id }) => Id))
    await expect(app.list).toBeVisible()
    await use(new TerminalScreen(app))
    for (const { Id } of await demo.docker.listContainers({ all: true }))
      if (!before.has(Id))
        await demo.docker
          .getContainer(Id)
          .remove({ force: true })
          .catch(() => undefined)
  },
})

const box = { name: 'box', command: 'sh', removeAtEnd: true }
const image = 'busybox:latest'

test('busybox interactively: what is typed is done and seen, and its end is told with the exit code', async ({
  app,
  demo,
  terminals,
}) => {
  await terminals.run(demo, image, box)
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('box')
  await expect(terminals.tabs).toHaveText(['box · sh'])
  await terminals.type('echo $((6*7))')
  await expect(terminals.row('42')).toBeVisible()
  await expect(app.foot).toHaveText('Closing this terminal leaves the container running.')
  await terminals.type('exit 3')
  await expect(app.foot).toContainText('Ended with exit code 3.')
  await app.foot.getByRole('button', { name: 'Close' }).click()
  await expect(app.list).toBeVisible()
  await expect(app.page.getByRole('link', { name: 'Terminals' })).toHaveCount(0)
})

test('no key of the app’s is taken from a program, and Ctrl+C reaches it', async ({ app, demo, terminals }) => {
  await terminals.run(demo, image, box)
  await terminals.type('cat > /typed')
  await app.page.keyboard.type('j/k?g')
  await app.page.keyboard.press('Control+k')
  await app.page.keyboard.press('F10')
  await terminals.type('')
  await app.page.keyboard.press('Control+c')
  await expect(app.page.getByRole('dialog').or(app.page.getByRole('menu'))).toBeHidden()
  await terminals.type('echo $?; cat -v /typed')
  await expect(terminals.row('130')).toBeVisible()
  await expect(terminals.row('j/k?g^K^[[21~')).toBeVisible()
})

test('Chinese and emoji take two cells each and stand where the program puts them', async ({ demo, terminals }) => {
  await terminals.run(demo, image, box)
  await terminals.type(`clear; echo "你好，世界|"; echo "1234567890|"; echo "👩‍👩‍👧🇨🇳|"; echo "1234|"; printf '\\033[8;1H'`)
  await expect(terminals.row('你好，世界|')).toBeVisible()
  await expect(terminals.row('👩‍👩‍👧🇨🇳|')).toBeVisible()
  // The bars stand one below the other.
  expect(Math.abs((await terminals.endOf('你好，世界|')) - (await terminals.endOf('1234567890|')))).toBeLessThan(1)
  expect(Math.abs((await terminals.endOf('👩‍👩‍👧🇨🇳|')) - (await terminals.endOf('1234|')))).toBeLessThan(1)
  // What is typed in Chinese arrives as such.
  await terminals.insert('printf %s 容器 | wc -c')
  await terminals.type('')
  await expect(terminals.row('6')).toBeVisible()
})

test('the program is told of the window’s size, and of each change', async ({ app, demo, terminals }) => {
  await terminals.run(demo, image, box)
  let asked = 0
  const told = async () => {
    asked++
    await terminals.type(`echo "<${asked} $(busybox stty size)>"`)
    const row = terminals.text.locator('> div').filter({ hasText: new RegExp(`^<${asked} \\d+ \\d+>`) })
    await expect(row).toBeVisible()
    return (await row.textContent())!.match(/\d+/g)!.slice(1).map(Number)
  }
  const [rows] = await told()
  expect(rows).toBe(await terminals.rowCount())
  await app.page.setViewportSize({ width: 900, height: 520 })
  await expect.poll(() => terminals.rowCount()).toBeLessThan(rows!)
  const [fewer, narrower] = await told()
  expect(fewer).toBe(await terminals.rowCount())
  expect(narrower).toBeLessThan(110)
})

test('three terminals come back with their text when the window is loaded anew, and go on', async ({
  app,
  demo,
  terminals,
}) => {
  const container = await terminals.run(demo, image, box)
  await terminals.type('echo the first')
  await expect(terminals.row('the first')).toBeVisible()
  await terminals.open(container, 'shell')
  await terminals.type('echo the second; tty')
  await expect(terminals.row('the second')).toBeVisible()
  await terminals.open(container, 'logs')
  await expect(terminals.row('the first')).toBeVisible()
  await expect(terminals.tabs).toHaveText(['box · sh', 'box · bash', 'box · logs'])

  await app.page.reload()
  await expect(app.page.getByRole('link', { name: 'Terminals' })).toContainText('3')
  await terminals.show()
  await expect(terminals.tabs).toHaveText(['box · sh', 'box · bash', 'box · logs'])
  await expect(terminals.row('the first')).toBeVisible()
  await terminals.tabs.nth(1).click()
  await expect(terminals.row('the second')).toBeVisible()
  await terminals.type('echo and on')
  await expect(terminals.row('and on')).toBeVisible()
})

test('a tab lives on while other screens and tabs are visited', async ({ app, demo, terminals }) => {
  await terminals.run(demo, image, box)
  await terminals.run(demo, image, { ...box, name: 'other' })
  await terminals.tabs.first().click()
  await terminals.type('sleep 1; echo here meanwhile')
  await app.page.keyboard.press('Control+PageDown')
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('other')
  await app.page.getByRole('link', { name: 'Images' }).click()
  await expect(app.list).toBeVisible()
  await terminals.show()
  await terminals.ready()
  await app.page.keyboard.press('Control+PageUp')
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('box')
  await expect(terminals.row('here meanwhile')).toBeVisible()
  await terminals.type('echo the focus is here')
  await expect(terminals.row('the focus is here')).toBeVisible()
})

test('the tabs are reached from a terminal by keyboard, walked and closed', async ({ app, demo, terminals }) => {
  await terminals.run(demo, image, box)
  await terminals.run(demo, image, { ...box, name: 'other' })
  const { keyboard } = app.page
  await keyboard.press('Control+Shift+Escape')
  await expect(terminals.tabs.nth(1)).toBeFocused()
  await keyboard.press('ArrowLeft')
  await expect(terminals.tabs.first()).toBeFocused()
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('box')
  await keyboard.press('Tab')
  await expect(app.page.getByRole('button', { name: 'Close box · sh' })).toBeFocused()
  await keyboard.press('Enter')
  await expect(terminals.tabs).toHaveText(['other · sh'])
  await terminals.ready()
  await keyboard.press('Control+Shift+W')
  await expect(app.list).toBeVisible()
  // Both containers go on.
  const running = (await demo.docker.listContainers()).flatMap(({ Names }) => Names)
  expect(running).toEqual(expect.arrayContaining(['/box', '/other']))
})

test('closing a shell ends it, so that is asked first', async ({ app, demo, terminals }) => {
  const container = await terminals.run(demo, image, box)
  await terminals.open(container, 'shell')
  await terminals.type('sleep 1234')
  await expect(app.foot).toHaveText('Closing this terminal ends this shell and what runs in it. The container goes on.')
  await app.page.keyboard.press('Control+Shift+W')
  const dialog = app.page.getByRole('dialog', { name: 'Close box · bash?' })
  await expect(dialog.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.page.keyboard.press('Enter')
  await expect(terminals.tabs).toHaveCount(2)
  await expect(terminals.input).toBeFocused()
  await app.page.keyboard.press('Control+Shift+W')
  await dialog.getByRole('button', { name: 'End the shell' }).click()
  await expect(terminals.tabs).toHaveCount(1)
  const sleeping = async () => JSON.stringify(await demo.docker.getContainer(container).top()).includes('sleep 1234')
  await expect.poll(sleeping).toBe(false)
})

test('one line is pasted at once, several are asked about, and no control character comes along', async ({
  app,
  demo,
  terminals,
}) => {
  await terminals.run(demo, image, box)
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

test('what is selected is copied, and a program cannot write to the clipboard', async ({ app, demo, terminals }) => {
  await app.electron.evaluate(({ clipboard }) => clipboard.writeText('kept'))
  await terminals.run(demo, image, box)
  // OSC 52
  await terminals.type(`printf '\\033]52;c;aGFja2Vk\\007'; echo "done $((1+1))"`)
  await expect(terminals.row('done 2')).toBeVisible()
  expect(await app.clipboard()).toBe('kept')
  await terminals.row('done 2').dblclick({ position: { x: 5, y: 5 }, force: true })
  await app.page.keyboard.press('Control+Shift+C')
  await expect.poll(() => app.clipboard()).toBe('done')
})

test('a link asks first, with its whole address, and only pages are opened', async ({ app, demo, terminals }) => {
  await watchOpened(app)
  await terminals.run(demo, image, box)
  const address = 'https://user@example.com/a?b=c'
  await terminals.type(`clear; printf '\\033]8;;${address}\\033\\\\click-me\\033]8;;\\033\\\\\\n'`)
  await expect(terminals.row('click-me')).toBeVisible()
  await terminals.click('click-me', 10)
  const dialog = app.page.getByRole('dialog', { name: 'Open example.com in the browser?' })
  await expect(dialog).toContainText(address)
  await app.page.keyboard.press('Enter')
  await expect(dialog).toBeHidden()
  expect(await opened(app)).toEqual([])
  await terminals.click('click-me', 10)
  await dialog.getByRole('button', { name: 'Open' }).click()
  await expect.poll(() => opened(app)).toEqual([address])

  await terminals.type('echo see https://example.org/x.')
  await expect(terminals.row('see https://example.org/x.')).toBeVisible()
  await terminals.click('see https://example.org/x.', 60)
  await expect(app.page.getByRole('dialog', { name: 'Open example.org in the browser?' })).toContainText(
    'https://example.org/x',
  )
  await app.page.keyboard.press('Escape')

  for (const wrong of ['file:///etc/passwd', 'javascript:alert(1)', 'https://'])
    expect(await app.page.evaluate(`slipway.call('window.openLink', ${JSON.stringify(wrong)})`)).toMatchObject({
      ok: false,
    })
  expect(await opened(app)).toEqual([address])
})

test('what went by is found again', async ({ app, demo, terminals }) => {
  await terminals.run(demo, image, box)
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

test('a program that ended is started again in its place', async ({ app, demo, terminals }) => {
  await terminals.run(demo, image, { ...box, removeAtEnd: false })
  await terminals.type('exit 0')
  await expect(app.foot).toContainText('Ended with exit code 0.')
  await app.foot.getByRole('button', { name: 'Start again' }).click()
  await expect(app.foot).toHaveText('Closing this terminal leaves the container running.')
  await expect(terminals.tabs).toHaveText(['box · sh'])
  await expect(terminals.row('/ #')).toBeVisible()
  await terminals.type('echo again')
  await expect(terminals.row('again')).toBeVisible()
})

test('Stop stops the container, and the terminal tells that it ended', async ({ app, demo, terminals }) => {
  await terminals.run(demo, image, { ...box, command: 'sh -c "trap \'exit 143\' TERM; while :; do sleep 0.1; done"' })
  await app.page.getByRole('button', { name: 'Stop' }).click()
  await expect(app.foot).toContainText('Ended with exit code 143. It was asked to stop, and did.')
  await expect(app.page.getByRole('button', { name: 'Stop' })).toBeHidden()
})

test('10 MB of output go by, the window answers, and the end is there', async ({ app, demo, terminals }) => {
  await terminals.run(demo, image, box)
  await terminals.type(
    'yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c 10000000; echo; echo "bytes: $((10*1000*1000))"',
  )
  await app.page.getByRole('link', { name: 'Images' }).click()
  await expect(app.list).toBeVisible()
  await app.row('nginx', '1.27').click()
  await expect(app.row('nginx', '1.27')).toBeFocused()
  await terminals.show()
  await expect(terminals.row('bytes: 10000000')).toBeVisible({ timeout: 30_000 })
  await terminals.ready()
  await terminals.type('echo and on')
  await expect(terminals.row('and on')).toBeVisible()
})

test('random bytes do no harm', async ({ app, demo, terminals }) => {
  const refused = await violations(app.page)
  await terminals.run(demo, image, box)
  await terminals.type('head -c 300000 /dev/urandom; printf "\\033c"; echo still here')
  await expect(terminals.row('still here')).toBeVisible()
  await app.page.keyboard.press('Control+u')
  await terminals.type('clear; echo calm')
  await expect(terminals.row('calm')).toBeVisible()
  expect(await refused()).toEqual([])
})

test('an engine that dies is told under the text, which stays', async ({ open }) => {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    await loadImages(engine.docker, runnableImages())
    const app = await open({ socket: engine.socket })
    await expect(app.list).toBeVisible()
    const terminals = new TerminalScreen(app)
    await terminals.run(engine, 'box:1', { name: 'box', command: 'sh' })
    await terminals.type('echo before')
    await expect(terminals.row('before')).toBeVisible()
    await engine.stop()
    await expect(app.foot).toContainText('Docker went away. What ran here may still be running.')
    await expect(terminals.row('before')).toBeVisible()
    await app.foot.getByRole('button', { name: 'Close' }).click()
    await expect(app.page.getByRole('link', { name: 'Terminals' })).toHaveCount(0)
  } finally {
    await engine.stop()
  }
})

for (const theme of ['light', 'dark'] as const)
  test(`the ${theme} screen is accessible, and nothing in it offends the policy`, async ({ open, demo }) => {
    const app = await open({ socket: demo.socket, theme })
    await expect(app.list).toBeVisible()
    const refused = await violations(app.page)
    const terminals = new TerminalScreen(app)
    const container = await terminals.run(demo, image, { ...box, name: `axe-${theme}` })
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
    await app.page.keyboard.press('Escape')
    await terminals.ready()
    await terminals.paste('one\ntwo')
    await expect(app.page.getByRole('dialog')).toBeVisible()
    await app.expectAccessible()
    await app.page.keyboard.press('Escape')
    await terminals.open(container, 'logs')
    await app.expectAccessible()
    expect(await refused()).toEqual([])
    await demo.docker.getContainer(container).remove({ force: true })
  })

/** What the content security policy has refused since. */
async function violations(page: Page): Promise<() => Promise<string[]>> {
  await page.evaluate(
    `window.refused = []
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective, sample }) =>
      refused.push(effectiveDirective + ' ' + sample))`,
  )
  return () => page.evaluate<string[]>('window.refused')
}

type App = { readonly electron: import('@playwright/test').ElectronApplication }

/** Notes what would be opened, and opens nothing. */
async function watchOpened({ electron }: App) {
  await electron.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { opened })
    shell.openExternal = async (url) => void opened.push(url)
  })
}
const opened = ({ electron }: App) =>
  electron.evaluate(() => (globalThis as unknown as { readonly opened: string[] }).opened)
