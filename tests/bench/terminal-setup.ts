/** The set-up of the terminal benchmarks: a container with a shell, and a window that shows its terminal. */
import type { Page } from '@playwright/test'
import { defaultRunOptions } from '../../model/run/run.ts'
import { startEngine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { runnableImages } from '../../tools/world/runnable.ts'
import type { BenchEnvironment } from './environment.ts'

export type OpenedTerminal = Awaited<ReturnType<typeof openTerminal>>

/** Runs a shell in a new container and shows its terminal, with the keyboard focus. */
export async function openTerminal(environment: BenchEnvironment) {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    await loadImages(engine.docker, runnableImages())
    const app = await environment.openApp({ socket: engine.socket })
    await app.firstRow()
    await app.addHelpers()
    const { Id } = await engine.docker.getImage('box:1').inspect()
    const options = {
      ...defaultRunOptions(Id, 'box:1'),
      interactive: true,
      network: 'none',
      name: 'box',
      command: 'sh',
    }
    const size = { columns: 120, rows: 36 }
    const result = await app.page.evaluate<{ value: { container: string; terminal: string } }>(
      `slipway.call('run.start', ${JSON.stringify({ options, size })})`,
    )
    await app.page.getByRole('navigation').getByRole('link', { name: 'Terminals' }).click()
    await app.page.locator('.xterm-screen').click()
    await app.page.locator('.xterm-rows').getByText('/ #').waitFor()
    return {
      ...{ engine, app, ...result.value },
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

/** Resolves once the window is idle. */
export const waitUntilIdle = (page: Page): Promise<void> =>
  page.evaluate('new Promise((resolve) => requestIdleCallback(() => resolve()))')
