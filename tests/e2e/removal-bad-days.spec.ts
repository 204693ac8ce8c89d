import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadImages } from '../../tools/world/images.ts'
import { manyImages } from '../../tools/world/many-images.ts'
import type { Engine } from '../../tools/world/engine.ts'
import { holdingProxy } from '../engine/sync/holding-proxy.ts'
import { job, part, sheet, test, toActivity } from './cleaning.ts'
import { expect, type Slipway } from './slipway.ts'

const many = 150

/** Begins to remove them all, without copies, and watches in Activity until some are gone. */
async function removeMany(app: Slipway, { docker }: Engine) {
  await loadImages(docker, manyImages(many))
  await app.filter.fill('team-')
  await expect(app.foot).toContainText('330 matches')
  await app.filter.press('Enter')
  await app.page.keyboard.press('Control+a')
  await app.page.keyboard.press('Delete')
  await part(app, 'Save copies first').getByRole('checkbox').first().uncheck()
  await sheet(app)
    .getByRole('button', { name: `Delete ${many} images` })
    .click()
  await toActivity(app)
  const removing = job(app, new RegExp(`Remov(e|ing|ed) ${many} images`))
  await expect(removing.getByText('done', { exact: true }).nth(2)).toBeVisible()
  return removing
}

const ofThese = async ({ docker }: Engine) =>
  (await docker.listImages()).filter(({ RepoTags }) => RepoTags?.some((name) => name.includes('team-')))

test('a removal that is cancelled between two images keeps the rest, which can then be removed with a new plan', async ({
  app,
  own,
}) => {
  const removing = await removeMany(app, own)
  await removing.getByRole('button', { name: 'Cancel' }).click()
  await expect(removing).toHaveAccessibleName(`Remove ${many} images`)
  await expect(removing).toContainText(/cancelled, \d+ of 150 done/)
  const done = Number(/cancelled, (\d+) of/.exec(await removing.innerText())![1])
  await removing.getByRole('button', { name: `Show all ${many}` }).click()
  await expect(removing.getByText('kept', { exact: true })).toHaveCount(many - done)
  expect(await ofThese(own)).toHaveLength(many - done)
  await app.expectAccessible()

  // It goes on by a plan of its own, shown first.
  await removing.getByRole('button', { name: 'Remove the rest…' }).click()
  await sheet(app)
    .getByRole('button', { name: `Delete ${many - done} images` })
    .click()
  await expect(job(app, new RegExp(`Removed ${many - done} images`))).toContainText('freed', {
    timeout: 60_000,
  })
  expect(await ofThese(own)).toHaveLength(0)
  await expect(removing.getByRole('button', { name: 'Remove the rest…' })).toHaveCount(0)
})

test('if the engine dies during a removal, each image is shown as done if it is gone, and none as unknown', async ({
  app,
  own,
}) => {
  const removing = await removeMany(app, own)
  await own.kill()
  await own.restart()
  await expect(removing).toHaveAccessibleName(`Remove ${many} images`, { timeout: 60_000 })
  await removing.getByRole('button', { name: `Show all ${many}` }).click()
  const left = await ofThese(own)
  await expect(removing.getByText('done', { exact: true })).toHaveCount(many - left.length)
  await expect(removing.getByText('unknown, the engine disconnected')).toHaveCount(0)
})

test('if the folder for copies cannot be used, the sheet says so, and nothing is deleted', async ({ app, own }) => {
  const folder = mkdtempSync(join(tmpdir(), 'copies-'))
  try {
    await app.electron.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] })
    }, folder)
    await app.row('python', '3.9').click()
    await app.page.keyboard.press('Delete')
    await part(app, 'Save copies first').getByRole('button', { name: 'Change folder…' }).click()
    await expect(part(app, 'Save copies first')).toContainText(folder)
    // Another thing takes its place.
    rmSync(folder, { recursive: true })
    writeFileSync(folder, '')
    await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
    await expect(sheet(app).getByRole('alert')).toContainText(folder)
    await app.expectAccessible()
    expect((await own.docker.getImage('python:3.9').inspect()).RepoTags).toEqual(['python:3.9'])

    rmSync(folder)
    mkdirSync(folder)
    await sheet(app).getByRole('button', { name: 'Delete 1 image' }).click()
    await expect(app.row('python', '3.9')).toHaveCount(0)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('while the engine is slow, a newer choice is waited for: the older plan cannot be carried out', async ({
  open,
  own,
}) => {
  let slow = false
  const proxy = await holdingProxy(own.socket, (path) => slow && path.includes('/history'))
  try {
    const app = await open({ socket: proxy.socket })
    await app.row('redis', '7').click()
    await app.page.keyboard.press('Delete')
    const choice = part(app, 'Blocked').getByRole('combobox')
    const button = sheet(app).getByRole('button').last()
    await choice.selectOption({ label: 'Stop and remove the container' })
    await expect(button).toHaveText('Delete 1 image')
    await sheet(app).getByRole('checkbox').uncheck()

    // A plan waits until layers are read, those of a new image too.
    slow = true
    const [later] = manyImages(1)
    await loadImages(own.docker, [later!])
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
    expect((await own.docker.getContainer('cache').inspect()).State.Running).toBe(true)
    expect((await own.docker.getImage('redis:7').inspect()).RepoTags).toEqual(['redis:7'])
  } finally {
    proxy.close()
  }
})
