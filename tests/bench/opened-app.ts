/** An app that was opened to be measured. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { LaunchedApp } from '../../tools/launch.ts'

export class Opened {
  readonly page: LaunchedApp['page']
  readonly electron: LaunchedApp['electron']
  /** When its process was started, in ms since 1970. */
  readonly started: number
  readonly close: () => Promise<void>

  constructor({ page, electron, close }: LaunchedApp, started: number) {
    this.page = page
    this.electron = electron
    this.started = started
    this.close = close
  }

  /** Of the main process, in whose tree all others are. */
  get pid(): number {
    const { pid } = this.electron.process()
    if (pid === undefined) throw new Error('the app has ended')
    return pid
  }

  /** The instant at which the first row was in the DOM, in ms since 1970 (first-row.js). */
  async firstRow(): Promise<number> {
    const page = this.page.locator('html[data-first-row]')
    await page.waitFor({ state: 'attached' })
    return Number(await page.getAttribute('data-first-row'))
  }

  /** Waits until main knows the layers of every image. */
  async layersRead(): Promise<void> {
    const read = `(async () => {
      const { images } = (await slipway.call('images.snapshot')).value
      const layers = (await slipway.call('layers.snapshot')).value
      return images.length > 0 && layers.images.filter(({ hidden, units }) => !hidden && units).length >= images.length
    })()`
    while (!(await this.page.evaluate<boolean>(read))) await sleep(500)
  }

  /** Ends it as its user does, so that it writes what it keeps. */
  async quit(): Promise<void> {
    const closed = this.electron.waitForEvent('close')
    await this.page.keyboard.press('Control+q').catch(() => undefined)
    await closed
    await this.close()
  }

  /** Makes `bench` known in the page (page.js). */
  async equip(): Promise<void> {
    await this.page.evaluate(readFileSync(join(import.meta.dirname, 'page.js'), 'utf8'))
  }
}
