import type { LaunchOptions } from '../../tools/launch.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { loadImages } from '../../tools/world/images.ts'
import { runnableImages } from '../../tools/world/runnable.ts'
import type { Slipway } from './slipway.ts'
import { boxOptions, expect, busyboxImage, TerminalScreen, test } from './terminal-screen.ts'

test('three terminals come back with their text after a reload of the window, and continue', async ({
  app,
  demo,
  terminals,
}) => {
  const container = await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.type('echo the first')
  await expect(terminals.row('the first')).toBeVisible()
  await terminals.open(container, 'shell')
  await terminals.type('echo the second; tty')
  await expect(terminals.row('the second')).toBeVisible()
  await terminals.open(container, 'logs')
  await expect(terminals.row('the first')).toBeVisible()
  await expect(terminals.tabs).toHaveText(['box · sh', 'box · bash', 'box · logs'])

  await app.page.reload()
  await expect(app.page.getByRole('link', { name: 'Terminals' })).toContainText('3')
  await terminals.show()
  await expect(terminals.tabs).toHaveText(['box · sh', 'box · bash', 'box · logs'])
  await expect(terminals.row('the first')).toBeVisible()
  await terminals.tabs.nth(1).click()
  await expect(terminals.row('the second')).toBeVisible()
  await terminals.type('echo continued')
  await expect(terminals.row('continued')).toBeVisible()
})

test('a program that ended can be started again in the same tab', async ({ app, demo, terminals }) => {
  await terminals.run(demo, busyboxImage, { ...boxOptions, removeAtEnd: false })
  await terminals.type('exit 0')
  await expect(app.footer).toContainText('Ended with exit code 0.')
  await app.footer.getByRole('button', { name: 'Start again' }).click()
  await expect(app.footer).toHaveText('Closing this terminal leaves the container running.')
  await expect(terminals.tabs).toHaveText(['box · sh'])
  await expect(terminals.row('/ #')).toBeVisible()
  await terminals.type('echo again')
  await expect(terminals.row('again')).toBeVisible()
})

test('“Stop” stops the container, and the terminal says that it ended', async ({ app, demo, terminals }) => {
  await terminals.run(demo, busyboxImage, {
    ...boxOptions,
    command: 'sh -c "trap \'exit 143\' TERM; while :; do sleep 0.1; done"',
  })
  await app.page.getByRole('button', { name: 'Stop' }).click()
  await expect(app.page.getByRole('dialog')).toContainText('It was set to be removed when it ends.')
  await app.page.getByRole('dialog').getByRole('button', { name: 'Stop and remove it' }).click()
  await expect(app.page.getByRole('dialog')).toHaveCount(0)
  await expect(app.footer).toContainText('Ended with exit code 143. It was asked to stop, and did.')
  await expect(app.page.getByRole('button', { name: 'Stop' })).toBeHidden()
})

test('the window stays responsive during 10 MB of output, and the end of the output is shown', async ({
  app,
  demo,
  terminals,
}) => {
  await terminals.run(demo, busyboxImage, boxOptions)
  await terminals.type(
    'yes 0123456789abcdefghijklmnopqrstuvwxyz | head -c 10000000; echo; echo "bytes: $((10*1000*1000))"',
  )
  await app.page.getByRole('link', { name: 'Images' }).click()
  await expect(app.list).toBeVisible()
  await app.row('nginx', '1.27').click()
  await expect(app.row('nginx', '1.27')).toBeFocused()
  await terminals.show()
  await expect(terminals.row('bytes: 10000000')).toBeVisible({ timeout: 30_000 })
  await terminals.focus()
  await terminals.type('echo continued')
  await expect(terminals.row('continued')).toBeVisible()
})

interface SeparateApp {
  readonly engine: Engine
  readonly app: Slipway
  readonly terminals: TerminalScreen
}

/** Runs a test with an engine that no other test uses, so the test may stop it. */
async function withSeparateEngine(
  open: (options: LaunchOptions) => Promise<Slipway>,
  runTest: (fixtures: SeparateApp) => Promise<void>,
) {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    await loadImages(engine.docker, runnableImages())
    const app = await open({ socket: engine.socket })
    await expect(app.list).toBeVisible()
    await runTest({ engine, app, terminals: new TerminalScreen(app) })
  } finally {
    await engine.stop()
  }
}

test('if the engine stops, the terminal keeps its text, and the line below says that the connection has ended', async ({
  open,
}) => {
  await withSeparateEngine(open, async ({ engine, app, terminals }) => {
    await terminals.run(engine, 'box:1', { name: 'box', command: 'sh' })
    await terminals.type('echo before')
    await expect(terminals.row('before')).toBeVisible()
    await engine.stop()
    await expect(app.footer).toContainText('The connection to Docker has ended. What ran here may still be running.')
    await expect(terminals.row('before')).toBeVisible()
    await app.footer.getByRole('button', { name: 'Close' }).click()
    await expect(app.page.getByRole('link', { name: 'Terminals' })).toHaveCount(0)
  })
})

test('the terminal of a container that exits at once shows the output and the exit code at each start', async ({
  open,
}) => {
  await withSeparateEngine(open, async ({ engine, app, terminals }) => {
    await terminals.run(engine, 'ends-at-once:1', { name: 'ends' })
    for (const start of ['first', 'again']) {
      await expect(terminals.row('cannot find its configuration'), start).toBeVisible()
      await expect(app.footer).toContainText('Ended with exit code 3.')
      await app.footer.getByRole('button', { name: 'Start again' }).click()
      await expect(terminals.tabs).toHaveCount(1)
    }
  })
})
