/** What measures of terminals share: a container with a shell in it, and a window that shows it. */
import type { Page } from '@playwright/test'
import { defaultRunOptions } from '../../model/run/run.ts'
import { startEngine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { runnableImages } from '../../tools/world/runnable.ts'
import type { Stage } from './stage.ts'

export async function openBox(stage: Stage) {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    await loadImages(engine.docker, runnableImages())
    const app = await stage.app({ socket: engine.socket })
    await app.firstRow()
    await app.equip()
    const { Id } = await engine.docker.getImage('box:1').inspect()
    const wish = { ...defaultRunOptions(Id, 'box:1'), interactive: true, network: 'none', name: 'box', command: 'sh' }
    const size = { columns: 120, rows: 36 }
    const answer = await app.page.evaluate<{ value: { container: string; terminal: string } }>(
      `slipway.call('run.start', ${JSON.stringify({ wish, size })})`,
    )
    await app.page.getByRole('navigation').getByRole('link', { name: 'Terminals' }).click()
    await app.page.locator('.xterm-screen').click()
    await app.page.locator('.xterm-rows').getByText('/ #').waitFor()
    return {
      ...{ engine, app, ...answer.value },
      async close() {
        await app.close()
        await engine.stop()
      },
    }
  } catch (error) {
    await engine.stop()
    throw error
  }
}

/** The window has nothing to do. */
export const idle = (page: Page): Promise<void> =>
  page.evaluate('new Promise((resolve) => requestIdleCallback(() => resolve()))')
