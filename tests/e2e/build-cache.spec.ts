import { build, records } from '../engine/build-cache/builds.ts'
import { job, part, sheet, test, toActivity } from './cleaning.ts'
import { expect } from './slipway.ts'

test('build cache is removed by a plan that says what goes, what stays, and that it is for good', async ({
  app,
  own,
}) => {
  build(own, 'gone', [2_000_000])
  await own.docker.getImage('gone').remove()
  build(own, 'kept', [300_000])
  await expect.poll(async () => (await records(own)).some(({ Shared }) => Shared)).toBe(true)

  await app.foot.getByTitle('Show disk usage').press('Enter')
  const disk = sheet(app).filter({ hasText: 'Disk space used by Docker' })
  await disk.getByRole('button', { name: 'Remove…' }).press('Enter')
  const plan = sheet(app).filter({ hasText: 'Remove build cache' }).last()
  await expect(plan.getByRole('heading', { level: 2 })).toHaveText(/^Frees 4\.\d+ MB$/)
  await expect(plan).toContainText('This cannot be undone.')
  await expect(part(app, 'Will be deleted')).toContainText('COPY file0 /')
  await expect(part(app, 'Will be kept')).toContainText('part of an image')
  await expect(plan.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.expectAccessible()

  await app.page.keyboard.press('Escape')
  await expect(disk.getByRole('button', { name: 'Remove…' })).toBeFocused()
  const before = await records(own)
  await app.page.keyboard.press('Enter')
  await expect(plan.getByRole('button', { name: /^Delete \d+ records?$/ })).toBeEnabled()
  expect(await records(own)).toHaveLength(before.length)
  await app.page.keyboard.press('Tab')
  await app.page.keyboard.press('Enter')
  await expect(sheet(app)).toHaveCount(0)
  await toActivity(app)
  await expect(job(app, /Removed \d+ build cache records?/)).toContainText(/4\.\d+ MB freed, as promised/)
  await app.expectAccessible()
  const left = await records(own)
  expect(left.length).toBeLessThan(before.length)
  expect(left.some(({ Shared }) => Shared)).toBe(true)
})
