import { createHash } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import {
  configProblem,
  dockerFlags,
  findCandidates,
  findChoices,
  withConfigProblem,
} from '../../../main/engine/connect/candidates.ts'

let home: string
beforeEach(() => (home = mkdtempSync(join(tmpdir(), 'slipway-home-'))))
afterEach(() => rmSync(home, { recursive: true }))

function write(file: string, content: unknown) {
  const path = join(home, '.docker', file)
  mkdirSync(dirname(path), { recursive: true })
  writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content))
}
const contextId = (name: string) => createHash('sha256').update(name).digest('hex')
const writeContext = (name: string, docker: object) =>
  write(`contexts/meta/${contextId(name)}/meta.json`, { Name: name, Endpoints: { docker } })

const endpoints = (env: Record<string, string> = {}) => {
  const result = findCandidates({ env, home })
  return result.ok ? result.value.map(({ name, endpoint }) => `${name} ${endpoint}`) : result.error
}

test('without a chosen context the usual sockets are tried in order: system, rootless, Desktop, Podman', () => {
  expect(endpoints({ XDG_RUNTIME_DIR: '/run/user/1000' })).toEqual([
    'default unix:///var/run/docker.sock',
    'rootless unix:///run/user/1000/docker.sock',
    `desktop-linux unix://${home}/.docker/desktop/docker.sock`,
    'podman unix:///run/user/1000/podman/podman.sock',
    'podman-root unix:///run/podman/podman.sock',
  ])
})

test('DOCKER_HOST takes precedence over DOCKER_CONTEXT, which takes precedence over the current context', () => {
  writeContext('work', { Host: 'tcp://work:2375' })
  writeContext('home', { Host: 'ssh://me@home' })
  write('config.json', { currentContext: 'home' })
  expect(endpoints()).toEqual(['home ssh://me@home'])
  expect(endpoints({ DOCKER_CONTEXT: 'work' })).toEqual(['work tcp://work:2375'])
  expect(endpoints({ DOCKER_CONTEXT: 'work', DOCKER_HOST: 'tcp://x:1' })).toEqual(['default tcp://x:1'])
})

test('the contexts are read from the folder in DOCKER_CONFIG', () => {
  writeContext('work', { Host: 'tcp://work:2375' })
  write('config.json', { currentContext: 'work' })
  write('elsewhere/config.json', { currentContext: 'default' })
  expect(endpoints()).toEqual(['work tcp://work:2375'])
  expect(endpoints({ DOCKER_CONFIG: join(home, '.docker/elsewhere') })).toContain('default unix:///var/run/docker.sock')
})

test('a current context that does not exist is an error, and nothing else is tried', () => {
  write('config.json', { currentContext: 'lost' })
  expect(endpoints()).toEqual({ code: 'context-unknown', context: 'lost', source: 'config' })
  expect(endpoints({ DOCKER_CONTEXT: 'gone' })).toEqual({
    code: 'context-unknown',
    context: 'gone',
    source: 'environment',
  })
})

const problem = () => configProblem({ env: {}, home })

test('a configuration that cannot be read is ignored, and what is wrong with it is reported with its file', () => {
  const file = join(home, '.docker/config.json')
  expect(problem()).toBeUndefined()
  write('config.json', '{ "currentContext": ')
  expect(endpoints()).toContain('default unix:///var/run/docker.sock')
  expect(problem()).toEqual({ file, code: 'unclosed', line: 1 })
  write('config.json', { currentContext: 7 })
  expect(endpoints()).toContain('default unix:///var/run/docker.sock')
  expect(problem()).toEqual({ file, code: 'context-type' })
  write('config.json', '')
  expect(problem()).toBeUndefined()
  rmSync(file)
  mkdirSync(file)
  expect(endpoints()).toContain('default unix:///var/run/docker.sock')
  expect(problem()).toMatchObject({ file, code: 'unreadable', detail: expect.stringContaining('EISDIR') })
})

