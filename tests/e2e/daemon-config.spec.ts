import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { helperFile } from '../../main/daemon-config/helper.ts'
import { systemPaths } from '../../tools/world/dockerd.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { installHelperInWorld, startPolkit, type Polkit } from '../../tools/world/polkit.ts'
import { expect, test as base, type Slipway } from './slipway.ts'

interface Shared {
  polkit: Polkit
  /** An engine at the paths of an installed Docker, on a system where the helper is installed. */
  installedEngine: Engine
}
interface Fixtures {
  /** Clears the engine's mirrors, then writes daemon.json, or deletes it if the text is undefined. */
  writeConfig: (text: string | undefined) => Promise<void>
  /** The app with the installed engine. It shows the Mirrors screen, after a test that found one working mirror. */
  appWithMirror: Slipway
}

const test = base.extend<Fixtures, Shared>({
  polkit: [
    async ({}, use) => {
      const uninstall = installHelperInWorld()
      const polkit = await startPolkit('yes')
      try {
        await use(polkit)
      } finally {
        await polkit.stop()
        uninstall()
      }
    },
    { scope: 'worker', timeout: 60_000 },
  ],
  installedEngine: [
    async ({ dockerHub, polkit }, use) => {
      const { engineEnv } = dockerHub.hub
      const engine =
        polkit && (await startEngine({ version: '26.1', store: 'classic', asInstalled: true, env: engineEnv }))
      try {
        await use(engine)
      } finally {
        await engine.stop()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  writeConfig: async ({ installedEngine }, use) => {
    await use(async (text) => {
      mkdirSync('/etc/docker', { recursive: true })
      // A running engine keeps its mirrors if the key is missing. Only [] clears them.
      writeFileSync(systemPaths.config, '{ "registry-mirrors": [] }')
      process.kill(installedEngine.pid, 'SIGHUP')
      await expect.poll(() => readMirrorsInForce(installedEngine)).toEqual([])
      if (text === undefined) rmSync(systemPaths.config)
      else writeFileSync(systemPaths.config, text)
    })
  },
  appWithMirror: async ({ open, hub, dockerHub, writeConfig, installedEngine }, use) => {
    await writeConfig('{\n  "debug": false\n}\n')
    dockerHub.mirrors.setDnsConditions('normal')
    const mirror = await dockerHub.mirrors.add(`own${dockerHub.mirrors.list.length}`)
    const app = await open({ socket: systemPaths.socket, env: hub.env })
    await expect(app.engine).toContainText(installedEngine.version)
    await app.page.evaluate(`slipway.call('mirrors.add', '${mirror.address}')`)
    await app.page.getByRole('link', { name: 'Mirrors' }).click()
    await app.page.getByRole('textbox', { name: 'Image to test with' }).fill('nginx:1.27')
    await app.page.getByRole('button', { name: 'Test', exact: true }).click()
    await expect(app.page.getByRole('button', { name: 'Test again' })).toBeVisible({ timeout: 30_000 })
    await use(app)
  },
})

async function readMirrorsInForce({ docker }: Engine): Promise<string[]> {
  const { RegistryConfig } = (await docker.info()) as { RegistryConfig: { Mirrors: string[] | null } }
  return RegistryConfig.Mirrors ?? []
}
const readConfig = () => readFileSync(systemPaths.config, 'utf8')
const sheet = (app: Slipway) => app.page.getByRole('dialog')
const openPlan = async (app: Slipway) => {
  await app.page.getByRole('button', { name: 'Use in Docker…' }).click()
  await expect(sheet(app).getByRole('listitem').first()).toBeVisible()
}

test('a mirror that works is written into daemon.json after the plan is confirmed, and the change can be undone', async ({
  appWithMirror: app,
  dockerHub,
  installedEngine,
}) => {
  const { host, address } = dockerHub.mirrors.list.at(-1)!
  await openPlan(app)
  await expect(sheet(app).getByRole('button', { name: 'Cancel' })).toBeFocused()
  await expect(sheet(app)).toContainText('One setting of /etc/docker/daemon.json changes')
  await expect(sheet(app)).toContainText('No container stops')
  await sheet(app).getByText('Show the change').click()
  await expect(sheet(app).getByRole('region', { name: 'Show the change' })).toContainText(`+     "${address}"`)
  await app.expectAccessible()
  expect(readConfig()).toBe('{\n  "debug": false\n}\n')

  await sheet(app).getByRole('button', { name: 'Use 1 mirror' }).click()
  await expect(sheet(app).getByRole('heading', { name: 'Done' })).toBeVisible({ timeout: 30_000 })
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Close' }).click()
  expect(readConfig()).toBe(`{\n  "debug": false,\n  "registry-mirrors": [\n    "${address}"\n  ]\n}\n`)
  expect(await readMirrorsInForce(installedEngine)).toEqual([`${address}/`])
  await expect(app.page.getByRole('region', { name: /^How Docker Hub images/ })).toContainText(host)
  await expect(app.page.getByText(`daemon.json lists ${host}.`)).toBeVisible()

  await app.page.getByRole('button', { name: 'Show history…' }).click()
  await sheet(app)
    .getByRole('button', { name: /^Restore as it was/ })
    .first()
    .click()
  await expect(sheet(app)).toContainText('Docker pulls straight from Docker Hub again.')
  await expect(sheet(app)).toContainText('Only the mirrors of this backup come back')
  await expect(sheet(app).getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Restore', exact: true }).dblclick()
  await expect(sheet(app)).toContainText('From now on, Docker pulls straight from Docker Hub.', { timeout: 30_000 })
  for (const step of await sheet(app).getByRole('listitem').all()) await expect(step).toContainText(', done')
  expect(JSON.parse(readConfig())).toEqual({ debug: false, 'registry-mirrors': [] })
  await expect.poll(() => readMirrorsInForce(installedEngine)).toEqual([])
  await sheet(app).getByRole('button', { name: 'Close' }).click()

  // A file that is not JSON is replaced as a whole, after the plan has said what is lost.
  writeFileSync(systemPaths.config, '{ "data-root": "/data", }')
  await app.page.getByRole('link', { name: 'Images' }).click()
  await app.page.getByRole('link', { name: 'Mirrors' }).click()
  await app.page.getByRole('button', { name: 'Restore a backup…' }).click()
  await sheet(app)
    .getByRole('button', { name: /^Restore as it was/ })
    .last()
    .click()
  await expect(sheet(app)).toContainText('Docker then no longer has these settings: data-root.')
  await expect(sheet(app)).toContainText('All images and containers can then seem to be gone')
  await expect(sheet(app)).toContainText('These settings come back: debug.')
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Restore', exact: true }).dblclick()
  await expect(sheet(app)).toContainText('The earlier configuration is back.', { timeout: 30_000 })
  expect(readConfig()).toBe('{\n  "debug": false\n}\n')
  await sheet(app).getByRole('button', { name: 'Close' }).click()
  await app.page.getByRole('link', { name: 'Activity' }).click()
  await expect(app.page.getByRole('article', { name: 'Change Docker’s mirrors' }).first()).toBeVisible()
  await expect(app.page.getByRole('article', { name: 'Restore Docker’s configuration' })).toHaveCount(1)
})

test('a failed pull can be repeated with one click once Docker uses a mirror', async ({ appWithMirror: app, hub }) => {
  const { page } = app
  hub.setBehaviour('all', 'down')
  await page.evaluate(`slipway.call('pull.start', { reference: 'nginx:1.27' })`)
  await page.getByRole('link', { name: 'Activity' }).click()
  await page.getByRole('button', { name: 'Find a mirror…' }).click({ timeout: 60_000 })
  const pullAgain = page.getByRole('button', { name: 'Pull nginx:1.27 again' })
  await expect(pullAgain).toBeVisible()
  await openPlan(app)
  await sheet(app).getByRole('button', { name: 'Use 1 mirror' }).click()
  await sheet(app).getByRole('button', { name: 'Pull nginx:1.27 again' }).click({ timeout: 60_000 })
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Activity')
  await expect(page.getByRole('article', { name: 'Pulled nginx:1.27' })).toBeVisible({ timeout: 60_000 })
  await page.getByRole('link', { name: 'Mirrors' }).click()
  await expect(pullAgain).toHaveCount(0)
})

test('while Docker runs, a daemon.json with which it would not start again is mended on the screen Mirrors', async ({
  appWithMirror: app,
}) => {
  const invalid = '{\n  "debug": false,\n}\n'
  writeFileSync(systemPaths.config, invalid)
  await app.page.getByRole('link', { name: 'Images' }).click()
  await app.page.getByRole('link', { name: 'Mirrors' }).click()
  await expect(app.page.getByRole('alert')).toContainText('Line 2 of /etc/docker/daemon.json has an extra comma')
  await expect(app.page.getByRole('button', { name: 'Use in Docker…' })).toHaveCount(0)
  await expect(app.page.getByRole('button', { name: 'Show the file' })).toBeVisible()
  await expect(app.page.getByRole('alert')).toContainText('would not start again')
  await app.expectAccessible()
  expect(readConfig()).toBe(invalid)

  await app.page.getByRole('button', { name: 'Mend…' }).click()
  await expect(sheet(app)).toContainText('would not start again')
  await expect(sheet(app)).toContainText('No container stops')
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Mend', exact: true }).click()
  await expect(sheet(app)).toContainText('The file is mended, and Docker uses it.', { timeout: 30_000 })
  expect(readConfig()).toBe('{\n  "debug": false\n}\n')
  await sheet(app).getByRole('button', { name: 'Close' }).click()
  await expect(app.page.getByRole('alert')).toHaveCount(0)
  await expect(app.page.getByRole('button', { name: 'Use in Docker…' })).toBeVisible()
})

test('without the helper the sheet shows commands to run, and waits until the engine uses the change', async ({
  appWithMirror: app,
  dockerHub,
  installedEngine,
}) => {
  const { address } = dockerHub.mirrors.list.at(-1)!
  renameSync(helperFile, `${helperFile}.away`)
  try {
    await app.page.reload()
    await app.page.getByRole('link', { name: 'Mirrors' }).click()
    await app.page.getByRole('row', { name: new RegExp(dockerHub.mirrors.list.at(-1)!.host) }).click()
    await app.page.keyboard.press(' ')
    await openPlan(app)
    await expect(sheet(app)).toContainText('sudo cp -p /etc/docker/daemon.json')
    await expect(sheet(app)).toContainText(`"${address}"`)
    await expect(sheet(app)).toContainText('sudo kill -HUP "$(cat /run/docker.pid)"')
    await expect(sheet(app).getByRole('button', { name: /^Use/ })).toHaveCount(0)
    writeFileSync(systemPaths.config, `{ "registry-mirrors": ["${address}"] }`)
    process.kill(installedEngine.pid, 'SIGHUP')
    await expect(sheet(app)).toContainText('Docker is now using the change.')
  } finally {
    renameSync(`${helperFile}.away`, helperFile)
  }
})

test('while a mistake in daemon.json keeps Docker down, it is named and mended, and Docker starts', async ({
  open,
  writeConfig,
  installedEngine,
}) => {
  const faulty = '{\n  "debug": false,\n  “registry-mirrors”: [],\n}\n'
  const mended = '{\n  "debug": false,\n  "registry-mirrors": []\n}\n'
  await writeConfig(faulty)
  await installedEngine.shutDown()
  try {
    const app = await open({ socket: systemPaths.socket })
    const section = app.page.getByRole('region', { name: 'Docker does not start with its configuration' })
    await expect(section).toContainText('Line 3 of /etc/docker/daemon.json has quotes or commas')
    await expect(section).toContainText('Line 3, column 3')
    await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('Docker does not start with its configuration')
    await expect(app.page.getByText('sudo service docker start')).toHaveCount(0)
    await app.expectAccessible()

    await section.getByRole('button', { name: 'Start without the file…' }).click()
    await expect(sheet(app)).toContainText('sudo mv /etc/docker/daemon.json')
    await expect(sheet(app)).toContainText('debug, registry-mirrors')
    await app.expectAccessible()
    await sheet(app).getByRole('button', { name: 'Close' }).click()

    await section.getByRole('button', { name: 'Mend…' }).click()
    await expect(sheet(app).getByRole('button', { name: 'Cancel' })).toBeFocused()
    await expect(sheet(app).getByRole('region', { name: 'Show the change' })).toContainText(
      '-   “registry-mirrors”: [],',
    )
    await app.expectAccessible()
    await sheet(app).getByRole('button', { name: 'Mend', exact: true }).click()
    await expect(sheet(app)).toContainText('The file is mended. Now start Docker:', { timeout: 30_000 })
    await expect(sheet(app)).toContainText('sudo service docker start')
    await app.expectAccessible()
    expect(readConfig()).toBe(mended)

    // The result stays until the user closes it, also when Docker is back.
    await installedEngine.restart()
    await expect(app.engine).toContainText(installedEngine.version)
    await expect(sheet(app)).toContainText('The file is mended, and Docker uses it.')
    await expect(sheet(app)).toContainText('The old file is kept, too.')
    await expect(sheet(app)).not.toContainText('sudo service docker start')
    await expect(section).toBeHidden()
    await sheet(app).getByRole('button', { name: 'Close' }).click()
    await expect(sheet(app)).toHaveCount(0)
    await app.page.getByRole('link', { name: 'Activity' }).click()
    await expect(app.page.getByRole('article', { name: 'Mend Docker’s configuration' })).toContainText('Mended')
    await app.page.getByRole('link', { name: 'Mirrors' }).click()
    await app.page.getByRole('button', { name: 'Show history…' }).click()
    await expect(sheet(app)).toContainText('Docker could not read it. It is kept as /etc/docker/daemon.json.faulty-')
    await expect(sheet(app).getByRole('button', { name: /^Restore/ })).toHaveCount(0)
    await app.expectAccessible()
  } finally {
    writeFileSync(systemPaths.config, mended)
    if (!installedEngine.running) await installedEngine.restart()
  }
})

test('an open window names the mistake that keeps Docker from starting again above its list', async ({
  appWithMirror: app,
  installedEngine,
}) => {
  try {
    await app.page.getByRole('link', { name: 'Images' }).click()
    writeFileSync(systemPaths.config, '<!DOCTYPE html>\n')
    await installedEngine.shutDown()
    const section = app.page.getByRole('region', { name: 'Docker does not start with its configuration' })
    await expect(section).toContainText('/etc/docker/daemon.json holds a web page instead of settings')
    await expect(section.getByRole('button', { name: 'Mend…' })).toHaveCount(0)
    await app.expectAccessible()

    // The user mends the file by hand.
    writeFileSync(systemPaths.config, '{}')
    await app.page.evaluate(() => window.dispatchEvent(new Event('focus')))
    await expect(section).toBeHidden()
  } finally {
    writeFileSync(systemPaths.config, '{}')
    if (!installedEngine.running) await installedEngine.restart()
  }
})
