/** The screen of terminals, as its user meets it, and ways to open one without the dialog. */
import type { Locator } from '@playwright/test'
import { defaultRunOptions, type RunOptions } from '../../model/run/run.ts'
import type { Engine } from '../../tools/world/engine.ts'
import { expect, test as base, type Slipway } from './slipway.ts'

export class TerminalScreen {
  readonly #app: Slipway

  constructor(app: Slipway) {
    this.#app = app
  }

  /** Runs an image of the engine interactively, without a network, and shows its terminal. */
  async run(engine: Engine, reference: string, more: Partial<RunOptions> = {}): Promise<string> {
    const { Id } = await engine.docker.getImage(reference).inspect()
    const wish = { ...defaultRunOptions(Id, reference), interactive: true, network: 'none', ...more }
    const before = await this.tabs.count()
    const answer = await this.#app.page.evaluate<{ ok: boolean; value?: { container: string } }>(
      `slipway.call('run.start', ${JSON.stringify({ wish, size: { columns: 80, rows: 24 } })})`,
    )
    if (!answer.value) throw new Error(JSON.stringify(answer))
    await this.show()
    await expect(this.tabs).toHaveCount(before + 1)
    if (before > 0) await this.tabs.last().click()
    await this.ready()
    return answer.value.container
  }

  async open(container: string, kind: 'attach' | 'shell' | 'logs') {
    const input = JSON.stringify({ container, kind, size: { columns: 80, rows: 24 } })
    const answer = await this.#app.page.evaluate<{ ok: boolean }>(`slipway.call('terminals.open', ${input})`)
    expect(answer).toMatchObject({ ok: true })
    await this.show()
    await this.tabs.last().click()
    await this.ready()
  }

  async show() {
    await this.#app.page
      .getByRole('navigation')
      .getByRole('link', { name: /Terminals|终端/ })
      .click()
  }
  /** Drawn, with the focus in it. */
  async ready() {
    await this.panel.locator('.xterm-screen').click()
    await expect(this.input).toBeFocused()
  }

  get tabs(): Locator {
    return this.#app.page.locator('#terminal-tabs').getByRole('tab')
  }
  get panel(): Locator {
    return this.#app.page.getByRole('tabpanel')
  }
  /** What is in sight, row by row. */
  get text(): Locator {
    return this.panel.locator('.xterm-rows')
  }
  get input(): Locator {
    return this.panel.getByRole('textbox', { name: /^(Terminal|终端)/ })
  }
  /** A row that holds exactly this, the cursor behind it aside. */
  row(text: string): Locator {
    return this.text
      .locator('> div')
      .filter({ hasText: new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`) })
  }
  /** As a mouse that comes along the row: xterm looks for a link where the mouse has moved on to another cell. */
  async click(text: string, x: number) {
    await this.row(text).hover({ position: { x: x + 20, y: 8 }, force: true })
    await this.row(text).click({ position: { x, y: 8 }, force: true })
  }
  rowCount(): Promise<number> {
    return this.text.evaluate((rows) => rows.childElementCount)
  }
  /** Where a row's text ends, in pixels. */
  endOf(text: string): Promise<number> {
    return this.row(text).evaluate((row) =>
      Math.max(...[...row.children].map((part) => part.getBoundingClientRect().right)),
    )
  }

  /** At once, as an input method hands it over. */
  async insert(text: string) {
    await this.#app.page.keyboard.insertText(text)
  }
  async type(text: string) {
    await this.#app.page.keyboard.type(text)
    await this.#app.page.keyboard.press('Enter')
  }

  /** As the browser hands it over. */
  async paste(text: string) {
    await this.#app.page.evaluate(`{
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', ${JSON.stringify(text)})
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }`)
  }
}

export { expect }

export const box = { name: 'box', command: 'sh', removeAtEnd: true }
export const image = 'busybox:latest'

/** What a test has run in the demo's engine is gone after it. */
export const test = base.extend<{ terminals: TerminalScreen }>({
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
