import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { jobCard, openActivity, section, sheet, test } from './removal-fixtures.ts'
import { expect } from './slipway.ts'

test('removing a dangling image shows the plan first, and then the job with the freed space', async ({
  app,
  engine,
}) => {
  const dangling = (await engine.docker.listImages({ filters: { dangling: ['true'] } }))[0]!
  const id = dangling.Id.slice(7, 19)
  await app.filter.fill(id)
  await app.rows.first().click()
  await app.page.keyboard.press('Delete')
  await expect(sheet(app).getByRole('heading', { level: 2 })).toHaveText(/^Frees [\d.]+ MB/)
  await expect(section(app, 'Will be deleted')).toContainText(id)
  await expect(sheet(app).getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
  await expect(sheet(app)).toBeHidden()
  await expect(app.page.getByText('Nothing matches')).toBeVisible()
  await openActivity(app)
  await expect(jobCard(app, /Removed 1 image/)).toContainText(/[\d.]+ MB freed, as promised/)
  await app.expectAccessible()
  const remaining = await engine.docker.listImages({ all: true })
  expect(remaining.map(({ Id }) => Id)).not.toContain(dangling.Id)
})

test('removing one of two tags only untags the image, and frees nothing', async ({ app, engine }) => {
  await app.row('nginx', 'stable').click()
  await app.page.keyboard.press('Delete')
  await expect(sheet(app).getByRole('heading', { level: 2 })).toHaveText('Frees 0 B')
  await expect(section(app, 'Only the tag is removed')).toContainText('stays as nginx:1.27')
  await sheet(app).getByRole('button', { name: 'Remove 1 tag' }).click()
  await expect(app.row('nginx', 'stable')).toHaveCount(0)
  await expect(app.row('nginx', '1.27')).toBeVisible()
  expect((await engine.docker.getImage('nginx:1.27').inspect()).RepoTags).toEqual(['nginx:1.27'])
})

test('an image that a container uses is kept unless the user chooses to remove the container', async ({
  app,
  engine,
}) => {
  await app.row('redis', '7').click()
  await app.page.keyboard.press('Delete')
  await expect(section(app, 'Blocked')).toContainText('container cache, running')
  await expect(sheet(app).getByRole('button', { name: 'Nothing to remove' })).toBeDisabled()
  await section(app, 'Blocked').getByRole('combobox').selectOption({ label: 'Stop and remove the container' })
  await expect(sheet(app)).toContainText('These containers will be removed with all they wrote: cache.')
  await sheet(app).getByRole('button', { name: 'Show the commands' }).click()
  await expect(sheet(app)).toContainText('docker stop cache')
  await expect(sheet(app)).toContainText('docker rmi redis:7')
  await sheet(app).getByRole('checkbox').uncheck()
  await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
  await expect(app.row('redis', '7')).toHaveCount(0)
  const names = (await engine.docker.listContainers({ all: true })).flatMap(({ Names }) => Names)
  expect(names).not.toContain('/cache')
  expect(names).toContain('/web')
})

test('closing the plan with Cancel or Esc changes nothing', async ({ app, engine }) => {
  const before = await engine.docker.listImages({ all: true })
  await app.row('python', '3.9').click()
  await app.details.getByRole('button', { name: 'Remove…' }).click()
  await sheet(app).getByRole('button', { name: 'Cancel' }).click()
  await app.page.keyboard.press('Delete')
  await app.page.keyboard.press('Escape')
  await expect(sheet(app)).toBeHidden()
  expect(await engine.docker.listImages({ all: true })).toHaveLength(before.length)
})

test('the summary, the footer and the plan show the same freed space, and the rows add up to it', async ({ app }) => {
  for (const [name, tag] of [
    ['python', '3.9'],
    ['nginx', '1.25'],
    ['hello-world', 'latest'],
  ] as const)
    await app.row(name, tag).click({ modifiers: ['Control'] })
  await expect(app.details.getByRole('heading', { level: 2 })).toHaveText('3 images selected')
  const frees = (await app.details.locator('p').first().textContent())!
  await expect(app.footer).toContainText(`removing them frees ${frees}`)
  const rowSizes = await app.details.getByRole('listitem').locator('span.tabular-nums').allTextContents()
  expect(sum(rowSizes)).toBeCloseTo(inMegabytes(frees), 0)
  await app.footer.getByRole('button', { name: 'Remove…' }).click()
  await expect(sheet(app).getByRole('heading', { level: 2 })).toHaveText(`Frees ${frees}`)
  const plannedSizes = await section(app, 'Will be deleted')
    .getByRole('listitem')
    .locator('span.tabular-nums')
    .allTextContents()
  expect(sum(plannedSizes)).toBeCloseTo(inMegabytes(frees), 0)
})

const inMegabytes = (text: string) => {
  const [number, unit] = text.split(' ')
  return Number(number) * { B: 1e-6, kB: 1e-3, MB: 1, GB: 1e3 }[unit as 'B' | 'kB' | 'MB' | 'GB']
}
const sum = (texts: readonly string[]) => texts.reduce((total, text) => total + inMegabytes(text), 0)

test('all images can be removed together with their containers', async ({ app, engine }) => {
  await app.footer.getByRole('button', { name: 'Clean up…' }).click()
  await app.page.getByRole('menuitem', { name: /^Everything/ }).click()
  await app.page.keyboard.press('Delete')
  await sheet(app).getByRole('button', { name: 'Remove all these containers' }).click()
  await expect(section(app, 'Blocked').getByRole('combobox').first()).not.toHaveValue('keep')
  await section(app, 'Save copies first').getByRole('checkbox').first().uncheck()
  await app.expectAccessible()
  await sheet(app)
    .getByRole('button', { name: /^Delete \d+ images/ })
    .click()
  await expect(app.page.getByText('No images yet')).toBeVisible({ timeout: 60_000 })
  expect(await engine.docker.listImages({ all: true })).toEqual([])
  expect(await engine.docker.listContainers({ all: true })).toEqual([])
  await openActivity(app)
  await expect(jobCard(app, /Removed \d+ images/)).toContainText('freed, as promised')
})

test('undoing a removal with a copy restores the image and its tag', async ({ app, engine }) => {
  const before = (await engine.docker.getImage('python:3.9').inspect()).Id
  await app.row('python', '3.9').click()
  await app.page.keyboard.press('Delete')
  await expect(section(app, 'Save copies first').getByRole('checkbox')).toBeChecked()
  await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
  await expect(app.row('python', '3.9')).toHaveCount(0)
  await openActivity(app)
  await expect(jobCard(app, /Removed 1 image/)).toContainText('1 copy is kept in')
  // Activity survives a reload of the page.
  await app.page.reload()
  await openActivity(app)
  await jobCard(app, /Removed 1 image/)
    .getByRole('button', { name: 'Undo' })
    .click()
  await expect(jobCard(app, /Restored 1 image/)).toContainText('done')
  await expect(app.page.getByRole('button', { name: 'Undo' })).toHaveCount(0)
  await expect(app.page.getByRole('region', { name: 'Activity' })).toBeFocused()
  await app.page.getByRole('link', { name: 'Images' }).click()
  await expect(app.row('python', '3.9')).toBeVisible()
  expect((await engine.docker.getImage('python:3.9').inspect()).Id).toBe(before)
})

test('if an image gets a container between the plan and the click, the image is not removed, and the new plan is shown', async ({
  app,
  engine,
}) => {
  await app.row('python', '3.9').click()
  await app.page.keyboard.press('Delete')
  await expect(sheet(app).getByRole('button', { name: 'Delete 1 image' })).toBeEnabled()
  await engine.docker.createContainer({ Image: 'python:3.9', name: 'late', HostConfig: { NetworkMode: 'none' } })
  await expect(app.row('python', '3.9').getByRole('gridcell', { name: '1', exact: true })).toHaveCount(1)
  await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
  await expect(sheet(app)).toContainText('Something changed in the meantime.')
  await expect(section(app, 'Blocked')).toContainText('container late, stopped')
  expect((await engine.docker.getImage('python:3.9').inspect()).RepoTags).toEqual(['python:3.9'])
})

test('a copy of a removal that no journal knows is listed, and can be deleted', async ({ open, engine }) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-strays-'))
  const home = join(folder, 'home')
  mkdirSync(home)
  const options = { socket: engine.socket, config: folder, env: { HOME: home } }
  const firstRun = await open(options)
  await firstRun.row('python', '3.9').click()
  await firstRun.page.keyboard.press('Delete')
  await sheet(firstRun).getByRole('button', { name: 'Delete 1 image' }).click()
  await openActivity(firstRun)
  await expect(jobCard(firstRun, /Removed 1 image/)).toContainText('1 copy is kept in')
  await firstRun.quit()
  rmSync(join(folder, 'Slipway/journal'), { recursive: true })

  const app = await open(options)
  await openActivity(app)
  const strays = app.page.getByRole('region', { name: 'Copies without a removal' })
  await expect(strays).toContainText('One copy')
  await strays.getByRole('button', { name: 'Delete…' }).click()
  const confirmation = app.page.getByRole('dialog')
  await expect(confirmation).toContainText('python_3.9-')
  await expect(confirmation.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.expectAccessible()
  await confirmation.getByRole('button', { name: 'Delete' }).click()
  await expect(strays).toHaveCount(0)
  rmSync(folder, { recursive: true, force: true })
})

test('a removal that was cleared from Activity can still be undone, even after a restart of the app', async ({
  open,
  engine,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-cleared-'))
  const firstRun = await open({ socket: engine.socket, config: folder })
  await firstRun.row('python', '3.9').click()
  await firstRun.page.keyboard.press('Delete')
  await sheet(firstRun).getByRole('button', { name: 'Delete 1 image' }).click()
  await openActivity(firstRun)
  await expect(jobCard(firstRun, /Removed 1 image/)).toContainText('1 copy is kept in')
  await firstRun.page.getByRole('button', { name: 'Clear finished' }).click()
  await expect(firstRun.page.getByRole('article')).toHaveCount(0)
  await expect(firstRun.page.getByRole('region', { name: 'Activity' })).toBeFocused()
  await firstRun.quit()

  const app = await open({ socket: engine.socket, config: folder })
  await openActivity(app)
  const undoable = app.page.getByRole('region', { name: 'Can still be undone' })
  await expect(undoable).toContainText('python:3.9')
  await expect(undoable).toContainText('copies take')
  await app.expectAccessible()
  await undoable.getByRole('button', { name: 'Undo' }).click()
  await expect(jobCard(app, /Restored 1 image/)).toContainText('done')
  await expect(undoable).toHaveCount(0)
  rmSync(folder, { recursive: true, force: true })
})
