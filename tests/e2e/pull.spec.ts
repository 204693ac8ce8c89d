import { systemPaths } from '../../tools/world/dockerd.ts'
import { startEngine } from '../../tools/world/engine.ts'
import { expect, test, type Slipway } from './slipway.ts'

const card = (app: Slipway, name: string | RegExp) => app.page.getByRole('article', { name })
const startPull = (app: Slipway, reference: string) =>
  app.page.evaluate(`slipway.call('pull.start', { reference: ${JSON.stringify(reference)} })`)
const openActivity = (app: Slipway) => app.page.getByRole('navigation').getByRole('link', { name: 'Activity' }).click()

test('a pull shows its layers, can be cancelled and retried, and ends with the image’s ID and size', async ({
  online,
  registry,
}) => {
  registry.setNetworkConditions({ bytesPerSecond: 300_000 })
  await openActivity(online)
  await startPull(online, 'python:3.13')
  const pull = card(online, 'Pull python:3.13')
  await expect(pull.getByRole('progressbar', { name: 'Pull python:3.13' })).toBeVisible()
  await expect(pull.getByText(/B\/s/)).toBeVisible()
  await expect(pull.getByRole('listitem').first()).toContainText(/downloading|waiting|downloaded/)
  await online.expectAccessible()
  // The window reloads, and the pull continues.
  await online.page.reload()
  await openActivity(online)
  await expect(pull.getByRole('progressbar', { name: 'Pull python:3.13' })).toBeVisible()

  await pull.getByRole('button', { name: 'Cancel' }).click()
  await expect(pull).toContainText('cancelled')
  registry.setNetworkConditions()
  await pull.getByRole('button', { name: 'Retry' }).click()
  await expect(card(online, 'Pulled python:3.13')).toContainText(/[0-9a-f]{12} · .*on disk/)
  await online.expectAccessible()
})

test('the card of a pull names a registry that cannot be reached, and offers a retry', async ({ online }) => {
  await openActivity(online)
  await startPull(online, '127.0.0.1:9/team/app:1')
  const pull = card(online, 'Pull 127.0.0.1:9/team/app:1')
  await expect(pull.getByRole('alert')).toContainText('127.0.0.1:9')
  await expect(pull.getByRole('button', { name: 'Retry' })).toBeVisible()
})

test('quitting during a pull asks first, and quits only if the user confirms', async ({ online, registry }) => {
  registry.setNetworkConditions({ bytesPerSecond: 100_000 })
  await online.answerQuestions(0)
  await startPull(online, 'python:3.13')
  await online.page.keyboard.press('Control+q')
  await expect
    .poll(() => online.questions())
    .toEqual(['One image is still being pulled.|Quitting cancels it.|Keep open|Quit'])
  await openActivity(online)
  await expect(card(online, 'Pull python:3.13')).toBeVisible()
  await online.answerQuestions(1)
  await online.quit()
})

async function pullByName(app: Slipway, reference: string) {
  await app.page.keyboard.press('Control+k')
  await app.page.getByRole('searchbox', { name: /^Search, or/ }).fill(reference)
  await app.page.keyboard.press('Enter')
}

test('with Docker Hub blocked and no mirror, a pull of nginx says why it fails, and can be retried', async ({
  open,
  hub,
}) => {
  const engine = await startEngine({ version: '26.1', store: 'classic', env: hub.engineEnv })
  try {
    hub.setBehaviour('all', 'down')
    const app = await open({ socket: engine.socket, env: hub.env })
    await pullByName(app, 'nginx:1.27')
    const alert = app.details.getByRole('alert')
    await expect(alert).toContainText(/Docker Hub (cannot be reached|does not answer|closed the connection)/, {
      timeout: 40_000,
    })
    await expect(app.page.getByText('As of 2026-08-22')).toBeVisible({ timeout: 30_000 })
    await app.expectAccessible()

    hub.setBehaviour('all', 'normal')
    hub.setBehaviour('registry-1.docker.io', 'limited')
    await alert.getByRole('button', { name: 'Retry' }).click()
    await expect(alert).toContainText('You have reached Docker Hub’s limit for pulls without a login', {
      timeout: 40_000,
    })

    hub.setBehaviour('registry-1.docker.io', 'normal')
    await alert.getByRole('button', { name: 'Retry' }).click()
    await openActivity(app)
    await expect(card(app, 'Pulled nginx:1.27')).toBeVisible({ timeout: 30_000 })
    expect((await engine.docker.getImage('nginx:1.27').inspect()).RepoTags).toEqual(['nginx:1.27'])
  } finally {
    await engine.stop()
  }
})

test('a pull that fails because Docker lacks the proxy that Slipway uses says so, with the commands that add it', async ({
  open,
  hub,
}) => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
  try {
    const app = await open({ socket: systemPaths.socket, env: hub.env })
    await pullByName(app, 'nginx:1.27')
    const alert = app.details.getByRole('alert')
    await expect(alert).toContainText('Docker cannot reach Docker Hub. Slipway can, through the proxy 127.0.0.1:', {
      timeout: 40_000,
    })
    await expect(alert).toContainText(`"https-proxy": "http://127.0.0.1:${hub.port}"`)
    await expect(alert.getByRole('button', { name: 'Copy' })).toBeVisible()
    await app.expectAccessible()
  } finally {
    await engine.stop()
  }
})

test('undoing the removal of a pulled image pulls it again by its digest', async ({ online, puller }) => {
  await pullByName(online, 'alpine:3.20')
  await openActivity(online)
  await expect(card(online, 'Pulled alpine:3.20')).toBeVisible()
  const { Id } = await puller.docker.getImage('alpine:3.20').inspect()

  await online.page.getByRole('navigation').getByRole('link', { name: 'Images' }).click()
  await online.row('alpine', '3.20').click()
  await online.page.keyboard.press('Delete')
  await expect(online.page.getByRole('dialog')).toContainText('pulled from Docker Hub')
  await online.page.getByRole('dialog').getByRole('button', { name: 'Delete 1 image' }).click()
  await expect(online.row('alpine', '3.20')).toHaveCount(0)

  await openActivity(online)
  await card(online, 'Removed 1 image').getByRole('button', { name: 'Undo' }).click()
  await expect(card(online, 'Restored 1 image')).toBeVisible()
  expect((await puller.docker.getImage('alpine:3.20').inspect()).Id).toBe(Id)
})
