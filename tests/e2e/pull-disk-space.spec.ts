import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { startEngine } from '../../tools/world/engine.ts'
import { fillRegistry } from '../../tools/world/fill.ts'
import { worldFolder } from '../../tools/world/paths.ts'
import { startRegistry } from '../../tools/world/registry.ts'
import { expect, test } from './slipway.ts'

test('a pull that does not fit says how much space it needs and how much is free, and offers to clean up or to pull anyway', async ({
  open,
}) => {
  const disk = mkdtempSync(join(worldFolder(), 'small-disk-'))
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', disk])
  const registry = await startRegistry()
  try {
    const steps = [{ instruction: 'COPY large /', bytes: 60_000_000, noise: true }]
    const reference = `${registry.host}/team/large:1`
    await fillRegistry(registry, [
      { references: ['team/large:1'], created: new Date(1_700_000_000_000), config: { Cmd: ['/none'] }, steps },
    ])
    const engine = await startEngine({ version: '26.1', store: 'classic', root: join(disk, 'engine') })
    try {
      const logLengthBefore = registry.log().length
      const app = await open({ socket: engine.socket })
      await app.page.keyboard.press('Control+k')
      await app.page.getByRole('searchbox', { name: /^Search, or/ }).fill(reference)
      await app.page.keyboard.press('Enter')
      await app.page.getByRole('navigation').getByRole('link', { name: 'Activity' }).click()
      const card = app.page.getByRole('article', { name: `Pull ${reference}` })
      const alert = card.getByRole('alert')
      await expect(alert).toContainText('There is not enough space on Docker’s disk.')
      await expect(alert).toContainText(
        /This image needs about 150(\.\d)? MB, but only [\d.]+ MB is free, so nothing was pulled\./,
      )
      expect(registry.log().slice(logLengthBefore)).not.toContain('/blobs/')
      await app.expectAccessible()

      await alert.getByRole('button', { name: 'Clean up…' }).press('Enter')
      await expect(app.page.getByRole('heading', { level: 1, name: 'Images' })).toBeVisible()

      await app.page.getByRole('navigation').getByRole('link', { name: 'Activity' }).click()
      await alert.getByRole('button', { name: 'Pull anyway' }).press('Enter')
      await expect(card.filter({ hasText: 'Docker’s disk is full.' })).toBeVisible({ timeout: 30_000 })
    } finally {
      await engine.stop()
    }
  } finally {
    await registry.stop()
    execFileSync('umount', [disk])
    rmSync(disk, { recursive: true })
  }
})
