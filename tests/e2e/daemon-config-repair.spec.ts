import { chmodSync, writeFileSync } from 'node:fs'
import { systemPaths } from '../../tools/world/dockerd.ts'
import { suspend } from '../../tools/world/processes.ts'
import { sheet, test } from './daemon-config-fixtures.ts'
import { expect } from './slipway.ts'

test('after a mend, the page only says how Docker is started', async ({ open, engineKeptDown }) => {
  expect(engineKeptDown.running).toBe(false)
  const app = await open({ socket: systemPaths.socket })
  await app.page.getByRole('button', { name: 'Mend…' }).click()
  await sheet(app).getByRole('button', { name: 'Mend', exact: true }).click()
  await expect(sheet(app)).toContainText('Now start Docker:', { timeout: 30_000 })
  await sheet(app).getByRole('button', { name: 'Close' }).click()
  await expect(app.page.getByRole('heading', { level: 1 })).not.toContainText('configuration')
  await expect(app.page.getByText('sudo service docker start')).toBeVisible()
  await expect
    .poll(() => app.page.evaluate(`slipway.call('daemon-config.check', { withPassword: false })`))
    .toMatchObject({
      value: { plan: { faults: [] } },
    })
  await expect(app.page.getByText('Slipway has changed')).toHaveCount(0)
})

test('a mend whose plan is outdated can only be closed, and the page then checks the file again', async ({
  open,
  engineKeptDown,
}) => {
  const app = await open({ socket: systemPaths.socket })
  const mend = sheet(app).getByRole('button', { name: 'Mend', exact: true })
  await app.page.getByRole('button', { name: 'Mend…' }).click()
  await expect(mend).toBeEnabled()
  // The user mends the file by hand, and Docker starts.
  writeFileSync(systemPaths.config, '{}')
  await engineKeptDown.restart()
  await expect(app.engine).toContainText(engineKeptDown.version)
  await mend.click()
  await expect(sheet(app)).toContainText('Something changed in the meantime')
  await expect(mend).toHaveCount(0)
  await sheet(app).getByRole('button', { name: 'Close' }).click()
  await expect(app.page.getByRole('region', { name: 'Docker does not start with its configuration' })).toHaveCount(0)
})

test('a Docker that hangs is not said to be kept down by its daemon.json', async ({
  open,
  writeConfig,
  installedEngine,
}) => {
  await writeConfig('{ "debug": false, }')
  await suspend(installedEngine.pid)
  try {
    const app = await open({ socket: systemPaths.socket })
    await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('Docker is not answering', { timeout: 60_000 })
    // The page's own check may overtake this one.
    await expect
      .poll(() => app.page.evaluate(`slipway.call('daemon-config.check', { withPassword: false })`))
      .toEqual({ ok: true })
    await expect(app.page.getByRole('region', { name: 'Docker does not start with its configuration' })).toHaveCount(0)
  } finally {
    writeFileSync(systemPaths.config, '{}')
    process.kill(installedEngine.pid, 'SIGCONT')
  }
})

test('in a folder that others can change, the helper is not offered, and the sheet says why', async ({
  open,
  engineKeptDown,
}) => {
  expect(engineKeptDown.running).toBe(false)
  chmodSync('/etc/docker', 0o777)
  try {
    const app = await open({ socket: systemPaths.socket })
    await app.page.getByRole('button', { name: 'Repair…' }).click()
    await expect(sheet(app).getByRole('alert')).toContainText('Other users can write to /etc/docker.')
    await expect(sheet(app)).not.toContainText('sudo')
    await expect(sheet(app)).not.toContainText('password')
    await expect(sheet(app).getByRole('button', { name: 'Mend', exact: true })).toHaveCount(0)
    await app.expectAccessible()
    await sheet(app).getByRole('button', { name: 'Close' }).click()

    chmodSync('/etc/docker', 0o755)
    await app.page.evaluate(() => window.dispatchEvent(new Event('focus')))
    await app.page.getByRole('button', { name: 'Mend…' }).click()
    await expect(sheet(app)).toContainText('You will be asked for an administrator’s password')
  } finally {
    chmodSync('/etc/docker', 0o755)
  }
})
