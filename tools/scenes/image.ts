/** Scenes of the Images screen and its dialogs, of the Activity screen, and of the menus in the rail. */
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { row, type Scene } from './scene.ts'

/** The default folder for copies in the throwaway world of the pictures. */
const copiesFolder = join(homedir(), 'Slipway')
/** Names and bytes of files that are named like copies, but belong to no known removal. */
const strayCopies = [
  ['shop_web_2.3.0-0a1b2c3d4e5f-5f1c0a77.tar', 2_300_000],
  ['python_3.12-slim-9f8e7d6c5b4a-5f1c0a77.tar', 1_200_000],
] as const

export const imageScenes: readonly Scene[] = [
  {
    name: 'images',
    show: async (page) => row(page, 'nginx', '1.27').click(),
  },
  {
    name: 'images-filtered',
    async show(page) {
      await page.getByRole('searchbox').fill('python')
      await page.keyboard.press('ArrowDown')
    },
  },
  {
    name: 'images-no-match',
    show: async (page) => page.getByRole('searchbox').fill('no-such-image'),
  },
  {
    name: 'images-selected',
    async show(page) {
      await row(page, 'node', '22').click({ modifiers: ['Control'] })
      await row(page, 'mysql', '8.4').click({ modifiers: ['Control'] })
      await row(page, 'nginx', '1.25').click({ modifiers: ['Shift'] })
    },
  },
  {
    name: 'images-groups',
    async show(page) {
      await page.keyboard.press('g')
      await row(page, 'python').click()
      await page.keyboard.press('ArrowRight')
    },
  },
  {
    name: 'images-old',
    show: async (page) => page.getByRole('group').getByRole('button').nth(3).click(),
  },
  {
    name: 'images-layers',
    show: async (page) => row(page, 'redis', '7').click(),
  },
  {
    name: 'images-details',
    async show(page) {
      await row(page, 'nginx', '1.27').click()
      await page.getByRole('tab').nth(1).click()
    },
  },
  {
    name: 'removal',
    async show(page) {
      for (const [name, tag] of [
        ['node', '22'],
        ['python', '3.9'],
        ['nginx', '1.25'],
        ['nginx', 'stable'],
        ['redis', '7'],
      ] as const)
        await row(page, name, tag).click({ modifiers: ['Control'] })
      await page
        .getByRole('row')
        .filter({ hasText: '<none>' })
        .first()
        .click({ modifiers: ['Control'] })
      await page.keyboard.press('Delete')
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    },
  },
  {
    name: 'tag',
    async show(page) {
      await row(page, 'nginx', '1.27').click()
      await page.keyboard.press('t')
      await page.getByRole('textbox').fill('redis:7')
    },
  },
  {
    name: 'activity',
    // Remove a tag that was created for this scene, so that the demo does not change.
    async show(page) {
      await row(page, 'nginx', '1.27').click()
      await page.keyboard.press('t')
      await page.getByRole('textbox').fill('shop/web:old')
      await page.keyboard.press('Enter')
      await row(page, 'shop/web').click()
      await page.keyboard.press('Delete')
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
      await page.getByRole('dialog').getByRole('button').last().click()
      await page.getByRole('dialog').waitFor({ state: 'hidden' })
      await page.getByRole('navigation').getByRole('link').last().click()
      // Undo is available once the removal has ended.
      await page.getByRole('article').getByRole('button').first().waitFor()
    },
  },
  {
    name: 'stray-copies',
    async show(page) {
      await mkdir(copiesFolder, { recursive: true })
      for (const [name, bytes] of strayCopies) await writeFile(join(copiesFolder, name), Buffer.alloc(bytes))
      await page.getByRole('navigation').getByRole('link').last().click()
      await page.locator('#stray-copies').locator('..').getByRole('button').click()
      await page.getByRole('dialog').waitFor()
      await rm(copiesFolder, { recursive: true })
    },
  },
  {
    name: 'disk',
    async show(page) {
      await page.locator('footer button').first().click()
      await page.getByRole('dialog').locator('li').first().waitFor()
    },
  },
  {
    name: 'keys',
    show: async (page) => page.keyboard.press('?'),
  },
  {
    name: 'contexts',
    async show(page) {
      await page.locator('.engine button').first().click()
      await page.getByRole('menuitemradio').first().waitFor()
    },
  },
  {
    name: 'menu',
    show: async (page) => page.keyboard.press('F10'),
  },
]
