/** Variables of the login shell, as a user's ~/.bashrc sets them, in an app that a launcher has started. */
import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { processesOf } from '../unit/environment/processes.ts'
import { expect, test as base } from './slipway.ts'

/** The environment of a launcher, with a home directory in which no engine is configured. */
const test = base.extend<{ home: string }, { other: Engine }>({
  other: [
    async ({}, use) => {
      const engine = await startEngine({ version: '20.10', store: 'classic' })
      try {
        await use(engine)
      } finally {
        await engine.stop()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  home: async ({}, use) => {
    const home = mkdtempSync(join(tmpdir(), 'slipway-home-'))
    await use(home)
    rmSync(home, { recursive: true, force: true })
  },
})

const launcher = (home: string) => ({ HOME: home, SHELL: '/bin/bash', DOCKER_HOST: undefined })
const writeBashrc = (home: string, text: string) => writeFileSync(join(home, '.bashrc'), text)

/** Makes an engine the current context of the docker CLI. */
function setCurrentContext(home: string, name: string, { socket }: Engine) {
  const meta = join(home, '.docker/contexts/meta', createHash('sha256').update(name).digest('hex'))
  mkdirSync(meta, { recursive: true })
  writeFileSync(join(home, '.docker/config.json'), JSON.stringify({ currentContext: name }))
  const context = { Name: name, Endpoints: { docker: { Host: `unix://${socket}` } } }
  writeFileSync(join(meta, 'meta.json'), JSON.stringify(context))
}

test('an engine that only ~/.bashrc names is shown, with the variable that names it', async ({ open, home, demo }) => {
  writeBashrc(home, `echo Welcome; sleep 1000 &\nexport DOCKER_HOST=unix://${demo.socket}\n`)
  const app = await open({ env: launcher(home) })
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await expect(app.engine).toContainText('From DOCKER_HOST in your login shell (bash)')
  await app.expectAccessible()
})

test('while an engine is shown, the terminal’s engine is offered with one click, and remembered', async ({
  open,
  home,
  demo,
  other,
}) => {
  setCurrentContext(home, 'other', other)
  writeBashrc(home, `export DOCKER_HOST=unix://${demo.socket}\n`)
  const config = join(home, 'config')
  mkdirSync(config)
  const app = await open({ env: launcher(home), config })
  const offer = app.engine.getByText(`Your terminal uses unix://${demo.socket}`)
  await expect(offer).toBeVisible()
  await expect(app.engine).toContainText('Docker 20.10')
  await app.expectAccessible()

  await app.page.setViewportSize({ width: 880, height: 560 })
  await expect(offer).toBeHidden()
  await app.engine.getByRole('button', { name: /^Your terminal uses .* · Use this engine$/ }).click()
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await expect(app.page.getByText(`Switched to unix://${demo.socket}.`)).toBeVisible()
  await expect(app.engine.getByRole('button', { name: /Your terminal uses/ })).toHaveCount(0)
  await app.quit()

  const next = await open({ env: launcher(home), config })
  await expect(next.row('nginx', '1.27')).toBeVisible()
  await expect(next.engine).toContainText('From DOCKER_HOST in your login shell (bash)')
})

test('quitting ends a shell that hangs, and what it has started', async ({ open, home, demo }) => {
  writeBashrc(home, 'touch ~/started; sleep 1000 & sleep 1000\n')
  const app = await open({ env: { ...launcher(home), DOCKER_HOST: `unix://${demo.socket}` } })
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await expect.poll(() => readdirSync(home)).toContain('started')
  await app.quit()
  await expect.poll(() => processesOf(home)).toEqual([])
})
