import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parsePrinted } from '../../../model/environment/printed.ts'
import { waysToRun } from '../../../model/environment/shells.ts'
import {
  engineVariables,
  otherVariables,
  storable,
  valuesToAdd,
  variableNames,
  type Variables,
} from '../../../model/environment/variables.ts'

const variables = fc.record(
  Object.fromEntries(variableNames.map((name) => [name, fc.constantFrom('', 'a', '/b:/c', 'tcp://d', './e:/f')])),
  { requiredKeys: [] },
) as fc.Arbitrary<Variables>

describe('valuesToAdd', () => {
  test.each<[string, Record<string, string>, Variables, Variables]>([
    ['takes what the launcher lacks', {}, { DOCKER_HOST: 'tcp://a' }, { DOCKER_HOST: 'tcp://a' }],
    ['keeps the launcher’s value', { DOCKER_HOST: 'tcp://a' }, { DOCKER_HOST: 'tcp://b' }, {}],
    ['keeps the launcher’s empty value', { DOCKER_HOST: '' }, { DOCKER_HOST: 'tcp://b' }, {}],
    [
      'takes nothing of the host if the launcher names one',
      { DOCKER_HOST: 'tcp://a' },
      { DOCKER_TLS_VERIFY: '1', DOCKER_CERT_PATH: '/certs', DOCKER_CONTEXT: 'x', DOCKER_CONFIG: '/config' },
      { DOCKER_CONFIG: '/config' },
    ],
    ['takes no host if the launcher names a context', { DOCKER_CONTEXT: 'a' }, { DOCKER_HOST: 'tcp://b' }, {}],
    ['reads http_proxy and HTTP_PROXY as one', { HTTP_PROXY: 'http://a' }, { http_proxy: 'http://b' }, {}],
    ['reads HTTPS_PROXY and http_proxy as two', { http_proxy: 'a' }, { HTTPS_PROXY: 'b' }, { HTTPS_PROXY: 'b' }],
    ['appends folders to PATH', { PATH: '/a:/b' }, { PATH: '/c:/b:/d:/c:' }, { PATH: '/a:/b:/c:/d' }],
    ['appends no relative folder to PATH', { PATH: '/a' }, { PATH: '.:bin:~/bin::/a' }, {}],
    ['takes a whole PATH', {}, { PATH: '/a:/b' }, { PATH: '/a:/b' }],
    ['keeps the sockets of the launcher', { SSH_AUTH_SOCK: '/a' }, { SSH_AUTH_SOCK: '/b' }, {}],
  ])('%s', (_, launcher, shell, expected) => expect(valuesToAdd(launcher, shell)).toEqual(expected))

  test('never changes a value that the launcher has, except by appending to PATH, and is idempotent', () => {
    fc.assert(
      fc.property(variables, variables, (launcher, shell) => {
        const added = valuesToAdd(launcher, shell)
        const merged: Record<string, string | undefined> = { ...launcher, ...added }
        const { PATH = '', ...kept } = launcher
        expect(merged).toMatchObject(kept)
        expect(merged['PATH'] ?? '').toMatch(new RegExp(`^${PATH}`))
        expect(valuesToAdd(merged, shell)).toEqual({})
      }),
    )
  })
})

test('every variable either names an engine or does not', () => {
  fc.assert(
    fc.property(variables, (all) => {
      expect({ ...engineVariables(all), ...otherVariables(all) }).toEqual(all)
      expect(engineVariables(otherVariables(all))).toEqual({})
    }),
  )
})

test.each<[string, Variables, Variables]>([
  ['proxies', { HTTPS_PROXY: 'http://me:secret@p', https_proxy: 'http://p', no_proxy: 'a' }, {}],
  ['logins', { DOCKER_AUTH_CONFIG: '{"auths":{"r.example":{"auth":"YTpi"}}}' }, {}],
  ['the ssh agent', { SSH_AUTH_SOCK: '/tmp/agent' }, {}],
  ['a host with a password', { DOCKER_HOST: 'tcp://me:secret@h', DOCKER_TLS_VERIFY: '1', PATH: '/a' }, { PATH: '/a' }],
  ['a host with a token', { DOCKER_HOST: 'tcp://secret@h' }, {}],
  ['an ssh host with a password', { DOCKER_HOST: 'ssh://me:secret@h' }, {}],
])('%s are not stored', (_, all, stored) => expect(storable(all)).toEqual(stored))

test('the engine’s variables and folders are stored', () => {
  const all: Variables = {
    ...{ DOCKER_HOST: 'ssh://me@h:22/run/docker.sock', DOCKER_CONFIG: '/c', DOCKER_CERT_PATH: '/d' },
    ...{ XDG_CONFIG_HOME: '/e', XDG_RUNTIME_DIR: '/f', PATH: '/a' },
  }
  expect(storable(all)).toEqual(all)
})

describe('parsePrinted', () => {
  test('reads what env -0 prints', () => {
    const text = 'HOME=/h\0DOCKER_HOST=tcp://a=b\0PATH=\0_=/usr/bin/env\0'
    expect(parsePrinted(text)).toEqual({ DOCKER_HOST: 'tcp://a=b', PATH: '' })
  })
  test.each([
    ['a function that is named like a variable', 'BASH_FUNC_DOCKER_HOST%%=() { :; }\0'],
    ['a line in the value of another variable', 'X=1\nDOCKER_HOST=tcp://a\n\0'],
    ['another spelling', 'docker_host=tcp://a\0 DOCKER_HOST=tcp://a\0XDOCKER_HOST=tcp://a\0'],
    ['a name without a value', 'DOCKER_HOST\0=DOCKER_HOST\0'],
    ['control characters', 'DOCKER_HOST=tcp://a\u001b[2J\0DOCKER_CONTEXT=a\nb\0'],
    ['invalid UTF-8', 'DOCKER_HOST=tcp://\ufffd\0'],
    ['a value that no program could have', `PATH=${'/a:'.repeat(50_000)}\0`],
    ['nothing', ''],
  ])('ignores %s', (_, text) => expect(parsePrinted(text)).toEqual({}))
})

describe('waysToRun', () => {
  test.each(['/bin/bash', '/bin/sh', '/usr/bin/zsh-5.9', '/opt/homebrew/bin/fish', '/nix/store/abc-bash-5.2/bin/bash'])(
    '%s is started',
    (path) => expect(waysToRun(path).length).toBeGreaterThan(0),
  )
  test.each([
    ...['/usr/sbin/nologin', '/bin/false', '/usr/bin/tmux', '/usr/bin/git-shell', '/bin/rbash', '/usr/bin/nu'],
    ...['/usr/bin/pwsh', '/usr/bin/elvish', '/usr/bin/xonsh', '/bin/zsh.sh', '/bin/bash/', ''],
  ])('“%s” is not started', (path) => expect(waysToRun(path)).toEqual([]))
})
