/** What there is to take pictures of: each screen in each of its states. */
import { readFileSync, renameSync, writeFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { helperFile } from '../main/mirrors/helper.ts'
import type { Scene } from './scene.ts'
import { terminalScenes } from './terminal-scenes.ts'
import { usual } from './world/dockerd.ts'

const row = (page: Page, ...texts: string[]) =>
  texts.reduce((rows, hasText) => rows.filter({ hasText }), page.getByRole('row')).first()

export const scenes: readonly Scene[] = [
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
    // The tag that goes is made for it: the demo stays as it is.
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
      // It can be undone once it has ended.
      await page.getByRole('article').getByRole('button').first().waitFor()
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
  {
    name: 'no-engine',
    socket: '/nowhere/docker.sock',
    async show() {},
  },
  {
    name: 'discover',
    show: async (page) => page.keyboard.press('Control+k'),
  },
  {
    name: 'discover-results',
    show: async (page) => searched(page, 'nginx'),
  },
  {
    name: 'discover-about',
    async show(page) {
      await searched(page, 'nginx')
      await page.getByRole('tab').nth(1).click()
    },
  },
  {
    name: 'discover-deprecated',
    show: async (page) => searched(page, 'centos'),
  },
  {
    name: 'discover-name',
    show: async (page) => searched(page, 'redis:7'),
  },
  {
    name: 'discover-wrong',
    async show(page) {
      await page.keyboard.press('Control+k')
      await page.getByRole('searchbox').first().fill('ghcr.io/Owner/Name:1')
    },
  },
  {
    name: 'mirrors-before',
    show: async (page) => toMirrors(page),
  },
  {
    name: 'mirrors-after',
    async show(page) {
      await raced(page)
      await page.getByRole('row').first().click()
    },
  },
  {
    name: 'mirrors-during',
    async show(page) {
      await toMirrors(page)
      await page.locator('form button').click()
      await page.locator('[role=row] .text-good').first().waitFor()
    },
  },
  {
    // Nobody has this one: so nobody has it here either.
    name: 'mirrors-none',
    async show(page) {
      await toMirrors(page)
      await page.getByRole('textbox').fill('nobody/has-this:1')
      await raced(page)
      await page.getByRole('row').first().click()
    },
  },
  {
    name: 'mirrors-other',
    async show(page) {
      await raced(page)
      await page.getByRole('row').filter({ hasText: 'stale' }).click()
    },
  },
  {
    name: 'mirrors-closed',
    async show(page) {
      await toMirrors(page)
      await page.locator('main summary').first().click()
    },
  },
  {
    name: 'mirrors-plan',
    async show(page) {
      await raced(page)
      await page.locator('[data-part=choose] span').first().waitFor()
      await page.locator('aside section button').filter({ hasText: '…' }).first().click()
      await page.getByRole('dialog').locator('summary').first().click()
    },
  },
  {
    name: 'mirrors-done',
    async show(page) {
      // Each picture of a change begins where Docker has none.
      await page.evaluate(using())
      await raced(page)
      await page.locator('[data-part=choose] span').first().waitFor()
      await page.locator('aside section button').filter({ hasText: '…' }).first().click()
      await page.getByRole('dialog').locator('summary').first().waitFor()
      await page.getByRole('dialog').getByRole('button').last().click()
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
      await page.waitForTimeout(6000)
    },
  },
  {
    name: 'mirrors-history',
    async show(page) {
      await page.evaluate(using('https://fast.mirror.test'))
      await page.evaluate(using())
      await toMirrors(page)
      await page
        .locator('aside section button')
        .filter({ hasText: /history|历史/ })
        .click()
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    },
  },
  {
    name: 'mirrors-faulty',
    async show(page) {
      const good = readFileSync(usual.config)
      writeFileSync(
        usual.config,
        '{\n  "log-driver": "journald",\n  "registry-mirrors": [“https://docker.1ms.run”]\n}\n',
      )
      await toMirrors(page)
      await page.getByRole('alert').waitFor()
      writeFileSync(usual.config, good)
    },
  },
  {
    name: 'mirrors-by-hand',
    async show(page) {
      renameSync(helperFile, `${helperFile}.away`)
      await toMirrors(page)
      await page.getByRole('row').nth(1).click()
      await page.keyboard.press(' ')
      await page
        .locator('aside section button')
        .filter({ hasText: /Use in|用于/ })
        .click()
      await page.getByRole('dialog').getByText('tee').waitFor()
      renameSync(`${helperFile}.away`, helperFile)
    },
  },
  {
    name: 'mirrors-add',
    async show(page) {
      await toMirrors(page)
      await page.locator('main header button').nth(1).click()
      await page.getByRole('dialog').getByRole('textbox').fill('docker.mirrors.ustc.edu.cn')
    },
  },
  {
    name: 'run',
    async show(page) {
      await running(page, 'nginx', '1.27')
      await page.getByRole('dialog').getByRole('textbox').first().fill('web')
    },
  },
  {
    name: 'run-more',
    async show(page) {
      await running(page, 'postgres', '16-alpine')
      const dialog = page.getByRole('dialog')
      await dialog.locator('button[aria-expanded]').click()
      await dialog.getByRole('group').nth(1).getByRole('button').last().click()
      await dialog.getByRole('group').nth(2).getByRole('button').last().click()
    },
  },
  {
    name: 'run-wrong',
    async show(page) {
      await running(page, 'busybox', 'latest')
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
  {
    name: 'pull-running',
    async show(page) {
      for (const reference of ['python:3.13', 'python:3.14', 'redis:7.4'])
        await page.evaluate(`slipway.call('transfer.pull', { reference: '${reference}' })`)
      await page.getByRole('navigation').getByRole('link').last().click()
      await page.getByRole('progressbar').nth(1).waitFor()
      // Until their speed can be told.
      await page.waitForTimeout(1500)
    },
  },
  {
    name: 'pull-ended',
    async show(page) {
      await pulling(page)
      await page.getByRole('progressbar').first().waitFor({ state: 'detached' })
    },
  },
  {
    name: 'pull-failed',
    async show(page) {
      await page.evaluate(`slipway.call('transfer.pull', { reference: 'nginx:no-such-tag' })`)
      await page.getByRole('navigation').getByRole('link').last().click()
      await page.getByRole('alert').waitFor()
    },
  },
  ...terminalScenes,
]

/** Has Docker use these mirrors and no others, by the app itself. */
const using = (...mirrors: readonly string[]) => `(async () => {
  const plan = await slipway.call('daemon.plan', ${JSON.stringify({ mirrors, withPassword: false })})
  const job = plan.value.plan.change && (await slipway.call('daemon.apply', plan.value.id)).value
  while (job && (await slipway.call('jobs.list')).value.find(({ id }) => id === job).state === 'running')
    await new Promise((done) => setTimeout(done, 200))
})()`

/** The dialog for an image, once it knows what makes sense for it. */
async function running(page: Page, ...image: string[]) {
  await row(page, ...image).click()
  await page.keyboard.press('r')
  await page.getByRole('dialog').locator('footer button:enabled').nth(1).waitFor()
}

async function raced(page: Page) {
  if ((await page.locator('main form').count()) === 0) await toMirrors(page)
  await page.locator('form button').click()
  await page.waitForTimeout(500)
  await page.locator('form button[type=submit]').waitFor({ timeout: 60_000 })
}

async function toMirrors(page: Page) {
  await page.getByRole('navigation').getByRole('link').nth(2).click()
  await page.getByRole('row').first().waitFor()
}

/** Looked for, answered, and the tags of what was found first read. */
async function searched(page: Page, words: string) {
  await page.keyboard.press('Control+k')
  await page.getByRole('searchbox').first().fill(words)
  await page.waitForTimeout(2500)
}

/** Another tag each time: what came for the picture before is here already. */
async function pulling(page: Page) {
  await searched(page, 'python')
  const wanted = page.getByRole('row').filter({ has: page.locator('[data-part=pull]'), hasNotText: /Here|已有/ })
  await wanted.first().locator('[data-part=pull]').click()
  await page.getByRole('navigation').getByRole('link').last().click()
  await page.getByRole('progressbar').first().waitFor()
}
