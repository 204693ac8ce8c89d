import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { loadImages } from '../../tools/world/images.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { jobCard, openActivity, sheet } from './removal-fixtures.ts'
import { expect, test as base } from './slipway.ts'

/** A folder for DOCKER_CONFIG with two contexts: `demo`, which is current, and `other`, a second engine. */
const test = base.extend<{ dockerConfig: string }, { other: Engine }>({
  other: [
    async ({}, use) => {
      const engine = await startEngine({ version: '20.10', store: 'classic' })
      try {
        const created = new Date('2024-02-29T12:00:00Z')
        await loadImages(engine.docker, [
          { references: ['only-here:1'], created, steps: [{ instruction: 'COPY a /', bytes: 1000 }] },
        ])
        await use(engine)
      } finally {
        await engine.stop()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  dockerConfig: async ({ demo, other }, use) => {
    const folder = mkdtempSync(join(tmpdir(), 'slipway-docker-'))
    writeFileSync(join(folder, 'config.json'), JSON.stringify({ currentContext: 'demo' }))
    for (const [name, { socket }] of [['demo', demo] as const, ['other', other] as const]) {
      const meta = join(folder, 'contexts/meta', createHash('sha256').update(name).digest('hex'))
      mkdirSync(meta, { recursive: true })
      writeFileSync(
        join(meta, 'meta.json'),
        JSON.stringify({ Name: name, Metadata: {}, Endpoints: { docker: { Host: `unix://${socket}` } } }),
      )
    }
    await use(folder)
    rmSync(folder, { recursive: true })
  },
})

test('the menu at the bottom of the side bar switches to another engine and back', async ({ open, dockerConfig }) => {
  const app = await open({ env: { DOCKER_CONFIG: dockerConfig } })
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await app.engine.getByRole('button').click()
  await expect(app.page.getByRole('menuitemradio', { name: 'demo' })).toBeChecked()
  await app.expectAccessible()
  await app.page.getByRole('menuitemradio', { name: 'other' }).click()
  await expect(app.row('only-here', '1')).toBeVisible()
  await expect(app.row('nginx', '1.27')).toHaveCount(0)
  await expect(app.engine).toContainText('Docker 20.10')
  await expect(app.page.getByText('Switched to other.')).toBeVisible()
  await app.switchTo('demo')
  await expect(app.row('nginx', '1.27')).toBeVisible()
  await expect(app.row('only-here', '1')).toHaveCount(0)
})

test('Activity names the engine of a job while another engine is shown', async ({ open, dockerConfig, other }) => {
  await other.docker.getImage('only-here:1').tag({ repo: 'only-here', tag: 'too' })
  const app = await open({ env: { DOCKER_CONFIG: dockerConfig } })
  await app.switchTo('other')
  await app.row('only-here', 'too').click()
  await app.page.keyboard.press('Delete')
  await sheet(app).getByRole('button', { name: 'Remove 1 tag' }).click()
  await expect(app.row('only-here', 'too')).toHaveCount(0)
  await openActivity(app)
  await expect(jobCard(app, /Removed 1 tag/)).not.toContainText('another engine')
  await app.switchTo('demo')
  await expect(jobCard(app, /Removed 1 tag/)).toContainText('On another engine: other')
  await app.expectAccessible()
  await app.switchTo('other')
  await expect(jobCard(app, /Removed 1 tag/)).not.toContainText('another engine')
})

test('switching the engine while a tag is being added closes the sheet, which belonged to the first engine', async ({
  open,
  dockerConfig,
}) => {
  const app = await open({ env: { DOCKER_CONFIG: dockerConfig } })
  await app.row('nginx', '1.27').click()
  await app.page.keyboard.press('t')
  await expect(app.page.getByRole('dialog')).toBeVisible()
  await app.page.evaluate(`slipway.call('engine.switch', 'other')`)
  await expect(app.row('only-here', '1')).toBeVisible()
  await expect(app.page.getByRole('dialog')).toBeHidden()
})

test('the user can switch from an engine that hangs to one that answers', async ({ open, dockerConfig, demo }) => {
  const hanging = await startEngine({ version: '26.1', store: 'classic' })
  try {
    const app = await open({ socket: hanging.socket, env: { DOCKER_CONFIG: dockerConfig } })
    await expect(app.page.getByText('No images yet')).toBeVisible()
    await hanging.freeze()
    await app.switchTo('demo')
    await expect(app.row('nginx', '1.27')).toBeVisible()
    await expect(app.engine).toContainText(`Docker ${demo.version}`)
  } finally {
    hanging.thaw()
    await hanging.stop()
  }
})

test('if the engine of the current context cannot be reached, the other contexts are offered', async ({
  open,
  dockerConfig,
}) => {
  const meta = join(dockerConfig, 'contexts/meta', createHash('sha256').update('demo').digest('hex'), 'meta.json')
  const unreachable = { Name: 'demo', Metadata: {}, Endpoints: { docker: { Host: 'unix:///nowhere/docker.sock' } } }
  writeFileSync(meta, JSON.stringify(unreachable))
  const app = await open({ env: { DOCKER_CONFIG: dockerConfig } })
  const otherContexts = app.page.getByRole('region', { name: 'Or use another engine:' })
  await expect(otherContexts).toBeVisible()
  await app.expectAccessible()
  await otherContexts.getByRole('button', { name: 'other' }).click()
  await expect(app.row('only-here', '1')).toBeVisible()
})

test('if the current context is gone, its name is the heading, and the engines that answer are one click away', async ({
  open,
  dockerConfig,
}) => {
  writeFileSync(join(dockerConfig, 'config.json'), '{"currentContext":"desktop-linux"}')
  const meta = join(dockerConfig, 'contexts/meta', createHash('sha256').update('demo').digest('hex'), 'meta.json')
  writeFileSync(meta, JSON.stringify({ Name: 'demo', Endpoints: { docker: { Host: 'unix:///nowhere/docker.sock' } } }))
  const app = await open({ env: { DOCKER_CONFIG: dockerConfig } })
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('There is no context “desktop-linux”')
  await expect(app.page.getByText('docker context use default')).toBeVisible()
  const otherContexts = app.page.getByRole('region', { name: 'Or use another engine:' })
  await expect(otherContexts.getByRole('button', { name: 'other' })).toBeVisible()
  await expect(otherContexts.getByRole('button', { name: 'demo' })).toHaveCount(0)
  await otherContexts.getByRole('button', { name: 'other' }).click()
  await expect(app.row('only-here', '1')).toBeVisible()
})

test('if several engines run and nothing has chosen one, the others are named beside the engine', async ({
  open,
  demo,
  other,
}) => {
  await withSockets({ 'docker.sock': demo, 'podman/podman.sock': other }, async (env) => {
    const app = await open({ env })
    await expect(app.row('nginx', '1.27')).toBeVisible()
    const others = app.engine.getByRole('group', { name: 'Also running:' })
    await app.expectAccessible()
    await others.getByRole('button', { name: 'podman' }).click()
    await expect(app.row('only-here', '1')).toBeVisible()
    await expect(others).toHaveCount(0)
  })
})

test('an engine that was started later is named once the user opens the menu of contexts', async ({
  open,
  demo,
  other,
}) => {
  await withSockets({ 'docker.sock': demo }, async (env, addSocket) => {
    const app = await open({ env })
    await expect(app.row('nginx', '1.27')).toBeVisible()
    addSocket('podman/podman.sock', other)
    const others = app.engine.getByRole('group', { name: 'Also running:' })
    await expect(others).toHaveCount(0)
    await app.engine.getByRole('button').first().click()
    await expect(others.getByRole('button', { name: 'podman' })).toBeVisible()
    await app.expectAccessible()
  })
})

type AddSocket = (path: string, engine: { readonly socket: string }) => void

/** Runs a story with the environment of a user whose runtime folder leads to these engines. */
async function withSockets(
  engines: Readonly<Record<string, { readonly socket: string }>>,
  story: (env: Record<string, string>, addSocket: AddSocket) => Promise<void>,
) {
  const runtime = mkdtempSync(join(tmpdir(), 'slipway-runtime-'))
  const addSocket: AddSocket = (path, { socket }) => {
    mkdirSync(join(runtime, path, '..'), { recursive: true })
    symlinkSync(socket, join(runtime, path))
  }
  try {
    for (const [path, engine] of Object.entries(engines)) addSocket(path, engine)
    await story({ XDG_RUNTIME_DIR: runtime, DOCKER_CONFIG: runtime }, addSocket)
  } finally {
    rmSync(runtime, { recursive: true })
  }
}
