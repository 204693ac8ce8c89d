import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import type { MirrorBehaviour, Mirror, Mirrors } from '../../tools/world/mirrors.ts'
import { expect, test as base, type Slipway } from './slipway.ts'

interface Fixtures {
  /** A mirror of that manner, put on the app's list by the way that users have: its dialog. */
  mirror: (app: Slipway, name: string, manner?: MirrorBehaviour) => Promise<Mirror>
  mirrors: Mirrors
  /** The app over an engine that has no mirror. */
  bare: Slipway
}

const test = base.extend<Fixtures, { unmirrored: Engine }>({
  unmirrored: [
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
  bare: async ({ open, unmirrored, hub }, use) => use(await open({ socket: unmirrored.socket, env: hub.env })),
  mirror: async ({ mirrors }, use) => {
    let made = mirrors.list.length
    await use(async (app, name, manner) => {
      const mirror = await mirrors.add(`${name}${++made}`, manner)
      await app.page.getByRole('button', { name: 'Add your own…' }).click()
      const dialog = app.page.getByRole('dialog')
      await dialog.getByRole('textbox').fill(mirror.host)
      await dialog.getByRole('button', { name: 'Add', exact: true }).click()
      await expect(dialog).toBeHidden()
      return mirror
    })
  },
})

const list = (app: Slipway) => app.page.getByRole('grid', { name: 'Docker Hub mirrors' })
const rowOf = (app: Slipway, { host }: Pick<Mirror, 'host'>) => list(app).getByRole('row').filter({ hasText: host })
const about = (app: Slipway) => app.page.getByRole('region', { name: 'About the mirror' })
const toMirrors = (app: Slipway) => app.page.getByRole('link', { name: 'Mirrors' }).click()

async function race(app: Slipway, image = 'nginx:1.27') {
  await app.page.getByRole('textbox', { name: 'Image to test with' }).fill(image)
  await app.page.getByRole('button', { name: /^Test/ }).click()
  await expect(app.page.getByRole('button', { name: 'Test again' })).toBeFocused({ timeout: 30_000 })
}

test('Docker Hub does not answer: Discover leads to the mirrors, one click finds one that works', async ({
  bare: app,
  hub,
  mirror,
}) => {
  hub.setBehaviour('all', 'down')
  await toMirrors(app)
  const good = await mirror(app, 'good')
  const dead = await mirror(app, 'dead', { connecting: 'refused' })
  await app.page.keyboard.press('Control+k')
  await app.page.getByRole('searchbox', { name: /^Search, or/ }).fill('nginx:1.27')
  await app.page.getByRole('main').getByRole('button', { name: 'Pull', exact: true }).first().click()
  await app.page.getByRole('button', { name: 'Find a mirror…' }).first().click({ timeout: 30_000 })

  await expect(app.page.getByRole('textbox', { name: 'Image to test with' })).toHaveValue('nginx:1.27')
  await app.page.getByRole('button', { name: 'Test', exact: true }).click()
  await expect(rowOf(app, good)).toContainText('fastest', { timeout: 30_000 })
  await expect(rowOf(app, good)).toContainText('MB/s')
  await expect(rowOf(app, dead)).toContainText('refused')
  await expect(app.page.getByRole('region', { name: /^How Docker Hub images/ })).toContainText('Docker Hub')
  await expect(list(app).getByRole('row').first()).toContainText(good.host)
  await rowOf(app, dead).click()
  await expect(about(app)).toContainText('refuses connections')
  await app.expectAccessible()
})

test('before a test nothing is called good; closed ones that tutorials name are folded away, and say so', async ({
  bare: app,
}) => {
  await toMirrors(app)
  await expect(app.page.getByText('Not tested from this computer yet', { exact: true })).toBeVisible()
  await expect(list(app).getByText(/fastest|works/)).toHaveCount(0)
  await expect(app.page.getByText('docker.mirrors.ustc.edu.cn')).toBeHidden()
  await app.page.getByText(/closed or restricted/).click()
  await expect(app.page.getByText('docker.mirrors.ustc.edu.cn')).toBeVisible()
  await expect(app.page.getByText('closed since 2024-06-06').first()).toBeVisible()
  await app.expectAccessible()
})

test('in Chinese, what is known of a mirror is punctuated in Chinese', async ({ open, unmirrored, hub }) => {
  const app = await open({ socket: unmirrored.socket, env: hub.env, language: 'zh-CN' })
  await app.page.getByRole('link', { name: '镜像加速' }).click()
  await expect(app.page.getByRole('region', { name: '加速地址信息' })).toContainText(/截至 [\d-]+：\S/)
  await app.close()
})

test('mirrors in force are tested though they are on no list, and one that has closed is told so', async ({
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
    await toMirrors(app)
    const way = app.page.getByRole('region', { name: /^How Docker Hub images/ })
    const stopOf = (text: string) => way.getByRole('listitem').filter({ hasText: text })
    await expect(way).toContainText('closed since 2024-06-06')
    await expect(stopOf(unlisted.host)).toContainText('in use by Docker')
    await race(app)
    await expect(stopOf(unlisted.host)).toContainText('works')
    await expect(way).toContainText('closed since 2024-06-06')
    await app.close()
  } finally {
    await engine.stop()
  }
})

test('other content for a tag is shown with both digests', async ({ bare: app, mirror }) => {
  await toMirrors(app)
  await mirror(app, 'true')
  const lying = await mirror(app, 'lying', { lies: 'tag' })
  await race(app)
  await expect(rowOf(app, lying)).toContainText(/(other|older) content/)
  await rowOf(app, lying).click()
  await expect(about(app)).toContainText('Digest of nginx:1.27')
  await expect(about(app)).toContainText('Digest elsewhere')
})

test('if all mirrors fail, the next step is shown, and no mirror is called good', async ({
  bare: app,
  hub,
  mirror,
}) => {
  hub.setBehaviour('all', 'down')
  await toMirrors(app)
  await mirror(app, 'closed', { answers: 410 })
  await race(app)
  await expect(app.page.getByText(/None of them works right now/)).toBeVisible()
  await expect(app.page.getByRole('status').filter({ hasText: 'Tested with nginx:1.27' })).toContainText('0 of')
})

test('a race continues after a reload of the window, can be cancelled, and is listed in Activity', async ({
  bare: app,
  mirror,
}) => {
  await toMirrors(app)
  const silent = await mirror(app, 'silent', { connecting: 'silent' })
  await app.page.getByRole('textbox', { name: 'Image to test with' }).fill('nginx:1.27')
  await app.page.getByRole('button', { name: /^Test/ }).click()
  await expect(rowOf(app, silent)).toContainText('asking…')
  await app.page.reload()
  await toMirrors(app)
  await expect(rowOf(app, silent)).toContainText('asking…')
  await app.page.getByRole('button', { name: 'Cancel' }).click()
  await expect(app.page.getByRole('button', { name: 'Test again' })).toBeVisible()
  await expect(app.page.getByRole('status').filter({ hasText: 'Partly tested with nginx:1.27' })).toBeVisible()
  await expect(app.page.getByText(/None of them works right now/)).toBeHidden()
  await app.page.getByRole('link', { name: 'Activity' }).click()
  await app.page
    .getByRole('article', { name: /mirrors with nginx:1.27/ })
    .getByRole('button', { name: 'Show' })
    .click()
  await expect(list(app)).toBeVisible()
})

test('the app closed in the middle of a race begins without half a result', async ({
  open,
  unmirrored,
  hub,
  mirror,
}) => {
  const config = mkdtempSync(join(tmpdir(), 'racing-'))
  const how = { socket: unmirrored.socket, env: hub.env, config }
  const app = await open(how)
  await toMirrors(app)
  const silent = await mirror(app, 'silent', { connecting: 'silent' })
  await app.page.getByRole('button', { name: 'Test', exact: true }).click()
  await expect(rowOf(app, silent)).toContainText('asking…')
  await app.answerQuestions(1)
  await app.quit()
  const next = await open(how)
  await toMirrors(next)
  await expect(rowOf(next, silent)).toBeVisible()
  await expect(next.page.getByText('asking…')).toHaveCount(0)
  await expect(next.page.getByRole('button', { name: /^Test/ })).toBeEnabled()
  await next.close()
  rmSync(config, { recursive: true })
})

test('an address is checked while it is typed; one’s own can be edited, moved, removed', async ({
  bare: app,
  mirror,
}) => {
  await toMirrors(app)
  await app.page.getByRole('button', { name: 'Add your own…' }).click()
  const dialog = app.page.getByRole('dialog')
  const field = dialog.getByRole('textbox')
  for (const [text, word] of [
    ['ftp://x.example', 'Start with https://'],
    ['https://x.example/path', 'accepts no path'],
    ['https://me:secret@x.example', 'user name or password'],
    ['http://x.example', 'not encrypted'],
    ['docker.mirrors.ustc.edu.cn', 'closed since 2024-06-06'],
    ['docker.1ms.run', 'already on the list'],
  ] as const) {
    await field.fill(text)
    await expect(dialog.getByRole('status')).toContainText(word)
  }
  await app.expectAccessible()
  await app.page.keyboard.press('Escape')

  const first = await mirror(app, 'first')
  const second = await mirror(app, 'second')
  await expect(list(app).getByRole('row').first()).toContainText(first.host)
  await rowOf(app, second).click()
  await app.page.keyboard.press('Alt+ArrowUp')
  await expect(list(app).getByRole('row').first()).toContainText(second.host)
  await about(app).getByRole('button', { name: 'Edit…' }).click()
  await field.fill('changed.example:5000')
  await dialog.getByRole('button', { name: 'Save' }).click()
  await expect(list(app).getByRole('row').first()).toContainText('changed.example:5000')
  await rowOf(app, { host: 'changed.example' }).click()
  await app.page.keyboard.press('Delete')
  await expect(rowOf(app, { host: 'changed.example' })).toHaveCount(0)
})

test('mirrors are imported from a file and exported to one', async ({ bare: app }) => {
  const folder = mkdtempSync(join(tmpdir(), 'mirrors-'))
  const [given, written] = [join(folder, 'given.json'), join(folder, 'written.txt')]
  writeFileSync(given, '{ "registry-mirrors": ["https://one.example", "https://two.example/", "ftp://three"] }')
  await app.electron.evaluate(
    ({ dialog }, [from, to]) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [from!] })
      dialog.showSaveDialog = async () => ({ canceled: false, filePath: to! })
    },
    [given, written],
  )
  await toMirrors(app)
  const menu = app.page.getByRole('button', { name: 'More' })
  await menu.click()
  await app.page.getByRole('menuitem', { name: 'Import from a file…' }).click()
  await expect(app.page.getByText(/Added 2 mirrors\..*ftp:\/\/three/)).toBeVisible()
  await menu.click()
  await app.page.getByRole('menuitem', { name: 'Export your own…' }).click()
  await expect(app.page.getByText('Your mirrors are saved.')).toBeVisible()
  expect(readFileSync(written, 'utf8')).toBe('https://one.example\nhttps://two.example\n')
  rmSync(folder, { recursive: true })
})
