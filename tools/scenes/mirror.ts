/** Scenes of the Mirrors screen: its lists, and the race. */
import { readFileSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import type { Scene } from './scene.ts'
import { systemPaths } from '../world/dockerd.ts'

/** Docker uses these mirrors. */
const usingMirrors =
  (...mirrors: readonly string[]) =>
  () => {
    const original = readFileSync(systemPaths.config, 'utf8')
    const use = (text: string) => {
      writeFileSync(systemPaths.config, text)
      process.kill(Number(readFileSync(systemPaths.pid, 'utf8')), 'SIGHUP')
    }
    use(JSON.stringify({ ...JSON.parse(original), 'registry-mirrors': mirrors }))
    return () => use(original)
  }
export const mirrorScenes: readonly Scene[] = [
  {
    name: 'mirrors-before',
    show: async (page) => openMirrors(page),
  },
  {
    name: 'mirrors-after',
    async show(page) {
      await runRace(page)
      await page.getByRole('row').first().click()
    },
  },
  {
    name: 'mirrors-during',
    async show(page) {
      await openMirrors(page)
      await page.locator('form button').click()
      await page.locator('[role=row] .text-good').first().waitFor()
    },
  },
  {
    // With an image that no registry has, no mirror works.
    name: 'mirrors-none',
    async show(page) {
      await openMirrors(page)
      await page.getByRole('textbox').fill('nobody/has-this:1')
      await runRace(page)
      await page.getByRole('row').first().click()
    },
  },
  {
    name: 'mirrors-other',
    async show(page) {
      await runRace(page)
      await page.getByRole('row').filter({ hasText: 'stale' }).click()
    },
  },
  {
    name: 'mirrors-closed',
    async show(page) {
      await openMirrors(page)
      await page.locator('main summary').first().click()
    },
  },
  {
    name: 'mirrors-failing',
    arrange: usingMirrors('https://dead.mirror.test', 'https://docker.mirrors.ustc.edu.cn', 'https://fast.mirror.test'),
    async show(page) {
      await openMirrors(page)
      await page.locator('section.bg-warn-bg').waitFor({ timeout: 60_000 })
    },
  },
  {
    name: 'mirrors-add',
    async show(page) {
      await openMirrors(page)
      await page.locator('main header button').nth(1).click()
      await page.getByRole('dialog').getByRole('textbox').fill('docker.mirrors.ustc.edu.cn')
    },
  },
]

export async function runRace(page: Page) {
  if ((await page.locator('main form').count()) === 0) await openMirrors(page)
  await page.locator('form button').click()
  await page.waitForTimeout(500)
  await page.locator('form button[type=submit]').waitFor({ timeout: 60_000 })
}

export async function openMirrors(page: Page) {
  await page.getByRole('navigation').getByRole('link').nth(2).click()
  await page.getByRole('row').first().waitFor()
}