test('the state of the engine has the problem of the configuration as long as there is one', () => {
  const connecting = { status: 'connecting' } as const
  expect(withConfigProblem(connecting, { env: {}, home })).toEqual(connecting)
  write('config.json', '[]')
  const state = withConfigProblem(connecting, { env: {}, home })
  expect(state).toEqual({
    ...connecting,
    configProblem: { file: join(home, '.docker/config.json'), code: 'not-object' },
  })
  write('config.json', '{}')
  expect(withConfigProblem(state, { env: {}, home })).toEqual(connecting)
})

test('a context whose file has another shape is reported', () => {
  write('config.json', { currentContext: 'odd' })
  write(`contexts/meta/${contextId('odd')}/meta.json`, { Name: 'odd' })
  expect(endpoints()).toMatchObject({ code: 'context-unreadable' })
})

test('an address that cannot be used is a failure with its origin, and is never shown with a password', () => {
  expect(endpoints({ DOCKER_HOST: 'fd://' })).toEqual({ code: 'address-unusable', address: 'fd://', fault: 'fd' })
  writeContext('windows', { Host: 'npipe:////./pipe/docker_engine' })
  writeContext('secret', { Host: 'ssh://ada:secret@build' })
  expect(endpoints({ DOCKER_CONTEXT: 'windows' })).toEqual({
    code: 'address-unusable',
    address: 'npipe:////./pipe/docker_engine',
    context: 'windows',
    fault: 'npipe',
  })
  expect(endpoints({ DOCKER_CONTEXT: 'secret' })).toMatchObject({ address: 'ssh://ada:…@build', fault: 'ssh-password' })
  expect(choices({ DOCKER_HOST: 'nonsense:x' })).toEqual([
    'default nonsense:x',
    'secret ssh://ada:…@build',
    'windows npipe:////./pipe/docker_engine',
  ])
})

test('an address is completed, in DOCKER_HOST and in a context', () => {
  expect(endpoints({ DOCKER_HOST: ' build:2375 ' })).toEqual(['default tcp://build:2375'])
  expect(endpoints({ DOCKER_HOST: 'unix://' })).toEqual(['default unix:///var/run/docker.sock'])
  writeContext('bare', { Host: '/run/user/1000/docker.sock' })
  expect(endpoints({ DOCKER_CONTEXT: 'bare' })).toEqual(['bare unix:///run/user/1000/docker.sock'])
})

test('if DOCKER_HOST names another engine, the usual socket can be chosen as “system”', () => {
  const names = (env: Record<string, string>) => {
    const result = findCandidates({ env, home }, 'system')
    return result.ok ? result.value.map(({ name, endpoint }) => `${name} ${endpoint}`) : result.error
  }
  expect(names({ DOCKER_HOST: 'tcp://x:1' })).toEqual(['system unix:///var/run/docker.sock'])
  // The choice outlives DOCKER_HOST, without which this socket has its usual name.
  expect(names({})).toEqual(['default unix:///var/run/docker.sock'])
  writeContext('system', { Host: 'tcp://own:2375' })
  expect(names({})).toEqual(['system tcp://own:2375'])
})

test('a TLS context is read with its certificates', () => {
  writeContext('safe', { Host: 'tcp://safe:2376' })
  for (const name of ['ca', 'cert', 'key']) write(`contexts/tls/${contextId('safe')}/docker/${name}.pem`, `the ${name}`)
  const result = findCandidates({ env: { DOCKER_CONTEXT: 'safe' }, home })
  expect(result).toMatchObject({
    ok: true,
    value: [{ certificates: { ca: 'the ca', cert: 'the cert', key: 'the key', verify: true } }],
  })
})

const choices = (env: Record<string, string> = {}) =>
  findChoices({ env, home }).map(({ name, endpoint }) => `${name} ${endpoint}`)

