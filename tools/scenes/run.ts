/** Scenes of the Run dialog and of containers. */
import type { Page } from 'playwright-core'
import { row, type Scene } from './scene.ts'
import { engineWithSelinux } from './selinux.ts'

export const runScenes: readonly Scene[] = [
  {
    name: 'run',
    async show(page) {
      await openRunDialog(page, 'nginx', '1.27')
      await page.getByRole('dialog').getByRole('textbox').first().fill('my-site')
    },
  },
  {
    name: 'run-more',
    async show(page) {
      await openRunDialog(page, 'postgres', '16-alpine')
      const dialog = page.getByRole('dialog')
      await dialog.locator('button[aria-expanded]').click()
      await dialog.getByRole('group').nth(1).getByRole('button').last().click()
      await dialog.getByRole('group').nth(2).getByRole('button').last().click()
    },
  },
  {
    name: 'run-selinux',
    main: 'tools/scenes/enforcing.cjs',
    prepare: engineWithSelinux,
    async show(page) {
      await openRunDialog(page, 'postgres', '16-alpine')
      const dialog = page.getByRole('dialog')
      await dialog.locator('button[aria-expanded]').click()
      const folders = dialog.getByRole('group').nth(1)
      await folders.getByRole('button').last().click()
      await folders.getByRole('textbox').nth(-2).fill('/home/ada/data')
      await folders.getByRole('textbox').nth(-1).fill('/data')
      await folders.getByRole('checkbox').last().check()
      await folders.evaluate((group) => group.scrollIntoView({ block: 'start' }))
    },
  },
  {
    name: 'run-wrong',
    async show(page) {
      await openRunDialog(page, 'busybox', 'latest')
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('textbox').nth(1).fill('/bin/nosuch')
      await dialog.getByRole('button').last().click()
      await page.waitForTimeout(2500)
    },
  },
  {
    name: 'containers',
    async show(page) {
      await row(page, 'nginx', '1.27').click()
      await page.getByRole('tab').nth(2).click()
    },
  },
  {
    name: 'container-remove',
    async show(page) {
      await row(page, 'nginx', '1.27').click()
      await page.getByRole('tab').nth(2).click()
      await page.getByRole('complementary').getByRole('listitem').first().getByRole('button').last().click()
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    },
  },
]

/** Opens the dialog for an image and waits for its suggestions. */
async function openRunDialog(page: Page, ...image: string[]) {
  await row(page, ...image).click()
  await page.keyboard.press('r')
  await page.getByRole('dialog').locator('footer button:enabled').nth(1).waitFor()
}
