import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import type { MirrorBehaviour, Mirror, Mirrors } from '../../tools/world/mirrors.ts'
import { expect, test as base, type Slipway } from './slipway.ts'

interface Fixtures {
  /** Starts a mirror with this behaviour, and adds it to the app's list through the dialog. */
  addMirror: (app: Slipway, name: string, behaviour?: MirrorBehaviour) => Promise<Mirror>
  mirrors: Mirrors
  /** The app over an engine that is configured without mirrors. */
  unmirroredApp: Slipway
}

const test = base.extend<Fixtures, { unmirroredEngine: Engine }>({
  unmirroredEngine: [
    async ({ dockerHub }, use) => {
      const engine = await startEngine({ version: '26.1', store: 'classic', env: dockerHub.hub.engineEnv })
      try {
        await use(engine)
      } finally {
        await engine.stop()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  mirrors: async ({ dockerHub }, use) => {
    dockerHub.mirrors.setDnsConditions('normal')
    await use(dockerHub.mirrors)
  },
  unmirroredApp: async ({ open, unmirroredEngine, hub }, use) =>
    use(await open({ socket: unmirroredEngine.socket, env: hub.env })),
  addMirror: async ({ mirrors }, use) => {
    let count = mirrors.list.length
    await use(async (app, name, behaviour) => {
      const mirror = await mirrors.add(`${name}${++count}`, behaviour)
      await app.page.getByRole('button', { name: 'Add your own…' }).click()
      const dialog = app.page.getByRole('dialog')
      await dialog.getByRole('textbox').fill(mirror.host)
      await dialog.getByRole('button', { name: 'Add', exact: true }).click()
      await expect(dialog).toBeHidden()
      return mirror
    })
  },
})

const mirrorList = (app: Slipway) => app.page.getByRole('grid', { name: 'Docker Hub mirrors' })
const mirrorRow = (app: Slipway, { host }: Pick<Mirror, 'host'>) =>
  mirrorList(app).getByRole('row').filter({ hasText: host })
const mirrorPane = (app: Slipway) => app.page.getByRole('region', { name: 'About the mirror' })
const openMirrors = (app: Slipway) => app.page.getByRole('link', { name: 'Mirrors' }).click()

async function runRace(app: Slipway, image = 'nginx:1.27') {
  await app.page.getByRole('textbox', { name: 'Image to test with' }).fill(image)
  await app.page.getByRole('button', { name: /^Test/ }).click()
  await expect(app.page.getByRole('button', { name: 'Test again' })).toBeFocused({ timeout: 30_000 })
}

test('if Docker Hub does not answer, Discover leads to the mirrors, and a test finds one that works', async ({
  unmirroredApp: app,
  hub,
  addMirror,
}) => {
  hub.setBehaviour('all', 'down')
  await openMirrors(app)
  const good = await addMirror(app, 'good')
  const dead = await addMirror(app, 'dead', { connecting: 'refused' })
  await app.page.keyboard.press('Control+k')
  await app.page.getByRole('searchbox', { name: /^Search, or/ }).fill('nginx:1.27')
  await app.page.getByRole('main').getByRole('button', { name: 'Pull', exact: true }).first().click()
  await app.page.getByRole('button', { name: 'Find a mirror…' }).first().click({ timeout: 30_000 })

  await expect(app.page.getByRole('textbox', { name: 'Image to test with' })).toHaveValue('nginx:1.27')
  await app.page.getByRole('button', { name: 'Test', exact: true }).click()
  await expect(mirrorRow(app, good)).toContainText('fastest', { timeout: 30_000 })
  await expect(mirrorRow(app, good)).toContainText('MB/s')
  await expect(mirrorRow(app, dead)).toContainText('refused')
  await expect(app.page.getByRole('region', { name: /^How Docker Hub images/ })).toContainText('Docker Hub')
  await expect(mirrorList(app).getByRole('row').first()).toContainText(good.host)
  await mirrorRow(app, dead).click()
  await expect(mirrorPane(app)).toContainText('refuses connections')
  await app.expectAccessible()
})

test('before a test no mirror is marked as working, and closed mirrors are in a collapsed list with their closing dates', async ({
  unmirroredApp: app,
}) => {
  await openMirrors(app)
  await expect(app.page.getByText('Not tested from this computer yet', { exact: true })).toBeVisible()
  await expect(mirrorList(app).getByText(/fastest|works/)).toHaveCount(0)
  await expect(app.page.getByText('docker.mirrors.ustc.edu.cn')).toBeHidden()
  await app.page.getByText(/closed or restricted/).click()
  await expect(app.page.getByText('docker.mirrors.ustc.edu.cn')).toBeVisible()
  await expect(app.page.getByText('closed since 2024-06-06').first()).toBeVisible()
  await app.expectAccessible()
})

test('in Chinese, the facts about a mirror use Chinese punctuation', async ({ open, unmirroredEngine, hub }) => {
  const app = await open({ socket: unmirroredEngine.socket, env: hub.env, language: 'zh-CN' })
  await app.page.getByRole('link', { name: '镜像加速' }).click()
  await expect(app.page.getByRole('region', { name: '加速地址信息' })).toContainText(/截至 [\d-]+：\S/)
  await app.close()
})

test('mirrors that Docker uses are tested even if they are on no list, and a closed one is marked as closed', async ({
  open,
  dockerHub,
  mirrors,
  hub,
}) => {
  const unlisted = await mirrors.add('unlisted')
  const config = { 'registry-mirrors': ['https://docker.mirrors.ustc.edu.cn', unlisted.address] }
  const engine = await startEngine({ version: '26.1', store: 'classic', config, env: dockerHub.hub.engineEnv })
  try {
    const app = await open({ socket: engine.socket, env: hub.env })
    await openMirrors(app)
    const route = app.page.getByRole('region', { name: /^How Docker Hub images/ })
    const routeItem = (text: string) => route.getByRole('listitem').filter({ hasText: text })
    await expect(route).toContainText('closed since 2024-06-06')
    await expect(routeItem(unlisted.host)).toContainText('in use by Docker')
    const failing = app.page.getByRole('region', { name: 'A mirror that Docker uses does not work.' })
    await expect(failing).toContainText('docker.mirrors.ustc.edu.cn')
    await expect(failing).not.toContainText(unlisted.host)
    await expect(app.page.getByRole('link', { name: /^Mirrors/ }).getByRole('img')).toBeVisible()
    await runRace(app)
    await expect(routeItem(unlisted.host)).toContainText('works')
    await expect(route).toContainText('closed since 2024-06-06')
    await app.close()
  } finally {
    await engine.stop()
  }
})

test('a mirror that serves different content for a tag is shown with both digests', async ({
  unmirroredApp: app,
  addMirror,
}) => {
  await openMirrors(app)
  await addMirror(app, 'true')
  const lyingMirror = await addMirror(app, 'lying', { lies: 'tag' })
  await runRace(app)
  await expect(mirrorRow(app, lyingMirror)).toContainText(/(other|older) content/)
  await mirrorRow(app, lyingMirror).click()
  await expect(mirrorPane(app)).toContainText('Digest of nginx:1.27')
  await expect(mirrorPane(app)).toContainText('Digest elsewhere')
})

test('if all mirrors fail, the screen says that none of them works', async ({ unmirroredApp: app, hub, addMirror }) => {
  hub.setBehaviour('all', 'down')
  await openMirrors(app)
  await addMirror(app, 'closed', { answers: 410 })
  await runRace(app)
  await expect(app.page.getByText(/None of them works right now/)).toBeVisible()
  await expect(app.page.getByRole('status').filter({ hasText: 'Tested with nginx:1.27' })).toContainText('0 of')
})

test('a race continues after a reload of the window, can be cancelled, and is listed in Activity', async ({
  unmirroredApp: app,
  addMirror,
}) => {
  await openMirrors(app)
  const silent = await addMirror(app, 'silent', { connecting: 'silent' })
  await app.page.getByRole('textbox', { name: 'Image to test with' }).fill('nginx:1.27')
  await app.page.getByRole('button', { name: /^Test/ }).click()
  await expect(mirrorRow(app, silent)).toContainText('asking…')
  await app.page.reload()
  await openMirrors(app)
  await expect(mirrorRow(app, silent)).toContainText('asking…')
  await app.page.getByRole('button', { name: 'Cancel' }).click()
  await expect(app.page.getByRole('button', { name: 'Test again' })).toBeVisible()
  await expect(app.page.getByRole('status').filter({ hasText: 'Partly tested with nginx:1.27' })).toBeVisible()
  await expect(app.page.getByText(/None of them works right now/)).toBeHidden()
  await app.page.getByRole('link', { name: 'Activity' }).click()
  await app.page
    .getByRole('article', { name: /mirrors with nginx:1.27/ })
    .getByRole('button', { name: 'Show' })
    .click()
  await expect(mirrorList(app)).toBeVisible()
})

test('if the app is closed during a race, the next start shows no partial result', async ({
  open,
  unmirroredEngine,
  hub,
  addMirror,
}) => {
  const config = mkdtempSync(join(tmpdir(), 'racing-'))
  const options = { socket: unmirroredEngine.socket, env: hub.env, config }
  const app = await open(options)
  await openMirrors(app)
  const silent = await addMirror(app, 'silent', { connecting: 'silent' })
  await app.page.getByRole('button', { name: 'Test', exact: true }).click()
  await expect(mirrorRow(app, silent)).toContainText('asking…')
  await app.answerQuestions(1)
  await app.quit()
  const restarted = await open(options)
  await openMirrors(restarted)
  await expect(mirrorRow(restarted, silent)).toBeVisible()
  await expect(restarted.page.getByText('asking…')).toHaveCount(0)
  await expect(restarted.page.getByRole('button', { name: /^Test/ })).toBeEnabled()
  await restarted.close()
  rmSync(config, { recursive: true })
})

test('an address is checked while it is typed, and the user’s own mirrors can be edited, moved and removed', async ({
  unmirroredApp: app,
  addMirror,
}) => {
  await openMirrors(app)
  await app.page.getByRole('button', { name: 'Add your own…' }).click()
  const dialog = app.page.getByRole('dialog')
  const field = dialog.getByRole('textbox')
  for (const [text, message] of [
    ['ftp://x.example', 'Start with https://'],
    ['https://x.example/path', 'accepts no path'],
    ['https://me:secret@x.example', 'user name or password'],
    ['http://x.example', 'not encrypted'],
    ['docker.mirrors.ustc.edu.cn', 'closed since 2024-06-06'],
    ['docker.1ms.run', 'already on the list'],
  ] as const) {
    await field.fill(text)
    await expect(dialog.getByRole('status')).toContainText(message)
  }
  await app.expectAccessible()
  await app.page.keyboard.press('Escape')

  const first = await addMirror(app, 'first')
  const second = await addMirror(app, 'second')
  await expect(mirrorList(app).getByRole('row').first()).toContainText(first.host)
  await mirrorRow(app, second).click()
  await app.page.keyboard.press('Alt+ArrowUp')
  await expect(mirrorList(app).getByRole('row').first()).toContainText(second.host)
  await mirrorPane(app).getByRole('button', { name: 'Edit…' }).click()
  await field.fill('changed.example:5000')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(mirrorList(app).getByRole('row').first()).toContainText('changed.example:5000')
  await mirrorRow(app, { host: 'changed.example' }).click()
  await app.page.keyboard.press('Delete')
  await expect(mirrorRow(app, { host: 'changed.example' })).toHaveCount(0)
})

test('mirrors are imported from a file and exported to one', async ({ unmirroredApp: app }) => {
  const folder = mkdtempSync(join(tmpdir(), 'mirrors-'))
  const [importFile, exportFile] = [join(folder, 'import.json'), join(folder, 'export.txt')]
  writeFileSync(importFile, '{ "registry-mirrors": ["https://one.example", "https://two.example/", "ftp://three"] }')
  await app.electron.evaluate(
    ({ dialog }, [from, to]) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [from!] })
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: to! })
    },
    [importFile, exportFile],
  )
  await openMirrors(app)
  const menu = app.page.getByRole('button', { name: 'More' })
  await menu.click()
  await app.page.getByRole('menuitem', { name: 'Import from a file…' }).click()
  await expect(app.page.getByText(/Added 2 mirrors\..*ftp:\/\/three/)).toBeVisible()
  await menu.click()
  await app.page.getByRole('menuitem', { name: 'Export your own…' }).click()
  await expect(app.page.getByText('Your mirrors are saved.')).toBeVisible()
  expect(readFileSync(exportFile, 'utf8')).toBe('https://one.example\nhttps://two.example\n')
  rmSync(folder, { recursive: true })
})
