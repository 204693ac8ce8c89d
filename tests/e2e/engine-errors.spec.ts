import { AlteringProxy } from '../engine/sync/altering-proxy.ts'
import { jobCard, openActivity, section, sheet, test as base } from './removal-fixtures.ts'
import { expect } from './slipway.ts'

/** A proxy between the app and its engine that can change the engine's replies. */
const test = base.extend<{ engineProxy: AlteringProxy }>({
  engineProxy: async ({ engine }, use) => {
    const engineProxy = await AlteringProxy.start(engine.socket)
    await use(engineProxy)
    engineProxy.close()
  },
})

const unreadableError = 'content digest sha256:5d3f: not found'
const listError = 'snapshot 12 does not exist'

test('an image that Docker cannot read is marked in its row, and a failed list of containers is reported in a bar', async ({
  open,
  engine,
  engineProxy,
}) => {
  const { Id } = await engine.docker.getImage('python:3.9').inspect()
  engineProxy.alter(new RegExp(`^/images/(${Id}|python:3.9)/json`), { refusal: unreadableError })
  engineProxy.alter(/^\/containers\/json/, { refusal: listError })
  const app = await open({ socket: engineProxy.socket })

  const unreadableRow = app.row('python').filter({ has: app.page.getByRole('img', { name: 'unreadable' }) })
  await expect(unreadableRow).toHaveCount(1)
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await expect(app.page.getByRole('img', { name: 'unreadable' })).toHaveCount(1)
  await expect(unreadableRow).toContainText('3.9')
  const bar = app.page.getByRole('status').filter({ hasText: 'Slipway cannot tell which images containers use.' })
  await expect(bar).toContainText(listError)
  await app.expectAccessible()

  // No image is presented as unused.
  await expect(app.presetFilter(/^Unused/)).toBeDisabled()
  await app.filter.fill('unused')
  await expect(app.rows).toHaveCount(0)
  await app.filter.fill('')
  await app.footer.getByRole('button', { name: 'Clean up…' }).click()
  await expect(app.page.getByRole('menuitem', { name: 'Unused' })).toBeDisabled()
  await app.page.keyboard.press('Escape')

  await unreadableRow.click()
  await expect(app.details).toContainText(unreadableError)
  await app.expectAccessible()
  await app.page.keyboard.press('Delete')
  await expect(section(app, 'Blocked')).toContainText(unreadableError)
  await expect(sheet(app).getByRole('button', { name: 'Nothing to remove' })).toBeDisabled()
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Cancel' }).click()

  // A container uses redis:7, so Docker refuses the removal. The plan does not know about the container.
  await app.row('redis', '7').click()
  await app.openTab('Used by')
  await expect(app.details).toContainText('Slipway cannot tell which images containers use.')
  await app.page.keyboard.press('Delete')
  await expect(sheet(app)).toContainText('Slipway cannot tell which images containers use.')
  await sheet(app).getByRole('checkbox').uncheck()
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
  await openActivity(app)
  await expect(jobCard(app, /Remove 1 image/)).toContainText(
    /redis:7.*is using its referenced image|redis:7.*container/,
  )
  expect((await engine.docker.getImage('redis:7').inspect()).RepoTags).toEqual(['redis:7'])

  engineProxy.reset()
  await app.page.getByRole('link', { name: 'Images' }).click()
  await expect(bar).toHaveCount(0, { timeout: 40_000 })
  await expect(app.page.getByRole('img', { name: 'unreadable' })).toHaveCount(0, { timeout: 40_000 })
  await expect(app.presetFilter(/^Unused/)).toBeEnabled()
})

test('if Docker refuses to list images, the last list stays with Docker’s error, and “Try now” requests the list at once', async ({
  open,
  engineProxy,
}) => {
  const app = await open({ socket: engineProxy.socket })
  await expect(app.row('nginx', '1.27')).toBeVisible()
  engineProxy.alter(/^\/images\/json\?all=/, { refusal: 'layer does not exist' })
  // The window calls this when the user comes back to it.
  await app.page.evaluate(`slipway.call('images.resync')`)
  const bar = app.page.getByRole('status').filter({ hasText: 'layer does not exist' })
  await expect(bar).toContainText('Showing the last known list.')
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await app.expectAccessible()
  engineProxy.requests = []
  await bar.getByRole('button', { name: 'Try now' }).click()
  await expect
    .poll(() => engineProxy.requests.filter((path) => path.startsWith('/images/json?all=')).length)
    .toBeGreaterThan(0)
  engineProxy.reset()
  await expect(bar).toHaveCount(0, { timeout: 40_000 })
})
