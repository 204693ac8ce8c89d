import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test, type Slipway } from './slipway.ts'

/** Starts a registry on this computer. @returns its host, and how to stop it */
async function startRegistry(answer: RequestListener) {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const stop = () => {
    server.close()
    server.closeAllConnections()
  }
  return { host: `127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}

/** Writes Docker's configuration to a folder for DOCKER_CONFIG. */
function writeDockerConfig(config: unknown) {
  const folder = mkdtempSync(join(tmpdir(), 'docker-config-'))
  writeFileSync(join(folder, 'config.json'), JSON.stringify(config))
  return { folder, remove: () => rmSync(folder, { recursive: true }) }
}

async function showTags({ page }: Slipway, name: string) {
  await page.keyboard.press('Control+k')
  await page.getByRole('searchbox', { name: /^Search, or/ }).fill(name)
  await page.keyboard.press('ArrowDown')
}

test('a registry that asks for a login at another host is read once the user has allowed that host', async ({
  open,
  puller,
  dockerHub,
}) => {
  const realm = await dockerHub.mirrors.add('auth', { login: 'anyone' })
  const tokens = new Set<string>()
  const registry = await startRegistry(({ headers: { authorization } }, response) => {
    if (authorization) tokens.add(authorization)
    // The first two tokens are anonymous: one before the question, one after it.
    if (authorization && tokens.size > 2) return void response.end('{"tags":["2.0","1.0"]}')
    response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm.address}/token",service="r"` }).end()
  })
  const config = writeDockerConfig({ auths: { [registry.host]: { auth: btoa('ann:open sesame') } } })
  try {
    const app = await open({ socket: puller.socket, env: { ...dockerHub.hub.env, DOCKER_CONFIG: config.folder } })
    await showTags(app, `${registry.host}/team/app`)
    const host = new URL(realm.address).host
    const question = app.details.getByRole('alert')
    await expect(question).toContainText(`${registry.host} asks you to log in at ${host}.`)
    await app.expectAccessible()
    await question.getByRole('button', { name: `Log in at ${host}` }).press('Enter')
    await expect(app.page.getByRole('grid', { name: /^Tags of/ }).getByRole('row')).toContainText(['2.0', '1.0'])
  } finally {
    registry.stop()
    config.remove()
  }
})

test('if the program that keeps the logins is missing, a private registry’s refusal names it', async ({
  open,
  puller,
}) => {
  const registry = await startRegistry((_, response) =>
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end(),
  )
  const config = writeDockerConfig({ auths: { [registry.host]: {} }, credsStore: 'nowhere' })
  try {
    const app = await open({ socket: puller.socket, env: { DOCKER_CONFIG: config.folder } })
    await showTags(app, `${registry.host}/team/app`)
    const refusal = app.details.getByRole('alert')
    await expect(refusal).toContainText(`${registry.host} asks for a login.`)
    await expect(refusal).toContainText('docker-credential-nowhere, which is not installed or not on the PATH')
  } finally {
    registry.stop()
    config.remove()
  }
})
