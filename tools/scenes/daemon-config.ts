/** Scenes of Docker's configuration: changes of its mirrors, their history, and a file that keeps Docker down. */
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Page } from 'playwright-core'
import { helperFile } from '../../main/daemon-config/helper.ts'
import { openMirrors, runRace } from './mirror.ts'
import type { Scene } from './scene.ts'
import { systemPaths } from '../world/dockerd.ts'

/** Where an installed Docker is looked for. The worlds' engines have their programs elsewhere. */
const installedDockerd = '/run/current-system/sw/bin/dockerd'

/** Docker is installed and down, and its configuration has this text. */
const downWith = (text: string) => () => {
  mkdirSync(dirname(installedDockerd), { recursive: true })
  writeFileSync(installedDockerd, '')
  const original = readFileSync(systemPaths.config)
  writeFileSync(systemPaths.config, text)
  renameSync(systemPaths.socket, `${systemPaths.socket}.away`)
  return () => {
    rmSync(installedDockerd)
    renameSync(`${systemPaths.socket}.away`, systemPaths.socket)
    writeFileSync(systemPaths.config, original)
  }
}
const faultyText =
  '{\n  "log-driver": "journald",\n  "registry-mirrors": [\n    “https://docker.1ms.run”，\n    "https://docker.m.daocloud.io",\n  ]\n}\n'

/** What is wrong with the file, and the ways out. */
const findings = (page: Page) => page.locator('section:has(button + button)')

export const daemonConfigScenes: readonly Scene[] = [
  {
    name: 'down-faulty-file',
    arrange: downWith(faultyText),
    show: async (page) => findings(page).waitFor(),
  },
  {
    name: 'down-mend',
    arrange: downWith(faultyText),
    async show(page) {
      await findings(page).getByRole('button').first().click()
      await page.getByRole('dialog').getByRole('region').waitFor()
    },
  },
  {
    name: 'down-commands',
    arrange: downWith('{\n  "graph": "/data/docker",\n  "log-opts": { "max-size": "10m", "max-file": 3 }\n}\n'),
    async show(page) {
      await findings(page).getByRole('button').first().click()
      await page.getByRole('dialog').getByRole('region').waitFor()
    },
  },
  {
    name: 'down-web-page',
    arrange: downWith('<!DOCTYPE html>\n<html lang="en"><head><title>404 Not Found</title></head></html>\n'),
    show: async (page) => findings(page).waitFor(),
  },
  {
    name: 'down-without',
    arrange: downWith('{\n  "data-root": "/data/docker", // moved\n  "log-driver": "local"\n}\n'),
    async show(page) {
      await findings(page).getByRole('button').last().click()
      await page.getByRole('dialog').locator('code').waitFor()
    },
  },
  {
    name: 'mirrors-plan',
    async show(page) {
      await runRace(page)
      await page.locator('[data-part=choose] span').first().waitFor()
      await page.locator('aside section button').filter({ hasText: '…' }).first().click()
      await page.getByRole('dialog').locator('summary').first().click()
    },
  },
  {
    name: 'mirrors-done',
    async show(page) {
      // The previous picture has set mirrors: remove them first.
      await page.evaluate(setMirrorsScript())
      await runRace(page)
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
      await openHistory(page)
      await page.getByRole('dialog').getByRole('listitem').first().waitFor()
    },
  },
  {
    name: 'mirrors-restore',
    async show(page) {
      await openHistory(page)
      await openRestore(page)
    },
  },
  {
    name: 'mirrors-restore-whole',
    async show(page) {
      await page.evaluate(setMirrorsScript('https://fast.mirror.test'))
      await page.evaluate(setMirrorsScript())
      const original = readFileSync(systemPaths.config)
      writeFileSync(systemPaths.config, '{\n  "data-root": "/data/docker",\n  "icc": false,\n}\n')
      await openMirrors(page)
      await page.getByRole('alert').getByRole('button').last().click()
      await openRestore(page)
      writeFileSync(systemPaths.config, original)
    },
  },
  {
    // Docker does not start with a setting that it does not know, but the file can be read.
    name: 'down-restore',
    arrange: downWith('{\n  "icc": false,\n  "log-drivers": "local"\n}\n'),
    async show(page) {
      await findings(page)
        .getByRole('button')
        .filter({ hasText: /backup|备份/ })
        .click()
      await page
        .getByRole('dialog')
        .getByRole('button')
        .filter({ hasText: /all backups|全部备份/ })
        .click()
      await openRestore(page)
    },
  },
  {
    name: 'mirrors-faulty',
    async show(page) {
      const original = readFileSync(systemPaths.config)
      writeFileSync(
        systemPaths.config,
        '{\n  "log-driver": "journald",\n  "registry-mirrors": [“https://docker.1ms.run”]\n}\n',
      )
      await openMirrors(page)
      await page.getByRole('alert').waitFor()
      writeFileSync(systemPaths.config, original)
    },
  },
  {
    name: 'mirrors-by-hand',
    async show(page) {
      renameSync(helperFile, `${helperFile}.away`)
      await openMirrors(page)
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
]

/** A script for the page: makes the app replace Docker's mirrors by these, and waits until the job has ended. */
const setMirrorsScript = (...mirrors: readonly string[]) => `(async () => {
  const plan = await slipway.call('daemon-config.plan', ${JSON.stringify({ mirrors, withPassword: false })})
  const job = plan.value.plan.change && (await slipway.call('daemon-config.apply', plan.value.id)).value
  while (job && (await slipway.call('jobs.list')).value.find(({ id }) => id === job).state === 'running')
    await new Promise((resolve) => setTimeout(resolve, 200))
})()`

/** Makes two changes, and opens the list of earlier configurations. */
async function openHistory(page: Page) {
  await page.evaluate(setMirrorsScript('https://fast.mirror.test'))
  await page.evaluate(setMirrorsScript())
  await openMirrors(page)
  await page
    .locator('aside section button')
    .filter({ hasText: /history|历史/ })
    .click()
}

/** Chooses the newest backup, and waits for the plan to restore it. */
async function openRestore(page: Page) {
  await page.getByRole('dialog').getByRole('listitem').getByRole('button').first().click()
  await page.getByRole('dialog').getByRole('listitem').or(page.getByRole('dialog').locator('code')).first().waitFor()
}
