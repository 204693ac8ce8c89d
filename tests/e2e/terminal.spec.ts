import { expect, test as base } from './slipway.ts'
import { TerminalScreen } from './terminals.ts'

const test = base.extend<{ terminals: TerminalScreen }>({
  terminals: async ({ app, demo }, use) => {
    await expect(app.list).toBeVisible()
    await use(new TerminalScreen(app))
    for (const { Id } of await demo.docker.listContainers({ all: true, filters: { label: ['e2e'] } }))
      await demo.docker.getContainer(Id).remove({ force: true })
  },
})

test('busybox interactively: what is typed is done and seen, and its end is told with the exit code', async ({
  app,
  demo,
  terminals,
}) => {
  await terminals.run(demo, 'busybox:latest', { name: 'box', command: 'sh', removeAtEnd: true })
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('box')
  await expect(terminals.tabs).toHaveText(['box · sh'])
  await terminals.type('echo $((6*7))')
  await expect(terminals.row('42')).toBeVisible()
  await expect(app.foot).toHaveText('Closing this terminal leaves the container running.')
  await terminals.type('exit 3')
  await expect(app.foot).toContainText('Ended with exit code 3.')
  await app.foot.getByRole('button', { name: 'Close' }).click()
  await expect(app.list).toBeVisible()
  await expect(app.page.getByRole('link', { name: 'Terminals' })).toHaveCount(0)
})
