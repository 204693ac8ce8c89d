/** Scenes of the Discover screen and of pulls. */
import type { Page } from 'playwright-core'
import type { Scene } from './scene.ts'

export const discoverScenes: readonly Scene[] = [
  {
    name: 'discover',
    show: async (page) => page.keyboard.press('Control+k'),
  },
  {
    name: 'discover-results',
    show: async (page) => search(page, 'nginx'),
  },
  {
    name: 'discover-about',
    async show(page) {
      await search(page, 'nginx')
      await page.getByRole('tab').nth(1).click()
    },
  },
  {
    name: 'discover-deprecated',
    show: async (page) => search(page, 'centos'),
  },
  {
    name: 'discover-name',
    show: async (page) => search(page, 'redis:7'),
  },
  {
    name: 'discover-pasted',
    show: async (page) => search(page, 'docker run -d --platform linux/arm64 -p 80:80 nginx:1.27'),
  },
  {
    name: 'discover-page',
    async show(page) {
      await page.keyboard.press('Control+k')
      await page.getByRole('searchbox').first().fill('https://github.com/nginx/nginx')
    },
  },
  {
    name: 'discover-wrong',
    async show(page) {
      await page.keyboard.press('Control+k')
      await page.getByRole('searchbox').first().fill('ghcr.io/Owner/Name:1')
    },
  },
  {
    name: 'pull-running',
    async show(page) {
      for (const reference of ['python:3.13', 'python:3.14', 'redis:7.4'])
        await page.evaluate(`slipway.call('pull.start', { reference: '${reference}' })`)
      await page.getByRole('navigation').getByRole('link').last().click()
      await page.getByRole('progressbar').nth(1).waitFor()
      // Wait until the download speed is shown.
      await page.waitForTimeout(1500)
    },
  },
  {
    name: 'pull-ended',
    async show(page) {
      await startPull(page)
      await page
        .getByRole('article')
        .first()
        .getByRole('button', { name: /^(Run|运行)/ })
        .waitFor({ timeout: 60_000 })
    },
  },
  {
    name: 'pull-failed',
    async show(page) {
      await page.evaluate(`slipway.call('pull.start', { reference: '127.0.0.1:9/team/app:1' })`)
      await page.getByRole('navigation').getByRole('link').last().click()
      await page.getByRole('alert').waitFor()
    },
  },
]

/** Searches, and waits for the results and the tags of the first one. */
async function search(page: Page, words: string) {
  await page.keyboard.press('Control+k')
  await page.getByRole('searchbox').first().fill(words)
  await page.waitForTimeout(2500)
}

/** Starts the pull of a tag that is not there yet: the previous pictures have already pulled some. */
async function startPull(page: Page) {
  await search(page, 'python')
  const newTags = page.getByRole('row').filter({ has: page.locator('[data-part=pull]'), hasNotText: /Here|已有/ })
  await newTags.first().locator('[data-part=pull]').click()
  await page.getByRole('navigation').getByRole('link').last().click()
}
