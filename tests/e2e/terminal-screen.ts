/** The Terminals screen as a user sees it, and methods that open a terminal without the dialog. */
import type { Locator } from '@playwright/test'
import { defaultRunOptions, type RunOptions } from '../../model/run/run.ts'
import type { Engine } from '../../tools/world/engine.ts'
import { expect, test as base, type Slipway } from './slipway.ts'

export class TerminalScreen {
  readonly #app: Slipway

  constructor(app: Slipway) {
    this.#app = app
  }

  /** Runs an image interactively, without a network, and shows its terminal. @returns the container's ID */
  async run(engine: Engine, reference: string, overrides: Partial<RunOptions> = {}): Promise<string> {
    const { Id } = await engine.docker.getImage(reference).inspect()
    const options = { ...defaultRunOptions(Id, reference), interactive: true, network: 'none', ...overrides }
    const before = await this.tabs.count()
    const answer = await this.#app.page.evaluate<{ ok: boolean; value?: { container: string } }>(
      `slipway.call('run.start', ${JSON.stringify({ options, size: { columns: 80, rows: 24 } })})`,
    )
    if (!answer.value) throw new Error(JSON.stringify(answer))
    await this.show()
    await expect(this.tabs).toHaveCount(before + 1)
    if (before > 0) await this.tabs.last().click()
    await this.focus()
    return answer.value.container
  }

  async open(container: string, kind: 'attach' | 'shell' | 'logs') {
    const input = JSON.stringify({ container, kind, size: { columns: 80, rows: 24 } })
    const answer = await this.#app.page.evaluate<{ ok: boolean }>(`slipway.call('terminals.open', ${input})`)
    expect(answer).toMatchObject({ ok: true })
    await this.show()
    await this.tabs.last().click()
    await this.focus()
  }

  async show() {
    await this.#app.page
      .getByRole('navigation')
      .getByRole('link', { name: /Terminals|终端/ })
      .click()
  }
  /** Focuses the terminal, once it is drawn. */
  async focus() {
    await this.panel.locator('.xterm-screen').click()
    await expect(this.input).toBeFocused()
  }

  get tabs(): Locator {
    return this.#app.page.locator('#terminal-tabs').getByRole('tab')
  }
  get panel(): Locator {
    return this.#app.page.getByRole('tabpanel')
  }
  /** The visible rows. */
  get text(): Locator {
    return this.panel.locator('.xterm-rows')
  }
  get input(): Locator {
    return this.panel.getByRole('textbox', { name: /^(Terminal|终端)/ })
  }
  /** The visible row with exactly this text, apart from trailing spaces and the cursor. */
  row(text: string): Locator {
    return this.text
      .locator('> div')
      .filter({ hasText: new RegExp(`^${text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\s*$`) })
  }
  /** Clicks on a row's text. Hovers over another cell first: xterm looks for a link only when the mouse enters a cell. */
  async click(text: string, x: number) {
    await this.row(text).hover({ position: { x: x + 20, y: 8 }, force: true })
    await this.row(text).click({ position: { x, y: 8 }, force: true })
  }
  rowCount(): Promise<number> {
    return this.text.evaluate((rows) => rows.childElementCount)
  }
  /** @returns the x coordinate at which a row's text ends, in pixels */
  endOf(text: string): Promise<number> {
    return this.row(text).evaluate((row) =>
      Math.max(...[...row.children].map((cell) => cell.getBoundingClientRect().right)),
    )
  }

  /** Inserts text in one event, as an input method does. */
  async insert(text: string) {
    await this.#app.page.keyboard.insertText(text)
  }
  async type(text: string) {
    await this.#app.page.keyboard.type(text)
    await this.#app.page.keyboard.press('Enter')
  }

  /** Dispatches the paste event that a browser would. */
  async paste(text: string) {
    await this.#app.page.evaluate(`{
      const clipboardData = new DataTransfer()
      clipboardData.setData('text/plain', ${JSON.stringify(text)})
      document.activeElement.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }))
    }`)
  }
}

export { expect }

export const boxOptions = { name: 'box', command: 'sh', removeAtEnd: true }
export const busyboxImage = 'busybox:latest'

/** The fixture `terminals` removes the containers that the test has run in the demo's engine. */
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
