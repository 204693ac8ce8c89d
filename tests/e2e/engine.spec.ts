import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AlteringProxy } from '../engine/sync/altering-proxy.ts'
import { fillWithDemo } from '../../tools/world/demo.ts'
import { startEngine } from '../../tools/world/engine.ts'
import { expect, test } from './slipway.ts'

test('the bottom of the side bar names the engine and its context', async ({ app, demo }) => {
  await expect(app.engine).toContainText(`Docker ${demo.version}`)
  await expect(app.engine).toContainText('default · this computer')
  await expect(app.engine).toContainText(/[\d.]+ MB used · [\d.,]+ [GT]B free/)
})

test('when the engine stops the window says so, keeps its list, and reconnects by itself', async ({ open }) => {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    await fillWithDemo(engine.docker)
    const app = await open({ socket: engine.socket })
    await expect(app.row('nginx', '1.27')).toBeVisible()

    await engine.kill()
    await expect(app.page.getByText('Docker is not running')).toBeVisible()
    await expect(app.engine).toContainText('Not connected')
    await expect(app.row('nginx', '1.27')).toBeVisible()

    await engine.restart()
    await expect(app.page.getByText('Docker is not running')).toBeHidden()
    await expect(app.engine).toContainText('Docker 26.1')
    await engine.docker.getImage('nginx:1.27').tag({ repo: 'after', tag: 'restart' })
    await expect(app.row('after', 'restart')).toBeVisible()
  } finally {
    await engine.stop()
  }
})

test('the disk of Docker Desktop is not this computer’s, and the window still knows what it is after it has stopped', async ({
  open,
  demo,
}) => {
  const proxy = await AlteringProxy.start(demo.socket)
  try {
    const desktop = { OperatingSystem: 'Docker Desktop', Name: 'docker-desktop' }
    proxy.alter(/^\/info/, { change: (reply) => ({ ...(reply as object), ...desktop }) })
    const app = await open({ socket: proxy.socket })
    await expect(app.engine).toContainText('default · virtual machine')
    await expect(app.engine).toContainText(/[\d.]+ MB used/)
    await expect(app.engine).not.toContainText('free')
    proxy.close()
    await expect(app.page.getByText('Docker Desktop is not running')).toBeVisible()
    await expect(app.engine).toContainText('default · virtual machine')
    await app.expectAccessible()
  } finally {
    proxy.close()
  }
})

test('if the engine has no images, the window offers to pull hello-world', async ({ open }) => {
  const engine = await startEngine({ version: '26.1', store: 'classic' })
  try {
    const app = await open({ socket: engine.socket })
    await expect(app.page.getByText('No images yet')).toBeVisible()
    await app.expectAccessible()
    await app.page.getByRole('button', { name: 'Pull hello-world…' }).click()
    await expect(app.page.getByRole('searchbox').first()).toHaveValue('hello-world:latest')
  } finally {
    await engine.stop()
  }
})

test('without an engine the heading is the error, and the command that starts this kind of engine can be copied', async ({
  open,
}) => {
  const socket = '/home/ada/.colima/work/docker.sock'
  const app = await open({ socket })
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('Colima is not running')
  await expect(app.page.getByText(`unix://${socket}`)).toBeVisible()
  await expect(app.page.getByRole('button', { name: 'Try now' })).toBeVisible()
  await expect(app.page.getByRole('button', { name: 'How to install Docker…' })).toHaveCount(0)
  await app.page.getByRole('button', { name: 'Copy' }).click()
  await expect.poll(() => app.clipboard()).toBe('colima start work')
  await expect(app.engine).toContainText('default · virtual machine')
  await app.expectAccessible()
})

test('a socket at an unusual path that does not exist is named, and no command is guessed', async ({ open }) => {
  const app = await open({ socket: '/nowhere/docker.sock' })
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('There is no engine at this address')
  await expect(app.page.getByText('The socket /nowhere/docker.sock does not exist.')).toBeVisible()
  await expect(app.page.getByRole('button', { name: 'Copy' })).toHaveCount(0)
})

test('if Docker is not installed, the window leads to the instructions', async ({ open }) => {
  const app = await open({ socket: '/var/run/docker.sock' })
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('Docker was not found on this computer')
  await app.answerQuestions(0)
  await app.page.getByRole('button', { name: 'How to install Docker…' }).click()
  await expect
    .poll(() => app.questions())
    .toEqual(['Open docs.docker.com in the browser?|https://docs.docker.com/engine/install/|Cancel|Open'])
  await app.expectAccessible()
})

test('an invalid Docker config.json does not keep the window from the engine, and is reported beside the engine', async ({
  open,
  demo,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-docker-'))
  try {
    writeFileSync(join(folder, 'config.json'), '{ "currentContext": ')
    const app = await open({ socket: demo.socket, env: { DOCKER_CONFIG: folder } })
    await expect(app.row('nginx', '1.27')).toBeVisible()
    const problem = 'Problem in config.json'
    await app.engine.getByRole('button', { name: problem }).click()
    const note = app.page.getByRole('dialog').getByRole('region', { name: problem })
    await expect(note).toContainText(join(folder, 'config.json'))
    await expect(note).toContainText('A quote or bracket on line 1 is never closed.')
    await app.expectAccessible()
    await app.page.keyboard.press('Escape')
    await expect(app.engine.getByRole('button', { name: problem })).toBeFocused()

    writeFileSync(join(folder, 'config.json'), '{}')
    await app.page.evaluate(`slipway.call('images.resync')`)
    await expect(app.engine.getByRole('button', { name: problem })).toHaveCount(0)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a DOCKER_HOST that cannot be used is the heading, with its value and the reason', async ({ open }) => {
  const app = await open({ env: { DOCKER_HOST: 'fd://' } })
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('DOCKER_HOST has an address that cannot be used')
  await expect(app.page.getByText('“fd://” is for the Docker service itself')).toBeVisible()
  await app.expectAccessible()
})
