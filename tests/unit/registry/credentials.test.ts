import { readFileSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { dockerCredentials, type CredentialStore } from '../../../main/registry/index.ts'
import { readCorpus } from '../../corpus/corpus.ts'

const base64 = (text: string) => Buffer.from(text).toString('base64')

/** Writes a Docker configuration, and scripts that act as the credential helpers on the path. */
async function writeConfig(config: unknown, helpers: Readonly<Record<string, string>> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'slipway-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  await writeFile(join(folder, 'config.json'), typeof config === 'string' ? config : JSON.stringify(config))
  for (const [name, script] of Object.entries(helpers))
    await writeFile(join(folder, `docker-credential-${name}`), `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const env = { DOCKER_CONFIG: folder, PATH: `${folder}:/usr/bin:/bin` }
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

test('if a helper has no login, prints nonsense or is missing, a login in the file is used', async () => {
  const auths = { 'a.example': { auth: base64('x:y') } }
  const helpers = { none: 'echo "credentials not found in native keychain"; exit 1', odd: 'echo hello' }
  for (const credsStore of ['none', 'odd', 'missing']) {
    const { readCredentials } = await writeConfig({ credsStore, auths }, helpers)
    expect(await readCredentials('a.example')).toEqual({ kind: 'password', username: 'x', password: 'y' })
  }
})

const helperScripts = [
  [/\(no helper of that name\)$/, undefined],
  // As gpg, which `pass` starts, waits for a password, with the helper's stdout open.
  [/\(helper hangs\)$/, () => 'echo $$ > "$DOCKER_CONFIG/pid"; sleep 1000 & echo $! > "$DOCKER_CONFIG/child"; wait'],
  [/\(helper prints (.*)\)$/, (text: string) => `echo '${text}'`],
  [/\(helper: ?(.*)\)$/, (text: string) => `echo '${text}'; exit 1`],
  [/\(helper only on the PATH of ~\/\.bashrc\)$/, () => `echo '{"Username":"ann","Secret":"secret"}'`],
] as const
const helperLines = readCorpus<'content' | 'slipway'>('docker-config').filter(({ slipway }) =>
  slipway.startsWith('login:'),
)

/** The registry that a line of the corpus is about. */
const registryIn = (content: string) => (content.includes('registry.example') ? 'registry.example' : 'gcr.io')

function outcomeOf(stored: Awaited<ReturnType<CredentialStore>>): string {
  if (!stored) return 'login:none'
  if (stored.kind !== 'helper-failed') return 'login:found'
  const { name, problem, message } = stored.failure
  return `login:${problem} ${name}${problem === 'failed' ? `: ${message}` : ''}`.trim()
}

test.each(helperLines)('$content: $slipway', async ({ content, slipway }) => {
  const config = content.slice(0, content.lastIndexOf('} (') + 1)
  const helper = /"credHelpers":\{"[^"]*":"([^"]+)"|"credsStore":"([^"]*)"/.exec(config)
  const [match, script] = helperScripts.flatMap(([pattern, write]) => {
    const found = pattern.exec(content)
    return found ? [[found, write] as const] : []
  })[0]!
  const scripts = script ? { [helper?.[1] ?? helper?.[2] ?? '']: script(match[1] ?? '') } : {}
  const { folder, readCredentials } = await writeConfig(config, scripts)
  const hangs = slipway.startsWith('login:slow')
  const options = hangs ? { helperTimeoutMs: 500 } : {}
  expect(outcomeOf(await readCredentials(registryIn(content), options))).toBe(slipway)
  if (!hangs) return
  // The helper is killed with the programs that it has started.
  for (const file of ['pid', 'child']) {
    const pid = (await readFile(join(folder, file), 'utf8')).trim()
    await expect.poll(() => isRunning(pid)).toBe(false)
  }
})

function isRunning(pid: string): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ')
  } catch {
    return false
  }
}

test('a helper that leaves a program behind on its output is still read', async () => {
  const { folder, readCredentials } = await writeConfig(
    { credsStore: 'agent' },
    { agent: `sleep 1000 & echo $! > "$DOCKER_CONFIG/child"; echo '{"Username":"ann","Secret":"secret"}'` },
  )
  expect(await readCredentials('a.example', { helperTimeoutMs: 500 })).toMatchObject({ username: 'ann' })
  process.kill(Number(await readFile(join(folder, 'child'), 'utf8')))
})

test('a read that is cancelled does not wait for the helper', async () => {
  const { readCredentials } = await writeConfig({ credsStore: 'pass' }, { pass: 'sleep 1000' })
  const signal = AbortSignal.timeout(200)
  expect(await readCredentials('a.example', { signal, helperTimeoutMs: 3_600_000 })).toBeUndefined()
})

test('a helper with an invalid name is not run', async () => {
  const { readCredentials, folder } = await writeConfig(
    { credsStore: '../common', credHelpers: { 'a.example': 'own script' } },
    { 'own script': 'touch "$DOCKER_CONFIG/run"' },
  )
  expect(await readCredentials('a.example')).toBeUndefined()
  expect(await readdir(folder)).not.toContain('run')
})

describe('DOCKER_AUTH_CONFIG', () => {
  const own = { auth: base64('env:p:w') }
  async function read(value: string, registry = 'a.example') {
    const { folder } = await writeConfig({ auths: { 'a.example': { auth: base64('file:x') } } })
    const env = { DOCKER_CONFIG: folder, DOCKER_AUTH_CONFIG: value }
    return await dockerCredentials({ env, home: '/nowhere' })(registry)
  }
  const fromEnvironment = { kind: 'password', username: 'env', password: 'p:w' }
  const fromFile = { kind: 'password', username: 'file', password: 'x' }

  test.each([
    ['a login', { auths: { 'a.example': own } }],
    ['a login next to others', { auths: { 'b.example': { auth: base64('x:y') }, 'a.example': own } }],
  ])('%s comes before the file', async (_, value) => {
    expect(await read(JSON.stringify(value))).toEqual(fromEnvironment)
  })

  test('Docker Hub has its old address there, too', async () => {
    expect(await read(JSON.stringify({ auths: { 'https://index.docker.io/v1/': own } }), 'docker.io')).toEqual(
      fromEnvironment,
    )
    expect(await read(JSON.stringify({ auths: { 'docker.io': own } }), 'docker.io')).toBeUndefined()
  })

  // As the CLI does, which prints a warning (docker/cli cli/config/configfile/file.go, `parseEnvConfig`).
  test.each([
    ['nothing', ''],
    ['no JSON', '{"auths":'],
    ['another type', '[]'],
    ['a login of another registry', JSON.stringify({ auths: { 'b.example': own } })],
    ['no logins', '{}'],
    ['an address in place of a host', JSON.stringify({ auths: { 'https://a.example': own } })],
    ['another setting next to the logins', JSON.stringify({ auths: { 'a.example': own }, credsStore: 'pass' })],
    ['another key next to the login', JSON.stringify({ auths: { 'a.example': { ...own, email: 'a@b' } } })],
    ['an entry without a login', JSON.stringify({ auths: { 'a.example': own, 'b.example': {} } })],
    ['a login without a user', JSON.stringify({ auths: { 'a.example': own, 'b.example': { auth: base64(':x') } } })],
    ['a login without a colon', JSON.stringify({ auths: { 'a.example': own, 'b.example': { auth: base64('x') } } })],
    ['two objects', `${JSON.stringify({ auths: { 'a.example': own } })}{}`],
  ])('with %s, the file counts', async (_, value) => {
    expect(await read(value)).toEqual(fromFile)
  })
})

test('a missing or broken file means that there is no login', async () => {
  const { readCredentials } = await writeConfig('{"auths": {')
  expect(await readCredentials('a.example')).toBeUndefined()
  expect(await dockerCredentials({ env: {}, home: '/nowhere' })('a.example')).toBeUndefined()
})