test('the default, every context by name, and the usual sockets that exist can be chosen', () => {
  writeContext('work', { Host: 'tcp://work:2375' })
  writeContext('attic', { Host: 'ssh://me@attic' })
  write('run/docker.sock', '')
  write('run/podman/podman.sock', '')
  const runtime = join(home, '.docker/run')
  expect(choices({ XDG_RUNTIME_DIR: runtime })).toEqual([
    'default unix:///var/run/docker.sock',
    'attic ssh://me@attic',
    'work tcp://work:2375',
    `rootless unix://${runtime}/docker.sock`,
    `podman unix://${runtime}/podman/podman.sock`,
  ])
  expect(choices({ DOCKER_HOST: 'tcp://x:1' })[0]).toBe('default tcp://x:1')
})

test('a usual socket is not listed again if a context of the user has its address or its name', () => {
  writeContext('mine', { Host: `unix://${home}/.docker/run/docker.sock` })
  writeContext('desktop-linux', { Host: `unix://${home}/elsewhere.sock` })
  write('run/docker.sock', '')
  write('desktop/docker.sock', '')
  expect(choices({ XDG_RUNTIME_DIR: join(home, '.docker/run') })).toEqual([
    'default unix:///var/run/docker.sock',
    `desktop-linux unix://${home}/elsewhere.sock`,
    `mine unix://${home}/.docker/run/docker.sock`,
  ])
})

test('a context that cannot be parsed is left out and logged', () => {
  writeContext('valid', { Host: 'tcp://valid:2375' })
  write('contexts/meta/0123/meta.json', '{ "Name": ')
  write('contexts/meta/4567/meta.json', { Name: 'kubernetes-alone', Endpoints: {} })
  write('contexts/meta/stray-file', '')
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {})
  expect(choices()).toEqual(['default unix:///var/run/docker.sock', 'valid tcp://valid:2375'])
  expect(warn).toHaveBeenCalledTimes(2)
  warn.mockRestore()
})

test('a context chosen in Slipway is the only candidate, whatever Docker’s own settings say', () => {
  writeContext('work', { Host: 'tcp://work:2375' })
  const candidatesFor = (name: string, env: Record<string, string> = {}) => {
    const result = findCandidates({ env, home }, name)
    return result.ok ? result.value.map(({ name, endpoint }) => `${name} ${endpoint}`) : result.error
  }
  expect(candidatesFor('work', { DOCKER_HOST: 'tcp://x:1' })).toEqual(['work tcp://work:2375'])
  expect(candidatesFor('default')).toEqual(['default unix:///var/run/docker.sock'])
  expect(candidatesFor('podman-root')).toEqual(['podman-root unix:///run/podman/podman.sock'])
  expect(candidatesFor('lost')).toEqual({ code: 'context-unknown', context: 'lost' })
})

test('the docker command gets a flag only if it would otherwise use another engine: --context, or -H if there is no context', () => {
  writeContext('work', { Host: 'tcp://work:2375' })
  writeContext('home', { Host: 'ssh://me@home' })
  write('config.json', { currentContext: 'home' })
  const flags = (name: string, env: Record<string, string> = {}) => {
    const environment = { env: { XDG_RUNTIME_DIR: '/run/user/1000', ...env }, home }
    const result = findCandidates(environment, name)
    return result.ok && dockerFlags(result.value[0]!, environment)
  }
  expect(flags('home')).toEqual([])
  expect(flags('work')).toEqual(['--context', 'work'])
  expect(flags('default')).toEqual(['--context', 'default'])
  expect(flags('podman')).toEqual(['-H', 'unix:///run/user/1000/podman/podman.sock'])
  expect(flags('work', { DOCKER_CONTEXT: 'work' })).toEqual([])
  expect(flags('home', { DOCKER_HOST: 'tcp://work:2375' })).toEqual(['--context', 'home'])
  expect(flags('work', { DOCKER_HOST: 'tcp://work:2375' })).toEqual([])
})
