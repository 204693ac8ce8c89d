/** The whole app over a real engine, as a user meets it. What carries it (Electron or the stand-in) is hidden here. */
import { createInterface } from 'node:readline'
import { AxeBuilder } from '@axe-core/playwright'
import { test as base, expect, type Locator, type Page } from '@playwright/test'
import { launch, type LaunchOptions, type LaunchedApp } from '../../tools/launch.ts'
import { fillWithDemo } from '../../tools/world/demo.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { startOnline, type Online } from '../../tools/world/world.ts'

export class Slipway {
  readonly page: Page
  readonly electron: LaunchedApp['electron']
  readonly close: () => Promise<void>
  readonly #warnings: string[] = []

  constructor({ page, electron, close }: LaunchedApp) {
    this.page = page
    this.electron = electron
    this.close = close
    const stderr = electron.process().stderr
    if (stderr) createInterface({ input: stderr }).on('line', (line) => this.#note(line))
    page.on('console', (message) => this.#note(message.text()))
  }

  #note(line: string) {
    if (/MaxListenersExceededWarning|UnhandledPromiseRejection/.test(line)) this.#warnings.push(line)
  }

  /** Warnings of Node and Electron, in main and in the window: too many listeners, an unhandled rejection. */
  async warnings(): Promise<readonly string[]> {
    for (const message of await this.page.consoleMessages().catch(() => [])) this.#note(message.text())
    return [...new Set(this.#warnings)]
  }

  /** A grid, or a tree of groups. */
  get list(): Locator {
    return this.page.getByRole('grid').or(this.page.getByRole('treegrid'))
  }
  /** The rows of images or groups, below the head. */
  get rows(): Locator {
    return this.list.locator('[role=row][aria-selected]')
  }
  get focusedRow(): Locator {
    return this.list.locator('[role=row]:focus')
  }
  chip(name: string | RegExp): Locator {
    return this.page.getByRole('group', { name: 'Ready-made filters' }).getByRole('button', { name })
  }
  /** Goes over to another context by the menu at the rail's foot. */
  async switchTo(context: string) {
    await this.engine.getByRole('button').click()
    await this.page.getByRole('menuitemradio', { name: context }).click()
  }
  /** The row whose cells hold all of the words. */
  row(...words: string[]): Locator {
    return words.reduce(
      (rows, word) => rows.filter({ has: this.page.getByRole('gridcell', { name: word, exact: true }) }),
      this.list.getByRole('row'),
    )
  }
  get details(): Locator {
    return this.page.getByRole('complementary')
  }
  /** One fact in the details, by its name. */
  fact(name: string): Locator {
    return this.details.getByRole('region', { name, exact: true })
  }
  async openTab(name: 'Layers' | 'Details' | 'Used by') {
    await this.details.getByRole('tab', { name }).click()
  }
  get filter(): Locator {
    return this.page.getByRole('searchbox')
  }
  get foot(): Locator {
    return this.page.locator('footer')
  }
  get engine(): Locator {
    return this.page.getByRole('region', { name: /^(Engine|引擎)$/ })
  }

  clipboard(): Promise<string> {
    return this.electron.evaluate(({ clipboard }) => clipboard.readText())
  }

  async chooseInMenu(group: string, item: string) {
    await this.page.keyboard.press('F10')
    await this.page.getByRole('group', { name: group }).getByRole('menuitemradio', { name: item }).click()
    await this.page.keyboard.press('Escape')
  }

  /** What the desktop's questions are answered with from now on: the number of a button. */
  async answerQuestions(response: number) {
    await this.electron.evaluate(({ dialog }, response) => {
      const asked: string[] = []
      Object.assign(globalThis, { asked })
      dialog.showMessageBox = async (...all: unknown[]) => {
        const { message, detail, buttons } = all.at(-1) as Electron.MessageBoxOptions
        asked.push([message, detail, ...(buttons ?? [])].join('|'))
        return { response, checkboxChecked: false }
      }
    }, response)
  }
  /** Those that were asked since then. */
  questions(): Promise<string[] | undefined> {
    return this.electron.evaluate(() => (globalThis as { asked?: string[] }).asked)
  }

  /** Ends the app as its user does. */
  async quit() {
    const closed = this.electron.waitForEvent('close')
    // The window may be gone before the key is let go.
    await this.page.keyboard.press('Control+q').catch(() => undefined)
    await closed
  }

  async expectAccessible() {
    const { violations } = await new AxeBuilder({ page: this.page }).setLegacyMode().analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`)).toEqual([])
  }
}

interface Fixtures {
  /** Opens the app; it is closed after the test. */
  open: (how?: LaunchOptions) => Promise<Slipway>
  /** The app over the demo's engine. */
  app: Slipway
  /** Docker Hub: its search, its tags and its token. It works until a test changes that, and has no requests yet. */
  hub: Online['hub']
  /** What can be pulled, as a mirror serves it: at full speed until a test changes that. */
  registry: Online['registry']
  /** The app over an engine without images, both of which reach the hub and the registry. */
  online: Slipway
}

interface Shared {
  demo: Engine
  dockerHub: Online
  /** An engine that pulls from the registry, without images before each test that asks for `online`. */
  puller: Engine
}

/** An engine with the demo's images, for as long as it is used. */
export async function withDemo(use: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    await fillWithDemo(engine.docker)
    await use(engine)
  } finally {
    await engine.stop()
  }
}

export const test = base.extend<Fixtures, Shared>({
  demo: [async ({}, use) => withDemo(use), { scope: 'worker', timeout: 120_000 }],
  dockerHub: [
    async ({}, use) => {
      const dockerHub = await startOnline()
      try {
        await use(dockerHub)
      } finally {
        await dockerHub.stop()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  puller: [
    async ({ dockerHub }, use) => {
      const engine = await startEngine({ version: '26.1', store: 'classic', ...dockerHub.engine })
      try {
        await use(engine)
      } finally {
        await engine.stop()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  hub: async ({ dockerHub: { hub, registry } }, use) => {
    hub.setBehaviour('all', 'normal')
    hub.requests.clear()
    registry.setNetworkConditions()
    await use(hub)
  },
  // After the hub, which makes both well again.
  registry: async ({ dockerHub, hub }, use) => use(hub && dockerHub.registry),
  online: async ({ open, puller, hub }, use) => {
    const images = await puller.docker.listImages()
    for (const { Id } of images) await puller.docker.getImage(Id).remove({ force: true })
    await use(await open({ socket: puller.socket, env: hub.env }))
  },
  open: async ({}, use) => {
    const opened: Slipway[] = []
    await use(async (how = {}) => {
      const app = new Slipway(await launch(how))
      opened.push(app)
      return app
    })
    const warnings: string[] = []
    for (const app of opened) {
      // A pull that a test has left running is not asked about.
      await app.electron
        .evaluate(({ dialog }) => {
          dialog.showMessageBox = async () => ({ response: 1, checkboxChecked: false })
        })
        .catch(() => undefined)
      warnings.push(...(await app.warnings()))
      await app.close()
    }
    expect(warnings).toEqual([])
  },
  app: async ({ open, demo }, use) => use(await open({ socket: demo.socket })),
})

export { expect }
