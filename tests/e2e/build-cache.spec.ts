import { build, records } from '../engine/build-cache/builds.ts'
import { jobCard, openActivity, section, sheet, test } from './removal-fixtures.ts'
import { expect } from './slipway.ts'

test('the plan for build cache lists what is deleted and what is kept, warns that there is no undo, and is then applied', async ({
  app,
  engine,
}) => {
  build(engine, 'gone', [2_000_000])
  await engine.docker.getImage('gone').remove()
  build(engine, 'kept', [300_000])
  await expect.poll(async () => (await records(engine)).some(({ Shared }) => Shared)).toBe(true)

  await app.footer.getByTitle('Show disk usage').press('Enter')
  const disk = sheet(app).filter({ hasText: 'Disk space used by Docker' })
  await disk.getByRole('button', { name: 'Remove…' }).press('Enter')
  const plan = sheet(app).filter({ hasText: 'Remove build cache' }).last()
  await expect(plan.getByRole('heading', { level: 2 })).toHaveText(/^Frees 4\.\d+ MB$/)
  await expect(plan).toContainText('This cannot be undone.')
  await expect(section(app, 'Will be deleted')).toContainText('COPY file0 /')
  await expect(section(app, 'Will be kept')).toContainText('part of an image')
  await expect(plan.getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.expectAccessible()

  await app.page.keyboard.press('Escape')
  await expect(disk.getByRole('button', { name: 'Remove…' })).toBeFocused()
  const before = await records(engine)
  await app.page.keyboard.press('Enter')
  await expect(plan.getByRole('button', { name: /^Delete \d+ records?$/ })).toBeEnabled()
  expect(await records(engine)).toHaveLength(before.length)
  await app.page.keyboard.press('Tab')
  await app.page.keyboard.press('Enter')
  await expect(sheet(app)).toHaveCount(0)
  await openActivity(app)
  await expect(jobCard(app, /Removed \d+ build cache records?/)).toContainText(/4\.\d+ MB freed, as promised/)
  await app.expectAccessible()
  const remaining = await records(engine)
  expect(remaining.length).toBeLessThan(before.length)
  expect(remaining.some(({ Shared }) => Shared)).toBe(true)
})
