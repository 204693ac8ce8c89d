/** Drives the whole app as a user does, with a real engine. Tests are the same with Electron and the stand-in. */
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
    if (stderr) createInterface({ input: stderr }).on('line', (line) => this.#collectWarning(line))
    page.on('console', (message) => this.#collectWarning(message.text()))
  }

  #collectWarning(line: string) {
    if (/MaxListenersExceededWarning|UnhandledPromiseRejection/.test(line)) this.#warnings.push(line)
  }

  /** Warnings of Node and Electron, in main and in the window: too many listeners, an unhandled rejection. */
  async warnings(): Promise<readonly string[]> {
    for (const message of await this.page.consoleMessages().catch(() => [])) this.#collectWarning(message.text())
    return [...new Set(this.#warnings)]
  }

  /** The list of images: a grid, or a tree grid if it is grouped. */
  get list(): Locator {
    return this.page.getByRole('grid').or(this.page.getByRole('treegrid'))
  }
  /** The rows of images or groups, without the header. */
  get rows(): Locator {
    return this.list.locator('[role=row][aria-selected]')
  }
  get focusedRow(): Locator {
    return this.list.locator('[role=row]:focus')
  }
  presetFilter(name: string | RegExp): Locator {
    return this.page.getByRole('group', { name: 'Ready-made filters' }).getByRole('button', { name })
  }
  /** Switches to another context in the menu at the bottom of the side bar. */
  async switchTo(context: string) {
    await this.engine.getByRole('button').click()
    await this.page.getByRole('menuitemradio', { name: context }).click()
  }
  /** The row that has a cell for each of the words. */
  row(...words: string[]): Locator {
    return words.reduce(
      (rows, word) => rows.filter({ has: this.page.getByRole('gridcell', { name: word, exact: true }) }),
      this.list.getByRole('row'),
    )
  }
  get details(): Locator {
    return this.page.getByRole('complementary')
  }
  /** One fact in the details pane, by its name. */
  fact(name: string): Locator {
    return this.details.getByRole('region', { name, exact: true })
  }
  async openTab(name: 'Layers' | 'Details' | 'Used by') {
    await this.details.getByRole('tab', { name }).click()
  }
  get filter(): Locator {
    return this.page.getByRole('searchbox')
  }
  get footer(): Locator {
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

  /** Answers every message box from now on with this button index, and records the box. */
  async answerQuestions(response: number) {
    await this.electron.evaluate(({ dialog }, response) => {
      const questions: string[] = []
      Object.assign(globalThis, { questions })
      dialog.showMessageBox = async (...args: unknown[]) => {
        const { message, detail, buttons } = args.at(-1) as Electron.MessageBoxOptions
        questions.push([message, detail, ...(buttons ?? [])].join('|'))
        return { response, checkboxChecked: false }
      }
    }, response)
  }
  /** @returns each message box since `answerQuestions`: its message, detail and buttons, joined by “|” */
  questions(): Promise<string[] | undefined> {
    return this.electron.evaluate(() => (globalThis as { questions?: string[] }).questions)
  }

  /** Quits the app by its keyboard shortcut. */
  async quit() {
    const closed = this.electron.waitForEvent('close')
    // The window may be gone before the key is released.
    await this.page.keyboard.press('Control+q').catch(() => undefined)
    await closed
  }

  async expectAccessible() {
    const { violations } = await new AxeBuilder({ page: this.page }).setLegacyMode().analyze()
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join('\n')}`)).toEqual([])
  }
}

interface Fixtures {
  /** Launches the app, and closes it after the test. */
  open: (options?: LaunchOptions) => Promise<Slipway>
  /** The app over the engine with the demo's images. */
  app: Slipway
  /** The stub of Docker Hub's search, tags and tokens. Works normally until a test changes it. No requests yet. */
  hub: Online['hub']
  /** The registry that images are pulled from, at full speed until a test changes that. */
  registry: Online['registry']
  /** The app over an engine without images. Both can reach `hub` and `registry`. */
  online: Slipway
}

interface Shared {
  demo: Engine
  dockerHub: Online
  /** An engine that pulls from `registry`. The fixture `online` removes its images before each test. */
  puller: Engine
}

/** Runs `use` with an engine that has the demo's images, and stops the engine afterwards. */
export async function withDemoEngine(use: (engine: Engine) => Promise<void>): Promise<void> {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    await fillWithDemo(engine.docker)
    await use(engine)
  } finally {
    await engine.stop()
  }
}

export const test = base.extend<Fixtures, Shared>({
  demo: [async ({}, use) => withDemoEngine(use), { scope: 'worker', timeout: 120_000 }],
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
  // Depends on the fixture `hub`, which resets the registry too.
  registry: async ({ dockerHub, hub }, use) => use(hub && dockerHub.registry),
  online: async ({ open, puller, hub }, use) => {
    const images = await puller.docker.listImages()
    for (const { Id } of images) await puller.docker.getImage(Id).remove({ force: true })
    await use(await open({ socket: puller.socket, env: hub.env }))
  },
  open: async ({}, use) => {
    const opened: Slipway[] = []
    await use(async (options = {}) => {
      const app = new Slipway(await launch(options))
      opened.push(app)
      return app
    })
    const warnings: string[] = []
    for (const app of opened) {
      // Closing must not wait for an answer if a test has left a pull running.
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
