import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadImages } from '../../tools/world/images.ts'
import { manyImages } from '../../tools/world/many-images.ts'
import type { Engine } from '../../tools/world/engine.ts'
import { openHoldingProxy } from '../engine/sync/holding-proxy.ts'
import { jobCard, openActivity, section, sheet, test } from './removal-fixtures.ts'
import { expect, type Slipway } from './slipway.ts'

const imageCount = 150

/** Starts to remove many images without copies, and waits in Activity until at least three are done. */
async function removeMany(app: Slipway, { docker }: Engine) {
  await loadImages(docker, manyImages(imageCount))
  await app.filter.fill('team-')
  await expect(app.footer).toContainText('330 matches')
  await app.filter.press('Enter')
  await app.page.keyboard.press('Control+a')
  await app.page.keyboard.press('Delete')
  await section(app, 'Save copies first').getByRole('checkbox').first().uncheck()
  await sheet(app)
    .getByRole('button', { name: `Delete ${imageCount} images` })
    .click()
  await openActivity(app)
  const removalCard = jobCard(app, new RegExp(`Remov(e|ing|ed) ${imageCount} images`))
  await expect(removalCard.getByText('done', { exact: true }).nth(2)).toBeVisible()
  return removalCard
}

const listTeamImages = async ({ docker }: Engine) =>
  (await docker.listImages()).filter(({ RepoTags }) => RepoTags?.some((name) => name.includes('team-')))

test('a removal that is cancelled between two images leaves the other images, which can then be removed with a new plan', async ({
  app,
  engine,
}) => {
  const removalCard = await removeMany(app, engine)
  await removalCard.getByRole('button', { name: 'Cancel' }).click()
  await expect(removalCard).toHaveAccessibleName(`Remove ${imageCount} images`)
  await expect(removalCard).toContainText(/cancelled, \d+ of 150 done/)
  const doneCount = Number(/cancelled, (\d+) of/.exec(await removalCard.innerText())![1])
  await removalCard.getByRole('button', { name: `Show all ${imageCount}` }).click()
  await expect(removalCard.getByText('kept', { exact: true })).toHaveCount(imageCount - doneCount)
  expect(await listTeamImages(engine)).toHaveLength(imageCount - doneCount)
  await app.expectAccessible()

  // The rest is removed by a new plan, which is shown first.
  await removalCard.getByRole('button', { name: 'Remove the rest…' }).click()
  await sheet(app)
    .getByRole('button', { name: `Delete ${imageCount - doneCount} images` })
    .click()
  await expect(jobCard(app, new RegExp(`Removed ${imageCount - doneCount} images`))).toContainText('freed', {
    timeout: 60_000,
  })
  expect(await listTeamImages(engine)).toHaveLength(0)
  await expect(removalCard.getByRole('button', { name: 'Remove the rest…' })).toHaveCount(0)
})

test('if the engine dies during a removal, every image that is gone is shown as done, and none as unknown', async ({
  app,
  engine,
}) => {
  const removalCard = await removeMany(app, engine)
  await engine.kill()
  await engine.restart()
  await expect(removalCard).toHaveAccessibleName(`Remove ${imageCount} images`, { timeout: 60_000 })
  await removalCard.getByRole('button', { name: `Show all ${imageCount}` }).click()
  const remaining = await listTeamImages(engine)
  await expect(removalCard.getByText('done', { exact: true })).toHaveCount(imageCount - remaining.length)
  await expect(removalCard.getByText('unknown, the engine disconnected')).toHaveCount(0)
})

test('if the folder for copies cannot be used, the sheet says so, and nothing is deleted', async ({ app, engine }) => {
  const folder = mkdtempSync(join(tmpdir(), 'copies-'))
  try {
    await app.electron.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] })
    }, folder)
    await app.row('python', '3.9').click()
    await app.page.keyboard.press('Delete')
    await section(app, 'Save copies first').getByRole('button', { name: 'Change folder…' }).click()
    await expect(section(app, 'Save copies first')).toContainText(folder)
    // A file takes the folder's place.
    rmSync(folder, { recursive: true })
    writeFileSync(folder, '')
    await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
    await expect(sheet(app).getByRole('alert')).toContainText(folder)
    await app.expectAccessible()
    expect((await engine.docker.getImage('python:3.9').inspect()).RepoTags).toEqual(['python:3.9'])

    rmSync(folder)
    mkdirSync(folder)
    await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
    await expect(app.row('python', '3.9')).toHaveCount(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('while a new plan is computed on a slow engine, the old plan cannot be applied', async ({ open, engine }) => {
  let isSlow = false
  const proxy = await openHoldingProxy(engine.socket, (path) => isSlow && path.includes('/history'))
  try {
    const app = await open({ socket: proxy.socket })
    await app.row('redis', '7').click()
    await app.page.keyboard.press('Delete')
    const choice = section(app, 'Blocked').getByRole('combobox')
    const button = sheet(app).getByRole('button').last()
    await choice.selectOption({ label: 'Stop and remove the container' })
    await expect(button).toHaveText('Delete 1 image')
    await sheet(app).getByRole('checkbox').uncheck()

    // A plan waits until all layers are read, including those of a new image.
    isSlow = true
    const [newImage] = manyImages(1)
    await loadImages(engine.docker, [newImage!])
    await expect.poll(() => proxy.heldCount).toBeGreaterThan(0)
    await choice.selectOption({ label: 'Keep the image' })
    await button.click({ force: true })
    await expect(sheet(app)).toBeVisible()
    await expect(sheet(app).getByRole('status')).toHaveText('Working out the plan…')
    await expect(button).toBeDisabled()
    await app.expectAccessible()

    proxy.release()
    await expect(button).toHaveText('Nothing to remove')
    await expect(button).toBeDisabled()
    await expect(sheet(app).getByRole('status')).toHaveText('')
    expect((await engine.docker.getContainer('cache').inspect()).State.Running).toBe(true)
    expect((await engine.docker.getImage('redis:7').inspect()).RepoTags).toEqual(['redis:7'])
  } finally {
    proxy.close()
  }
})
