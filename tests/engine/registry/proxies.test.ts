/** Slipway's own requests through real proxies, to hosts that only the proxy reaches. */
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { httpClient, type RequestOptions } from '../../../main/registry/index.ts'
import { startHub, type Hub } from '../../../tools/world/hub.ts'
import {
  startHttpProxy,
  startSocks5Proxy,
  throughProxy,
  type UserProxy,
  type UserProxyOptions,
} from '../../../tools/world/proxies.ts'
import { startRegistry, type Registry } from '../../../tools/world/registry.ts'

const url = 'https://registry-1.docker.io/v2/'
const options: RequestOptions = { host: 'docker.io' }
const login = 'a@corp:p:%s/?é'
const encodedLogin = 'a%40corp:p%3A%25s%2F%3F%C3%A9'

let registry: Registry
let hub: Hub
beforeAll(async () => {
  registry = await startRegistry()
  hub = await startHub({ registry })
})
afterAll(async () => {
  await hub?.stop()
  await registry?.stop()
})

const kinds = [
  ['an HTTP proxy', 'http', startHttpProxy],
  ['a SOCKS5 proxy', 'socks5', startSocks5Proxy],
  ['a SOCKS5 proxy, written socks5h', 'socks5h', startSocks5Proxy],
] as const

describe.each(kinds)('%s', (_, scheme, startProxy) => {
  async function start(proxyOptions: UserProxyOptions = {}): Promise<UserProxy> {
    const proxy = await startProxy({ connectTo: throughProxy(hub.port), ...proxyOptions })
    onTestFinished(proxy.stop)
    return proxy
  }

  async function ask(env: Readonly<Record<string, string>>) {
    const http = httpClient({ version: '0', env })
    onTestFinished(http.close)
    return http.ask(url, options)
  }

  test('gets the host’s name and reaches it', async () => {
    const proxy = await start()
    expect(await ask({ HTTPS_PROXY: `${scheme}://127.0.0.1:${proxy.port}` })).toMatchObject({ value: { status: 401 } })
    expect(proxy.targets).toEqual(['registry-1.docker.io:443'])
  })

  test('gets the login of its setting, percent-decoded', async () => {
    const proxy = await start({ login })
    const withLogin = `${scheme}://${encodedLogin}@127.0.0.1:${proxy.port}`
    expect(await ask({ all_proxy: withLogin })).toMatchObject({ value: { status: 401 } })
  })

  test('is named if it needs a login, and a wrong password is not shown', async () => {
    const proxy = await start({ login })
    const host = `127.0.0.1:${proxy.port}`
    for (const address of [`${scheme}://${host}`, `${scheme}://a%40corp:wrong-secret@${host}`]) {
      const result = await ask({ https_proxy: address })
      expect(result).toMatchObject({ error: { code: 'registry-proxy', proxy: host, reason: 'login' } })
      expect(JSON.stringify(result)).not.toContain('secret')
    }
    expect(proxy.targets).toEqual([])
  })

  test('that cannot reach the host is not blamed for it', async () => {
    const proxy = await start({ connectTo: () => Promise.reject(new Error('no route')) })
    const result = await ask({ HTTPS_PROXY: `${scheme}://127.0.0.1:${proxy.port}` })
    expect(result).toMatchObject({ error: { code: 'registry-unreachable', host: 'docker.io' } })
  })
})
