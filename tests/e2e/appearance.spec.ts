import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { electronBinary } from '../../tools/electron.ts'
import { expect, test } from './slipway.ts'

const { real } = electronBinary()
let config: string
test.beforeEach(() => void (config = mkdtempSync(join(tmpdir(), 'slipway-config-'))))
test.afterEach(() => rmSync(config, { recursive: true, force: true }))

test('the language is that of the system, a choice takes effect at once, and the choice survives a restart', async ({
  open,
  demo,
}) => {
  const app = await open({ socket: demo.socket, language: 'zh-CN', config })
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('镜像')
  await expect(app.page.locator('html')).toHaveAttribute('lang', 'zh-CN')
  await app.chooseInMenu('语言', 'English')
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('Images')
  await expect(app.page.locator('html')).toHaveAttribute('lang', 'en')
  await app.close()

  const restarted = await open({ socket: demo.socket, language: 'zh-CN', config })
  await expect(restarted.page.getByRole('heading', { level: 1 })).toHaveText('Images')
})

test('switching between light and dark takes effect at once', async ({ open, demo }) => {
  const app = await open({ socket: demo.socket, config })
  const backgroundColor = () => app.page.evaluate('getComputedStyle(document.body).backgroundColor')
  await app.chooseInMenu('Appearance', 'Light')
  const lightBackground = await backgroundColor()
  await app.chooseInMenu('Appearance', 'Dark')
  await expect.poll(backgroundColor).not.toBe(lightBackground)
})

for (const theme of ['Light', 'Dark'])
  test(`the list, the details and the menu are accessible in the ${theme.toLowerCase()} theme`, async ({
    open,
    demo,
  }) => {
    const app = await open({ socket: demo.socket, config })
    await app.chooseInMenu('Appearance', theme)
    await app.row('nginx', '1.27').click()
    await app.openTab('Details')
    await expect(app.fact('Command')).toBeVisible()
    await app.expectAccessible()
    await app.page.keyboard.press('F10')
    await expect(app.page.getByRole('menu')).toBeVisible()
    await app.expectAccessible()
  })

test('Ctrl+Plus and Ctrl+Minus zoom, Ctrl+0 resets the zoom, and the zoom survives a restart', async ({
  open,
  demo,
}) => {
  const app = await open({ socket: demo.socket, config })
  const zoomFactor = () =>
    app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getZoomFactor())
  await expect(app.list).toBeVisible()
  await app.page.keyboard.press('Control+=')
  await expect.poll(zoomFactor).toBeCloseTo(1.1)
  await app.page.keyboard.press('Control+0')
  await expect.poll(zoomFactor).toBe(1)
  await app.page.keyboard.press('Control+-')
  await expect.poll(zoomFactor).toBeCloseTo(0.9)
  await app.close()
  const restarted = await open({ socket: demo.socket, config })
  await expect(restarted.list).toBeVisible()
  await expect
    .poll(() =>
      restarted.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.webContents.getZoomFactor()),
    )
    .toBeCloseTo(0.9)
})

test('the window opens with the size it had at the last quit', async ({ open, demo }) => {
  const app = await open({ socket: demo.socket, config })
  await expect(app.list).toBeVisible()
  const newBounds = { x: 40, y: 60, width: 1000, height: 640 }
  await app.electron.evaluate(
    ({ BrowserWindow }, bounds) => BrowserWindow.getAllWindows()[0]!.setBounds(bounds),
    newBounds,
  )
  await expect
    .poll(() => app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]!.getNormalBounds().width))
    .toBe(newBounds.width)
  await app.quit()
  const restarted = await open({ socket: demo.socket, config })
  await expect(restarted.list).toBeVisible()
  const bounds = await restarted.electron.evaluate(({ BrowserWindow }) =>
    BrowserWindow.getAllWindows()[0]!.getNormalBounds(),
  )
  expect({ width: bounds.width, height: bounds.height }).toEqual({ width: newBounds.width, height: newBounds.height })
})

test('a second instance of the app exits, and the first keeps its one window', async ({ open, demo }) => {
  test.skip(
    !real,
    'Playwright cannot follow an app that exits before it opens a window; the stand-in’s lock has its own test',
  )
  const app = await open({ socket: demo.socket, config })
  await expect(app.list).toBeVisible()
  await expect(open({ socket: demo.socket, config })).rejects.toThrow()
  expect(await app.electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows().length)).toBe(1)
})
