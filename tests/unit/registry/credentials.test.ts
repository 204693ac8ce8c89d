import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dockerCredentials } from '../../../main/registry/index.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Writes a Docker configuration, and scripts that act as the credential helpers on the path. */
async function writeConfig(config: unknown, helpers: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  for (const [name, script] of Object.entries(helpers))
    await writeFile(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const env = { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env['PATH']}` }
  return { folder, readCredentials: dockerCredentials({ env, home: '/nowhere' }) }
}

test('logins in the file are found: Docker Hub’s under its old address, others also under a full URL', async () => {
  const { readCredentials } = await writeConfig({
    auths: {
      'https://index.docker.io/v1/': { auth: base64('ann:p:w\0') },
      'https://old.example/v1/': { auth: base64('bob:x') },
      'id.example': { auth: base64('<token>:'), identitytoken: 'long' },
      'empty.example': {},
      'odd.example': { auth: 7 },
    },
  })
  expect(await readCredentials('docker.io')).toEqual({ kind: 'password', username: 'ann', password: 'p:w' })
  expect(await readCredentials('old.example')).toEqual({ kind: 'password', username: 'bob', password: 'x' })
  expect(await readCredentials('id.example')).toEqual({ kind: 'identity', token: 'long' })
  for (const name of ['empty.example', 'odd.example', 'none.example'])
    expect(await readCredentials(name)).toBeUndefined()
})

test('a registry’s own helper takes precedence over the common helper, and both over the file', async () => {
  const ownHelper = 'cat > "$DOCKER_CONFIG/input"; echo "{\\"Username\\":\\"own\\",\\"Secret\\":\\"$1\\"}"'
  const commonHelper = 'read key; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$key\\"}"'
  const { readCredentials, folder } = await writeConfig(
    { credsStore: 'common', credHelpers: { 'a.example': 'own' }, auths: { 'a.example': { auth: base64('x:y') } } },
    { own: ownHelper, common: commonHelper },
  )
  expect(await readCredentials('a.example')).toEqual({ kind: 'password', username: 'own', password: 'get' })
  expect(await readFile(join(folder, 'input'), 'utf8')).toBe('a.example')
  expect(await readCredentials('docker.io')).toEqual({ kind: 'identity', token: 'https://index.docker.io/v1/' })
})

test('if a helper has no login, prints nonsense or is missing, the login in the file is used', async () => {
  const auths = { 'a.example': { auth: base64('x:y') } }
  const helpers = { none: 'echo "credentials not found in native keychain"; exit 1', odd: 'echo hello' }
  for (const credsStore of ['none', 'odd', 'missing']) {
    const { readCredentials } = await writeConfig({ credsStore, auths }, helpers)
    expect(await readCredentials('a.example')).toEqual({ kind: 'password', username: 'x', password: 'y' })
    expect(await readCredentials('b.example')).toBeUndefined()
  }
})

test('a helper with an invalid name is not run', async () => {
  const { readCredentials, folder } = await writeConfig(
    { credsStore: '../common', credHelpers: { 'a.example': 'Own' } },
    { Own: 'touch "$DOCKER_CONFIG/run"' },
  )
  expect(await readCredentials('a.example')).toBeUndefined()
  expect(await readdir(folder)).not.toContain('run')
})

test('a missing or broken file means that there is no login', async () => {
  const { readCredentials } = await writeConfig('{"auths": {')
  expect(await readCredentials('a.example')).toBeUndefined()
  expect(await dockerCredentials({ env: {}, home: '/nowhere' })('a.example')).toBeUndefined()
})
