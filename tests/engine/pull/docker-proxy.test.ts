/** A proxy that the user runs and Docker does not know, as with Clash. */
import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { httpClient } from '../../../main/registry/index.ts'
import { explainPullFailure } from '../../../main/workflows/index.ts'
import type { Failure } from '../../../preload/contract/index.ts'
import { systemPaths } from '../../../tools/world/dockerd.ts'
import { startEngine, type EngineOptions } from '../../../tools/world/engine.ts'
import { startHttpProxy, startSocks5Proxy, throughProxy, type UserProxy } from '../../../tools/world/proxies.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { anyEngine, matrix } from '../matrix.ts'
import { failureOf, openPuller } from './puller.ts'

let online: Online
const proxies: Partial<Record<'http' | 'socks5', UserProxy>> = {}
beforeAll(async () => {
  online = await startOnline()
  const connectTo = throughProxy(online.hub.port)
  proxies.http = await startHttpProxy({ connectTo, login: 'ada:secret' })
  proxies.socks5 = await startSocks5Proxy({ connectTo })
})
afterAll(async () => {
  await Promise.all(Object.values(proxies).map((proxy) => proxy.stop()))
  await online?.stop()
})

/** An engine without a proxy, and Slipway with these variables. */
async function open(options: EngineOptions, env: Readonly<Record<string, string>>) {
  const engine = await startEngine({ ...options, asInstalled: true })
  onTestFinished(engine.stop)
  const http = httpClient({ version: '0', env })
  onTestFinished(http.close)
  const environment = { env, home: '/nonexistent' }
  const puller = await openPuller(systemPaths, undefined, undefined, explainPullFailure({ http, environment }))
  onTestFinished(puller.stop)
  return { engine, pull: (reference: string) => puller.pull(reference) }
}

/** Lets Slipway find systemd, which worlds do not have. */
function pretendSystemd(): void {
  mkdirSync('/run/systemd/system', { recursive: true })
  onTestFinished(() => rmSync('/run/systemd/system', { recursive: true }))
}

/** Runs commands as a user would, but without restarting anything. */
function runCommands(commands: string): void {
  const programs = mkdtempSync(join(tmpdir(), 'programs-'))
  for (const [name, script] of [
    ['sudo', 'exec "$@"'],
    ['systemctl', 'exit 0'],
  ] as const) {
    writeFileSync(join(programs, name), `#!/bin/sh\n${script}\n`)
    chmodSync(join(programs, name), 0o755)
  }
  execFileSync('sh', ['-c', commands], { env: { ...process.env, PATH: `${programs}:${process.env['PATH']}` } })
}

const commandsOf = (failure: Failure | undefined) =>
  failure?.code === 'docker-proxy-missing' && failure.remedy.kind === 'commands' ? failure.remedy.commands : ''

test('a pull that fails without the proxy says so, and works after the commands and a restart', async () => {
  pretendSystemd()
  const host = `127.0.0.1:${proxies.socks5!.port}`
  const { engine, pull } = await open(anyEngine, { ALL_PROXY: `socks5h://${host}` })
  const failure = failureOf(await pull('alpine:3.20'))
  expect(failure).toMatchObject({ code: 'docker-proxy-missing', host: 'docker.io', proxy: host })
  const before = proxies.socks5!.targets.length
  runCommands(commandsOf(failure))
  await engine.restart()
  expect(await pull('alpine:3.20')).toMatchObject({ state: 'done' })
  expect(proxies.socks5!.targets.slice(before)).toContain('registry-1.docker.io:443')
})

describe.each(matrix)('on $title', (options) => {
  test('the commands fit the version, and leave the login to the user', async () => {
    pretendSystemd()
    const { pull } = await open(options, { https_proxy: `http://ada:secret@127.0.0.1:${proxies.http!.port}` })
    const job = await pull('alpine:3.20')
    expect(JSON.stringify(job)).not.toContain('secret')
    const failure = failureOf(job)
    expect(failure).toMatchObject({ code: 'docker-proxy-missing', remedy: { kind: 'commands', needsLogin: true } })
    const target = options.version === '20.10' ? 'docker.service.d/proxy.conf' : '/etc/docker/daemon.json'
    expect(commandsOf(failure)).toContain(target)
    expect(commandsOf(failure)).toContain(`http://USER:PASSWORD@127.0.0.1:${proxies.http!.port}`)
  })

  test('without a proxy, the engine’s failure is reported', async () => {
    const { pull } = await open(options, {})
    const expected = { code: expect.stringMatching(/^registry-(unreachable|slow)$/) as string, host: 'docker.io' }
    expect(failureOf(await pull('alpine:3.20'))).toMatchObject(expected)
  })
})

test('an engine that has a proxy already is not told to use one', async () => {
  const env = { HTTPS_PROXY: 'http://127.0.0.1:9' }
  const { pull } = await open({ ...anyEngine, env }, { ALL_PROXY: `socks5://127.0.0.1:${proxies.socks5!.port}` })
  expect(failureOf(await pull('alpine:3.20'))).toMatchObject({ code: 'engine-proxy', reason: 'unreachable' })
})

test('a proxy that does not reach the registry is not offered to Docker', async () => {
  const { pull } = await open(anyEngine, { HTTPS_PROXY: 'http://127.0.0.1:9' })
  expect(failureOf(await pull('alpine:3.20'))).toMatchObject({ code: 'registry-unreachable' })
})
