import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { defaultRunOptions } from '../../model/run/run.ts'
import { loadImages } from '../../tools/world/images.ts'
import { runnableImages } from '../../tools/world/runnable.ts'
import { startEngine, type Engine } from '../../tools/world/engine.ts'
import { expect, test as base, type Slipway } from './slipway.ts'

interface Shared {
  /** An engine with runnable images. `runnerApp` removes its containers and volumes before each test. */
  runner: Engine
}
interface Fixtures {
  /** The app over `runner`, which has no containers or volumes yet. */
  runnerApp: Slipway
}

const test = base.extend<Fixtures, Shared>({
  runner: [
    async ({}, use) => {
      const engine = await startEngine({ version: '26.1', store: 'classic', network: true })
      try {
        await loadImages(engine.docker, runnableImages())
        await use(engine)
      } finally {
        await engine.stop()
      }
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  runnerApp: async ({ open, runner }, use) => {
    const { docker } = runner
    for (const { Id } of await docker.listContainers({ all: true }))
      await docker.getContainer(Id).remove({ force: true, v: true })
    for (const { Name } of (await docker.listVolumes()).Volumes) await docker.getVolume(Name).remove()
    await use(await open({ socket: runner.socket }))
  },
})

const sheet = (app: Slipway) => app.page.getByRole('dialog')
const field = (app: Slipway, name: string) => sheet(app).getByRole('textbox', { name, exact: true })
const commandPreview = (app: Slipway) => sheet(app).locator('code')
const runButton = (app: Slipway) => sheet(app).getByRole('button', { name: 'Run', exact: true })

async function openRunDialog(app: Slipway, repository: string, tag: string) {
  await app.row(repository, tag).first().click()
  await app.page.keyboard.press('r')
  await expect(sheet(app)).toContainText(`${repository}:${tag}`)
  await expect(commandPreview(app)).not.toHaveText(/^docker run -it \S+$/)
}
async function inspect({ docker }: Engine, name: string) {
  return await docker.getContainer(name).inspect()
}

test('a web image runs in the background on a free port, and “Open” opens its page', async ({
  runnerApp: app,
  runner,
}) => {
  await openRunDialog(app, 'web', '1')
  await expect(field(app, 'Container name')).toBeFocused()
  await expect(commandPreview(app)).toHaveText('docker run -d --name web -p 127.0.0.1:8080:80 web:1')
  await expect(sheet(app)).toContainText('free')
  await app.expectAccessible()
  await app.page.keyboard.press('Enter')
  await expect(sheet(app)).toContainText('running')
  await expect(sheet(app).getByRole('button', { name: 'Close' })).toBeFocused()
  expect((await inspect(runner, 'web')).State.Running).toBe(true)

  await app.electron.evaluate(({ shell }) => {
    const opened: string[] = []
    Object.assign(globalThis, { opened })
    shell.openExternal = async (url) => void opened.push(url)
  })
  await sheet(app).getByRole('button', { name: 'Open' }).click()
  await expect
    .poll(() => app.electron.evaluate(() => (globalThis as { opened?: string[] }).opened))
    .toEqual(['http://127.0.0.1:8080'])
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Close' }).click()
  await expect(app.focusedRow).toContainText('web')
  await app.openTab('Used by')
  await expect(app.details.getByRole('listitem')).toContainText('web')
})

test('an interactive shell runs in a container with a chosen name, and the command that does the same can be copied', async ({
  runnerApp: app,
  runner,
}) => {
  await openRunDialog(app, 'box', '1')
  await expect(field(app, 'Command')).toHaveValue('/bin/bash')
  await field(app, 'Container name').fill('custom_container_name')
  await expect(commandPreview(app)).toHaveText('docker run -it --name custom_container_name box:1 /bin/bash')
  await sheet(app).getByRole('button', { name: 'Copy' }).click()
  await expect.poll(() => app.clipboard()).toBe('docker run -it --name custom_container_name box:1 /bin/bash')
  await runButton(app).click()
  await expect(sheet(app)).toHaveCount(0)
  await expect(app.page.locator('.xterm-helper-textarea')).toBeFocused()
  const { Config, State } = await inspect(runner, 'custom_container_name')
  expect([Config.Tty, Config.Cmd, State.Running]).toEqual([true, ['/bin/bash'], true])
})

test('a container name is checked while it is typed, and a free name is offered if it is taken', async ({
  runnerApp: app,
  runner,
}) => {
  await (await runner.docker.createContainer({ Image: 'box:1', name: 'mine' })).start()
  await openRunDialog(app, 'box', '1')
  await field(app, 'Container name').fill('my name')
  await expect(sheet(app)).toContainText('At least two characters')
  await expect(runButton(app)).toBeDisabled()
  await field(app, 'Container name').fill('mine')
  await expect(sheet(app)).toContainText('A container already has this name.')
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Use mine-2' }).click()
  await expect(field(app, 'Container name')).toHaveValue('mine-2')
  await expect(runButton(app)).toBeEnabled()
})

test('a port in use is reported while typing, and the next free one is a click away', async ({
  runnerApp: app,
  runner,
}) => {
  const otherServer = createServer().listen(9000, '127.0.0.1')
  try {
    await openRunDialog(app, 'web', '1')
    await sheet(app).getByRole('textbox', { name: 'Port on this computer for 80/tcp' }).fill('127.0.0.1:9000')
    await expect(sheet(app)).toContainText('taken')
    await sheet(app).getByRole('button', { name: 'Use 127.0.0.1:9001' }).click()
    await expect(commandPreview(app)).toContainText('-p 127.0.0.1:9001:80')
    await expect(sheet(app)).toContainText('free')
    await runButton(app).click()
    await expect(sheet(app)).toContainText('running')
    expect((await inspect(runner, 'web')).State.Running).toBe(true)
  } finally {
    otherServer.close()
  }
})

test('if the image does not have the program, the dialog stays open, offers a shell, and leaves no container behind', async ({
  runnerApp: app,
  runner,
}) => {
  await openRunDialog(app, 'plain-shell', '1')
  await expect(field(app, 'Command')).toHaveValue('/bin/sh')
  await field(app, 'Command').fill('/bin/bash')
  await runButton(app).click()
  await expect(sheet(app)).toContainText('The image has no program /bin/bash to run.')
  await app.expectAccessible()
  expect(await runner.docker.listContainers({ all: true })).toEqual([])
  await sheet(app).getByRole('button', { name: 'Use /bin/sh' }).click()
  await runButton(app).click()
  await expect(sheet(app)).toHaveCount(0)
  expect((await inspect(runner, 'plain-shell')).Config.Cmd).toEqual(['/bin/sh'])
})

test('if a container ends at once, the dialog says so, with the exit code and the last lines', async ({
  runnerApp: app,
}) => {
  await openRunDialog(app, 'ends-at-once', '1')
  await field(app, 'Command').fill('')
  await sheet(app).getByRole('checkbox', { name: 'Interactive terminal' }).click()
  await runButton(app).click()
  await expect(sheet(app)).toContainText('It has already ended with exit code 3.')
  await expect(sheet(app)).toContainText('cannot find its configuration')
  await expect(sheet(app).getByRole('button', { name: 'Logs' })).toBeVisible()
})

test('rarely used options are under More, and their values are quoted in the command', async ({
  runnerApp: app,
  runner,
}) => {
  await openRunDialog(app, 'box', '1')
  await field(app, 'Command').fill(`sh -c 'echo "a  b"; sleep 1000'`)
  await sheet(app).getByRole('checkbox', { name: 'Interactive terminal' }).click()
  await sheet(app).getByRole('button', { name: 'More' }).click()
  await sheet(app).getByRole('button', { name: 'Add a variable' }).click()
  await field(app, 'Variable name').fill('GREETING')
  await field(app, 'Value of GREETING').fill(`it's "fine"`)
  await sheet(app).getByRole('button', { name: 'Add a folder' }).click()
  await field(app, 'Folder or volume').fill('my-data')
  await field(app, 'Path in the container').fill('/my data')
  await field(app, 'Memory limit').fill('64m')
  await field(app, 'User').fill('nobody')
  await app.expectAccessible()
  const shownCommand = await commandPreview(app).textContent()
  await runButton(app).click()
  await expect(sheet(app)).toContainText('running')
  const { Config, HostConfig, Mounts } = await inspect(runner, 'box')
  expect(Config.Cmd).toEqual(['sh', '-c', 'echo "a  b"; sleep 1000'])
  expect(Config.Env).toContain(`GREETING=it's "fine"`)
  expect([Config.User, HostConfig.Memory]).toEqual(['nobody', 64 * 1024 * 1024])
  expect(Mounts.map(({ Name, Destination }) => [Name, Destination])).toEqual([['my-data', '/my data']])

  // The shown command creates the same container when it is run in a shell.
  await runner.docker.getContainer('box').remove({ force: true })
  execFileSync('sh', ['-c', shownCommand!], {
    env: { ...process.env, DOCKER_HOST: `unix://${runner.socket}` },
    stdio: 'ignore',
  })
  const recreated = await inspect(runner, 'box')
  expect([recreated.Config.Cmd, recreated.Config.Env, recreated.HostConfig.Memory]).toEqual([
    Config.Cmd,
    Config.Env,
    HostConfig.Memory,
  ])
})

test('in a long dialog only the content scrolls: title and buttons stay in place', async ({ runnerApp: app }) => {
  await app.page.setViewportSize({ width: 880, height: 560 })
  await openRunDialog(app, 'web', '1')
  await sheet(app).getByRole('button', { name: 'More' }).click()
  await field(app, 'Working directory').evaluate((input) => input.scrollIntoView({ block: 'start' }))
  await expect(sheet(app).getByRole('heading', { level: 2 })).toBeInViewport({ ratio: 1 })
  expect(await sheet(app).evaluate((dialog) => dialog.scrollTop)).toBe(0)
})

test('a folder is chosen in a dialog, the image’s own settings are shown, and a missing folder is reported at its field', async ({
  runnerApp: app,
  runner,
}) => {
  const folder = mkdtempSync(join(tmpdir(), 'my files '))
  try {
    await app.electron.evaluate(({ dialog }, chosen) => {
      dialog.showOpenDialog = async () => ({ canceled: false, filePaths: [chosen] })
    }, folder)
    await app.answerQuestions(0)
    await openRunDialog(app, 'box', '1')
    await sheet(app).getByRole('button', { name: 'More' }).click()
    await sheet(app).getByText('2 set by the image').click()
    await expect(sheet(app)).toContainText('FROM_IMAGE=yes')
    await sheet(app).getByRole('button', { name: 'Add a folder' }).click()
    await sheet(app).getByRole('button', { name: 'Choose…' }).click()
    await expect(field(app, 'Folder or volume')).toHaveValue(folder)
    await field(app, 'Path in the container').fill('/files')
    await sheet(app).getByRole('checkbox', { name: 'read-only' }).click()
    await app.expectAccessible()

    rmSync(folder, { recursive: true })
    await runButton(app).click()
    await expect(sheet(app)).toContainText(`There is no folder ${folder}`)
    mkdirSync(folder)
    await runButton(app).click()
    await expect(sheet(app)).toHaveCount(0)
    expect(await app.questions()).toEqual([])
    const { Mounts } = await inspect(runner, 'box')
    expect(Mounts).toMatchObject([{ Source: folder, Destination: '/files', RW: false }])
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
})

test('a typed folder is mounted only after a Yes in main’s own dialog; after a No nothing is created, and the form stays', async ({
  runnerApp: app,
  runner,
}) => {
  await openRunDialog(app, 'box', '1')
  await field(app, 'Container name').fill('careful')
  await sheet(app).getByRole('button', { name: 'More' }).click()
  await sheet(app).getByRole('button', { name: 'Add a folder' }).click()
  await field(app, 'Folder or volume').fill('/etc')
  await field(app, 'Path in the container').fill('/host')
  await app.answerQuestions(0)
  await runButton(app).click()
  await expect(sheet(app)).toContainText('Nothing was run, as you did not allow /etc.')
  expect(await app.questions()).toEqual([
    'Let careful (box:1) use this folder?|/etc (can change it)\n\nThis belongs to the system. With it, the container could take over the computer. Allow it only if you trust the image.|Don’t allow|Allow',
  ])
  expect(await runner.docker.listContainers({ all: true })).toEqual([])
  await app.expectAccessible()

  await app.answerQuestions(1)
  await runButton(app).click()
  await expect(sheet(app)).toHaveCount(0)
  expect((await inspect(runner, 'careful')).Mounts).toMatchObject([{ Source: '/etc', Destination: '/host', RW: true }])
})

test('a page that calls main in a loop gets one question at a time, and no container without a Yes', async ({
  runnerApp: app,
  runner,
}) => {
  const image = runner.docker.getImage('box:1')
  const options = {
    ...defaultRunOptions((await image.inspect()).Id, 'box:1'),
    volumes: [{ source: '/', target: '/host', readOnly: false }],
  }
  await app.electron.evaluate(({ dialog }) => {
    const open = { now: 0, most: 0 }
    Object.assign(globalThis, { open })
    dialog.showMessageBox = async () => {
      open.most = Math.max(open.most, ++open.now)
      await new Promise((resolve) => setImmediate(resolve))
      open.now--
      return { response: 0, checkboxChecked: false }
    }
  })
  const results = await app.page.evaluate<readonly { error: { code: string } }[]>(
    `Promise.all(Array.from({ length: 20 }, () => slipway.call('run.start', ${JSON.stringify({ options })})))`,
  )
  const codes = new Set(results.map(({ error }) => error.code))
  expect(codes).toContain('mount-declined')
  codes.delete('busy')
  expect(codes.size).toBe(1)
  expect(await app.electron.evaluate(() => (globalThis as unknown as { open: { most: number } }).open.most)).toBe(1)
  expect(await runner.docker.listContainers({ all: true })).toEqual([])
})

test('a container can be stopped, started and removed in its image’s details, after a warning about what is lost', async ({
  runnerApp: app,
  runner,
}) => {
  const container = await runner.docker.createContainer({ Image: 'web:1', name: 'worker', Cmd: ['hold'] })
  await container.start()
  const exec = await container.exec({ Cmd: ['dd', 'if=/dev/zero', 'of=/file', 'bs=1000', 'count=500'] })
  await exec.start({})
  await app.row('web', '1').first().click()
  await app.openTab('Used by')
  const containerRow = app.details.getByRole('listitem')
  await containerRow.getByRole('button', { name: 'Stop' }).click()
  await expect(sheet(app)).toContainText('What it wrote is kept')
  await sheet(app).getByRole('button', { name: 'Stop' }).click()
  await expect(containerRow).toContainText('stopped')
  await containerRow.getByRole('button', { name: 'Start' }).click()
  await expect(containerRow).toContainText('running')

  await containerRow.getByRole('button', { name: 'Remove…' }).click()
  await expect(sheet(app)).toContainText(/What it wrote will be lost: 5\d\d kB/)
  await expect(sheet(app)).toContainText('A volume that only it uses will be lost')
  await expect(sheet(app).getByRole('button', { name: 'Cancel' })).toBeFocused()
  await app.expectAccessible()
  await sheet(app).getByRole('button', { name: 'Stop and remove it' }).click()
  await expect(app.details).toContainText('No container uses')
  expect(await runner.docker.listContainers({ all: true })).toEqual([])
  expect((await runner.docker.listVolumes()).Volumes).toEqual([])
})
