/** An open app whose window is measured. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchedApp } from '../../tools/launch.ts'

export class OpenedApp {
  readonly page: LaunchedApp['page']
  readonly electron: LaunchedApp['electron']
  /** When the app's process was started, in ms since 1970. */
  readonly startedAt: number
  readonly close: () => Promise<void>

  constructor({ page, electron, close }: LaunchedApp, startedAt: number) {
    this.page = page
    this.electron = electron
    this.startedAt = startedAt
    this.close = close
  }

  /** The pid of the main process, the ancestor of all other processes of the app. */
  get pid(): number {
    const { pid } = this.electron.process()
    if (pid === undefined) throw new Error('the app has ended')
    return pid
  }

  /** Waits for the first row. @returns when it was added to the DOM, in ms since 1970; first-row.js records this */
  async firstRow(): Promise<number> {
    const html = this.page.locator('html[data-first-row]')
    await html.waitFor({ state: 'attached' })
    return Number(await html.getAttribute('data-first-row'))
  }

  /** Waits until main has read the layers of every image. */
  async waitForLayers(): Promise<void> {
    const areAllRead = `(async () => {
      const { images } = (await slipway.call('images.snapshot')).value
      const layers = (await slipway.call('layers.snapshot')).value
      return images.length > 0 && layers.images.filter(({ hidden, units }) => !hidden && units).length >= images.length
    })()`
    while (!(await this.page.evaluate<boolean>(areAllRead))) await sleep(500)
  }

  /** Quits the app as a user does, so that it writes its files. */
  async quit(): Promise<void> {
    const closed = this.electron.waitForEvent('close')
    await this.page.keyboard.press('Control+q').catch(() => undefined)
    await closed
    await this.close()
  }

  /** Adds the functions of page-helpers.js to the page, as the global `bench`. */
  async addHelpers(): Promise<void> {
    await this.page.evaluate(readFileSync(join(import.meta.dirname, 'page-helpers.js'), 'utf8'))
  }
}
