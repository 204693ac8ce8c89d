import { mkdtempSync, rmSync, statSync, readFileSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { appEnvironment } from '../../../main/environment/index.ts'
import { dockerCredentials } from '../../../main/registry/index.ts'
import { openStore } from '../../../main/store/index.ts'
import { client, serve } from '../local-server.ts'
import { launcherOf, shellHome } from './shell-home.ts'

const never = new AbortController().signal

function start(files: Readonly<Record<string, string>>, folder = storeFolder(), launcher = {}) {
  const home = shellHome(files)
  const store = openStore(folder)
  onTestFinished(() => store.end())
  const environment = appEnvironment({
    launcher: { ...launcherOf(home, '/bin/bash'), ...launcher },
    home,
    store: store.environment,
  })
  return { environment, store, folder }
}

function storeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'slipway-store-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

const bashrc = `export DOCKER_HOST=tcp://build:2375 DOCKER_CONFIG=/config PATH="$PATH:/helpers" SSH_AUTH_SOCK=/agent
export HTTPS_PROXY=http://me:secret@proxy:1 XDG_CONFIG_HOME=/conf SECRET=1\n`

test('until the shell is read, the environment is the launcher’s', () => {
  const { environment } = start({ '.bashrc': bashrc }, undefined, { EDITOR: 'vi' })
  expect(environment.env).toMatchObject({ PATH: '/usr/bin:/bin', EDITOR: 'vi' })
  expect(environment.env['HTTPS_PROXY']).toBeUndefined()
  expect(environment.terminal() ?? environment.withTerminal()).toBeUndefined()
})

test('the shell’s variables are taken over in place, but what names another engine only when the terminal’s is used', async () => {
  const { environment } = start({ '.bashrc': bashrc })
  const { env } = environment
  await environment.readShell(never)
  expect(env).toMatchObject({
    SSH_AUTH_SOCK: '/agent',
    HTTPS_PROXY: 'http://me:secret@proxy:1',
    XDG_CONFIG_HOME: '/conf',
  })
  expect(env['PATH']).toMatch(/^\/usr\/bin:\/bin:.*\/helpers$/)
  expect(env['SECRET']).toBeUndefined()
  expect(env['DOCKER_HOST'] ?? env['DOCKER_CONFIG']).toBeUndefined()
  expect(environment.shellThatSets('DOCKER_HOST')).toBeUndefined()
  expect(environment.terminal()?.env).toMatchObject({ DOCKER_HOST: 'tcp://build:2375', DOCKER_CONFIG: '/config' })

  environment.useTerminal()
  expect(env).toMatchObject({ DOCKER_HOST: 'tcp://build:2375', DOCKER_CONFIG: '/config', SSH_AUTH_SOCK: '/agent' })
  expect(environment.shellThatSets('DOCKER_HOST')).toBe('/bin/bash')
  expect(environment.withTerminal()?.env).toEqual(env)
})

test('the next start uses what was stored, without passwords, proxies and the ssh agent', async () => {
  const first = start({ '.bashrc': bashrc })
  await first.environment.readShell(never)
  first.environment.useTerminal()
  await first.store.end()
  const file = join(first.folder, 'environment.json')
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(readFileSync(file, 'utf8')).not.toMatch(/secret|agent|proxy/i)
  expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ version: 1, shell: '/bin/bash' })

  const { environment } = start({ '.bashrc': '' }, first.folder)
  expect(environment.env).toMatchObject({ DOCKER_HOST: 'tcp://build:2375', XDG_CONFIG_HOME: '/conf' })
  expect(environment.env['PATH']).toMatch(/:\/helpers$/)
  expect(environment.shellThatSets('DOCKER_HOST')).toBe('/bin/bash')
})

