import { AlteringProxy } from '../engine/sync/altering-proxy.ts'
import { job, part, sheet, test as base, toActivity } from './cleaning.ts'
import { expect } from './slipway.ts'

/** The app's way to its engine, on which answers can be changed. */
const test = base.extend<{ way: AlteringProxy }>({
  way: async ({ own }, use) => {
    const way = await AlteringProxy.start(own.socket)
    await use(way)
    way.close()
  },
})

const unread = 'content digest sha256:5d3f: not found'
const unlisted = 'snapshot 12 does not exist'

test('an image that Docker cannot read is one row that says so, and unknown containers are one bar', async ({
  open,
  own,
  way,
}) => {
  const { Id } = await own.docker.getImage('python:3.9').inspect()
  way.alter(new RegExp(`^/images/(${Id}|python:3.9)/json`), { refusal: unread })
  way.alter(/^\/containers\/json/, { refusal: unlisted })
  const app = await open({ socket: way.socket })

  const broken = app.row('python').filter({ has: app.page.getByRole('img', { name: 'unreadable' }) })
  await expect(broken).toHaveCount(1)
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await expect(app.page.getByRole('img', { name: 'unreadable' })).toHaveCount(1)
  await expect(broken).toContainText('3.9')
  const bar = app.page.getByRole('status').filter({ hasText: 'Slipway cannot tell which images containers use.' })
  await expect(bar).toContainText(unlisted)
  await app.expectAccessible()

  // Nothing claims to be unused.
  await expect(app.chip(/^Unused/)).toBeDisabled()
  await app.filter.fill('unused')
  await expect(app.rows).toHaveCount(0)
  await app.filter.fill('')
  await app.foot.getByRole('button', { name: 'Clean up…' }).click()
  await expect(app.page.getByRole('menuitem', { name: 'Unused' })).toBeDisabled()
  await app.page.keyboard.press('Escape')

  await broken.click()
  await expect(app.details).toContainText(unread)
  await app.expectAccessible()
  await app.page.keyboard.press('Delete')
  await expect(part(app, 'Blocked')).toContainText(unread)
  await expect(sheet(app).getByRole('button', { name: 'Nothing to remove' })).toBeDisabled()
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Cancel' }).click()

  // A container runs from redis:7: the plan cannot know that, and Docker refuses.
  await app.row('redis', '7').click()
  await app.openTab('Used by')
  await expect(app.details).toContainText('Slipway cannot tell which images containers use.')
  await app.page.keyboard.press('Delete')
  await expect(sheet(app)).toContainText('Slipway cannot tell which images containers use.')
  await sheet(app).getByRole('checkbox').uncheck()
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
  await toActivity(app)
  await expect(job(app, /Remove 1 image/)).toContainText(/redis:7.*is using its referenced image|redis:7.*container/)
  expect((await own.docker.getImage('redis:7').inspect()).RepoTags).toEqual(['redis:7'])

  way.reset()
  await app.page.getByRole('link', { name: 'Images' }).click()
  await expect(bar).toHaveCount(0, { timeout: 40_000 })
  await expect(app.page.getByRole('img', { name: 'unreadable' })).toHaveCount(0, { timeout: 40_000 })
  await expect(app.chip(/^Unused/)).toBeEnabled()
})

test('a list that Docker refuses later stays in sight with what Docker says, and “Try now” asks at once', async ({
  open,
  way,
}) => {
  const app = await open({ socket: way.socket })
  await expect(app.row('nginx', '1.27')).toBeVisible()
  way.alter(/^\/images\/json\?all=/, { refusal: 'layer does not exist' })
  // As when the user comes back to the window.
  await app.page.evaluate(`slipway.call('images.resync')`)
  const bar = app.page.getByRole('status').filter({ hasText: 'layer does not exist' })
  await expect(bar).toContainText('Showing the last known list.')
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await app.expectAccessible()
  way.requests = []
  await bar.getByRole('button', { name: 'Try now' }).click()
  await expect.poll(() => way.requests.filter((path) => path.startsWith('/images/json?all=')).length).toBeGreaterThan(0)
  way.reset()
  await expect(bar).toHaveCount(0, { timeout: 40_000 })
})
