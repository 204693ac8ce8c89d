/** A Docker at the paths of an installed one, whose daemon.json the tests change. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
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
  /** The installed engine, which an extra comma in daemon.json keeps down. It runs again after the test. */
  engineKeptDown: Engine
  /** The app with the installed engine. It shows the Mirrors screen, after a test that found one working mirror. */
  appWithMirror: Slipway
}

export const test = base.extend<Fixtures, Shared>({
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
  engineKeptDown: async ({ writeConfig, installedEngine }, use) => {
    await writeConfig('{ "debug": false, }')
    await installedEngine.shutDown()
    try {
      await use(installedEngine)
    } finally {
      writeFileSync(systemPaths.config, '{}')
      if (!installedEngine.running) await installedEngine.restart()
    }
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

export async function readMirrorsInForce({ docker }: Engine): Promise<string[]> {
  const { RegistryConfig } = (await docker.info()) as { RegistryConfig: { Mirrors: string[] | null } }
  return RegistryConfig.Mirrors ?? []
}
export const sheet = (app: Slipway) => app.page.getByRole('dialog')
