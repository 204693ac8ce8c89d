import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { dockerCredentials } from '../../../main/registry/index.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Docker's configuration, and the helpers on the path as scripts. */
async function stored(config: unknown, helpers: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  for (const [name, script] of Object.entries(helpers))
    await writeFile(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const env = { DOCKER_CONFIG: folder, PATH: `${folder}:${process.env['PATH']}` }
  return { folder, of: dockerCredentials({ env, home: '/nowhere' }) }
}

test('what the file holds is found, Docker Hub’s by its old address, others’ also by a whole one', async () => {
  const { of } = await stored({
    auths: {
      'https://index.docker.io/v1/': { auth: base64('ann:p:w\0') },
      'https://old.example/v1/': { auth: base64('bob:x') },
      'id.example': { auth: base64('<token>:'), identitytoken: 'long' },
      'empty.example': {},
      'odd.example': { auth: 7 },
    },
  })
  expect(await of('docker.io')).toEqual({ kind: 'password', username: 'ann', password: 'p:w' })
  expect(await of('old.example')).toEqual({ kind: 'password', username: 'bob', password: 'x' })
  expect(await of('id.example')).toEqual({ kind: 'identity', token: 'long' })
  for (const name of ['empty.example', 'odd.example', 'none.example']) expect(await of(name)).toBeUndefined()
})

test('a registry’s own helper comes before the common one, and both before the file', async () => {
  const own = 'cat > "$DOCKER_CONFIG/asked"; echo "{\\"Username\\":\\"own\\",\\"Secret\\":\\"$1\\"}"'
  const common = 'read key; echo "{\\"Username\\":\\"<token>\\",\\"Secret\\":\\"$key\\"}"'
  const { of, folder } = await stored(
    { credsStore: 'common', credHelpers: { 'a.example': 'own' }, auths: { 'a.example': { auth: base64('x:y') } } },
    { own, common },
  )
  expect(await of('a.example')).toEqual({ kind: 'password', username: 'own', password: 'get' })
  expect(await readFile(join(folder, 'asked'), 'utf8')).toBe('a.example')
  expect(await of('docker.io')).toEqual({ kind: 'identity', token: 'https://index.docker.io/v1/' })
})

test('if a helper has no login, answers nonsense or is missing, the file is used, if it has one', async () => {
  const auths = { 'a.example': { auth: base64('x:y') } }
  const unknown = { none: 'echo "credentials not found in native keychain"; exit 1', odd: 'echo hello' }
  for (const credsStore of ['none', 'odd', 'missing']) {
    const { of } = await stored({ credsStore, auths }, unknown)
    expect(await of('a.example')).toEqual({ kind: 'password', username: 'x', password: 'y' })
    expect(await of('b.example')).toBeUndefined()
  }
})

test('a name that cannot be a helper’s is not run', async () => {
  const { of, folder } = await stored(
    { credsStore: '../common', credHelpers: { 'a.example': 'Own' } },
    { Own: 'touch "$DOCKER_CONFIG/run"' },
  )
  expect(await of('a.example')).toBeUndefined()
  expect(await readdir(folder)).not.toContain('run')
})

test('a missing or broken file is not a failure', async () => {
  const { of } = await stored('{"auths": {')
  expect(await of('a.example')).toBeUndefined()
  expect(await dockerCredentials({ env: {}, home: '/nowhere' })('a.example')).toBeUndefined()
})