test('what is stored is not taken for a variable of the shell, and is forgotten once the shell does not set it', async () => {
  const folder = storeFolder()
  const variables = { DOCKER_HOST: 'tcp://old:2375', XDG_CONFIG_HOME: '/old', PATH: '/old' }
  writeFileSync(join(folder, 'environment.json'), JSON.stringify({ version: 1, shell: '/bin/bash', variables }))
  const { environment } = start({ '.bashrc': 'true\n' }, folder)
  await environment.readShell(never)
  expect(environment.env['XDG_CONFIG_HOME']).toBeUndefined()
  expect(environment.env['PATH']).not.toContain('/old')
  expect(environment.env['DOCKER_HOST']).toBe('tcp://old:2375')
  expect(environment.terminal()?.env['DOCKER_HOST']).toBeUndefined()
  environment.useTerminal()
  expect(environment.env['DOCKER_HOST']).toBeUndefined()
})

test('a terminal has what its shell sets, even if the launcher’s variables prevail in Slipway', async () => {
  const launcher = { DOCKER_HOST: 'tcp://once:2375', DOCKER_CONTEXT: 'once', EDITOR: 'vi' }
  const { environment } = start(
    { '.bashrc': 'export DOCKER_HOST=tcp://build:2375\nunset DOCKER_CONTEXT\n' },
    undefined,
    launcher,
  )
  await environment.readShell(never)
  expect(environment.terminal()?.env).toMatchObject({ DOCKER_HOST: 'tcp://build:2375', EDITOR: 'vi' })
  expect(environment.terminal()?.env['DOCKER_CONTEXT']).toBeUndefined()
  expect(environment.withTerminal()?.env).toMatchObject(launcher)
})

test('if the shell cannot be read, what is stored stays, and what a terminal has is not known', async () => {
  const folder = storeFolder()
  const variables = { DOCKER_HOST: 'tcp://old:2375' }
  writeFileSync(join(folder, 'environment.json'), JSON.stringify({ version: 1, shell: '/bin/bash', variables }))
  const { environment } = start({ '.bashrc': 'exit\n', '.profile': 'exit\n' }, folder)
  await environment.readShell(never)
  expect(environment.env['DOCKER_HOST']).toBe('tcp://old:2375')
  expect(environment.terminal() ?? environment.withTerminal()).toBeUndefined()
})

test('stored values of other names, types and with control characters are ignored', () => {
  const folder = storeFolder()
  const variables = { DOCKER_HOST: 'tcp://a\u0007', DOCKER_CONTEXT: 1, LD_PRELOAD: '/evil.so', DOCKER_CONFIG: '/c' }
  writeFileSync(join(folder, 'environment.json'), JSON.stringify({ version: 1, shell: 2, variables }))
  const { env } = start({}, folder).environment
  expect(env).toMatchObject({ DOCKER_CONFIG: '/c' })
  expect([env['DOCKER_HOST'], env['DOCKER_CONTEXT'], env['LD_PRELOAD']]).toEqual([undefined, undefined, undefined])
})

test('registry requests use a proxy that the environment gets later', async () => {
  const proxy = await serve((request, response) => response.end(`proxied ${request.url}`))
  const env: Record<string, string> = { HTTP_PROXY: 'http://127.0.0.1:1' }
  const http = client({ env })
  const ask = () => http.ask('http://registry.invalid/v2/', { host: 'registry.invalid' })
  expect(await ask()).toMatchObject({ ok: false })
  env['HTTP_PROXY'] = proxy.url
  expect(await ask()).toMatchObject({ ok: true, value: { body: 'proxied http://registry.invalid/v2/' } })
})

test('logins are read from a DOCKER_CONFIG that the environment gets later', async () => {
  const auth = Buffer.from('me:secret').toString('base64')
  const folder = shellHome({ 'config.json': JSON.stringify({ auths: { 'a.example': { auth } } }) })
  const env: Record<string, string> = {}
  const readCredentials = dockerCredentials({ env, home: '/nowhere' })
  expect(await readCredentials('a.example')).toBeUndefined()
  env['DOCKER_CONFIG'] = folder
  expect(await readCredentials('a.example')).toMatchObject({ username: 'me' })
})
