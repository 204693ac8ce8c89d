import { expect, test, type Slipway } from './slipway.ts'

const card = (app: Slipway, name: string | RegExp) => app.page.getByRole('article', { name })
const begin = (app: Slipway, reference: string) =>
  app.page.evaluate(`slipway.call('transfer.pull', { reference: ${JSON.stringify(reference)} })`)
const activity = (app: Slipway) => app.page.getByRole('navigation').getByRole('link', { name: 'Activity' }).click()
/** How often the desktop's question was asked, and what it is answered from now on. */
const answers = (app: Slipway, response: number) =>
  app.electron.evaluate(({ dialog }, response) => {
    const asked: string[] = []
    Object.assign(globalThis, { asked })
    dialog.showMessageBox = async (...all: unknown[]) => {
      const { message, detail, buttons } = all.at(-1) as Electron.MessageBoxOptions
      asked.push([message, detail, ...(buttons ?? [])].join('|'))
      return { response, checkboxChecked: false }
    }
  }, response)
const asked = (app: Slipway) => app.electron.evaluate(() => (globalThis as { asked?: string[] }).asked)

test('a pull is followed by layers, cancelled, tried again, and told with what came', async ({ online, registry }) => {
  registry.behave({ bytesPerSecond: 300_000 })
  await activity(online)
  await begin(online, 'python:3.13')
  const pull = card(online, 'Pull python:3.13')
  await expect(pull.getByRole('progressbar', { name: 'Pull python:3.13' })).toBeVisible()
  await expect(pull.getByText(/B\/s/)).toBeVisible()
  await expect(pull.getByRole('listitem').first()).toContainText(/downloading|waiting|downloaded/)
  await online.expectAccessible()
  // The window begins anew, the pull goes on.
  await online.page.reload()
  await activity(online)
  await expect(pull.getByRole('progressbar', { name: 'Pull python:3.13' })).toBeVisible()

  await pull.getByRole('button', { name: 'Cancel' }).click()
  await expect(pull).toContainText('cancelled')
  registry.behave()
  await pull.getByRole('button', { name: 'Retry' }).click()
  await expect(card(online, 'Pulled python:3.13')).toContainText(/[0-9a-f]{12} · .*on the disk/)
  await online.expectAccessible()
})

test('what the registry lacks is told where the pull stood, with the next step', async ({ online }) => {
  await activity(online)
  await begin(online, 'nginx:no-such-tag')
  const pull = card(online, 'Pull nginx:no-such-tag')
  await expect(pull.getByRole('alert')).toContainText('There is no nginx:no-such-tag.')
  await expect(pull.getByRole('button', { name: 'Retry' })).toBeVisible()
})

test('closing the app while an image comes asks first, and not otherwise', async ({ online, registry }) => {
  registry.behave({ bytesPerSecond: 100_000 })
  await answers(online, 0)
  await begin(online, 'python:3.13')
  await online.page.keyboard.press('Control+q')
  await expect
    .poll(() => asked(online))
    .toEqual(['One image is still being pulled.|Quitting cancels it.|Keep open|Quit'])
  await activity(online)
  await expect(card(online, 'Pull python:3.13')).toBeVisible()
  await answers(online, 1)
  await online.quit()
})
