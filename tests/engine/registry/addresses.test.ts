/** A host on the internet that leads Slipway to this computer or into its network, over DNS and TLS. */
import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer as createHttpServer, type RequestListener } from 'node:http'
import { createServer } from 'node:https'
import { createServer as createTcpServer } from 'node:net'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { httpClient, registryClient, type Credentials } from '../../../main/registry/index.ts'
import { claimDomain } from '../../../tools/world/mirrors/dns.ts'
import { startHttpProxy, startSocks5Proxy } from '../../../tools/world/proxies.ts'
import { listen, openHttp, stopAfterTest, trustNewAuthority } from './hosts.ts'

/** Clash answers names with such addresses, so that they count as public. */
const publicAddresses = ['198.18.0.1', '198.18.0.2'] as const
const privateAddresses = ['10.119.0.1', '10.119.0.2'] as const
const metadata = '169.254.169.254'
const added = [...publicAddresses, ...privateAddresses, metadata].map((address) => `${address}/32`)
const ip = (...words: string[]) => void execFileSync('ip', words)
beforeAll(() => added.forEach((address) => ip('address', 'add', address, 'dev', 'lo')))
afterAll(() => added.forEach((address) => ip('address', 'delete', address, 'dev', 'lo')))

/** Starts hosts with names and certificates that Slipway trusts. */
async function openInternet() {
  const domain = stopAfterTest(await claimDomain())
  const authority = trustNewAuthority()
  const resolve = (name: string, address: string) => {
    domain.set(`${name}.${domain.name}`, address)
    return `${name}.${domain.name}`
  }
  async function start(name: string, address: string, answer: RequestListener) {
    const host = resolve(name, address)
    return `${host}:${await listen(createServer(authority.issue([host]), answer), address)}`
  }
  return { resolve, start }
}

/** A server at all addresses of this computer. `connections`: how many it got. */
async function startInner(port = 0, address = '0.0.0.0') {
  let connections = 0
  const server = createTcpServer((socket) => {
    connections++
    socket.destroy()
  })
  server.listen(port, address)
  await once(server, 'listening')
  stopAfterTest({ stop: () => void server.close() })
  return {
    port: (server.address() as { port: number }).port,
    get connections() {
      return connections
    },
  }
}

const ann: Credentials = { kind: 'password', username: 'ann', password: 'open sesame' }
const openClient = () =>
  registryClient({ http: openHttp(), credentials: async () => ann, allowsRealm: () => true }).tags
const tagList = { ok: true, value: { tags: ['1'], more: false } }

const literals = ['127.0.0.1', '127.1', '0.0.0.0', '[::1]', '[::ffff:127.0.0.1]', '[::]', '10.119.0.1', metadata]
const innerAddresses = ['127.0.0.1', '0.0.0.0', ...privateAddresses, metadata]

test.each([
  [
    'redirect',
    (location: string): RequestListener =>
      (request, response) =>
        response.writeHead(307, { location: `${location}${request.url}` }).end(),
  ],
  [
    'realm',
    (realm: string): RequestListener =>
      (_, response) =>
        response.writeHead(401, { 'www-authenticate': `Bearer realm="${realm}/token"` }).end(),
  ],
])(
  'no %s of a host on the internet is followed to a private address, this computer or its cloud',
  async (_, leadTo) => {
    const { resolve, start } = await openInternet()
    const inner = await startInner()
    const names = innerAddresses.map((address, index) => resolve(`inner${index}`, address))
    for (const [index, target] of ['localhost', ...literals, ...names].entries()) {
      const host = await start(`evil${index}`, publicAddresses[0], leadTo(`https://${target}:${inner.port}`))
      const failure = { code: 'registry-address', host, target: expect.any(String) }
      expect([target, await openClient()(`${host}/a/b`)]).toMatchObject([target, { error: failure }])
    }
    const before = readFileSync('/etc/hosts', 'utf8')
    onTestFinished(() => writeFileSync('/etc/hosts', before))
    writeFileSync('/etc/hosts', `${before}\n10.119.0.2 printer.example\n127.0.0.1 localhost.\n`)
    for (const target of ['printer.example', 'localhost.']) {
      const host = await start(`evil-${target.length}`, publicAddresses[0], leadTo(`https://${target}:${inner.port}`))
      expect([target, await openClient()(`${host}/a/b`)]).toMatchObject([
        target,
        { error: { code: 'registry-address' } },
      ])
    }
    expect(inner.connections).toBe(0)
  },
)

test('the failure names the host, where it leads and the address', async () => {
  const { resolve, start } = await openInternet()
  const name = resolve('inner', '10.119.0.1')
  const host = await start('evil', publicAddresses[0], (_, response) =>
    response.writeHead(307, { location: `https://${name}/` }).end(),
  )
  const error = { code: 'registry-address', host, target: name, address: '10.119.0.1' }
  expect(await openClient()(`${host}/a/b`)).toEqual({ ok: false, error })
})

test.each([
  ['on the internet', publicAddresses, true],
  ['of a private network', privateAddresses, true],
  ['of a private network that leads to the internet', [privateAddresses[0], publicAddresses[0]], true],
  ['of a private network that leads to this computer', [privateAddresses[0], '127.0.0.9'], false],
] as const)('a registry %s: redirects and realms', async (_, [registryAddress, otherAddress], isFollowed) => {
  const { start } = await openInternet()
  const other = await start('other', otherAddress, ({ url }, response) =>
    response.end(url?.startsWith('/token') ? '{"token":"t"}' : '{"tags":["1"]}'),
  )
  const host = await start('registry', registryAddress, ({ url = '', headers }, response) => {
    if (url.includes('/redirected/')) return void response.writeHead(307, { location: `https://${other}${url}` }).end()
    if (headers.authorization === 'Bearer t') return void response.end('{"tags":["1"]}')
    response.writeHead(401, { 'www-authenticate': `Bearer realm="https://${other}/token"` }).end()
  })
  const expected = isFollowed ? tagList : { error: { code: 'registry-address' } }
  expect(await openClient()(`${host}/redirected/x`)).toMatchObject(expected)
  expect(await openClient()(`${host}/private/x`)).toMatchObject(expected)
})

test('a host on the internet leads no further by way of another one, or of one that is private', async () => {
  const { start } = await openInternet()
  const inner = await startInner()
  const redirectTo =
    (location: string): RequestListener =>
    (_, response) =>
      response.writeHead(302, { location }).end()
  const last = await start('last', publicAddresses[1], redirectTo(`https://10.119.0.1:${inner.port}/`))
  const viaPublic = await start('first', publicAddresses[0], redirectTo(`https://${last}/`))
  const viaPrivate = await start('corporate', privateAddresses[0], redirectTo(`https://${viaPublic}/`))
  for (const host of [viaPublic, viaPrivate])
    expect(await openClient()(`${host}/a/b`)).toMatchObject({ error: { code: 'registry-address' } })
  expect(inner.connections).toBe(0)
})

test('a host without TLS that changes its address after its first answer is not followed to the new one', async () => {
  const { resolve } = await openInternet()
  const rebind = () => resolve('evil', '127.3.9.9')
  const port = await listen(
    createHttpServer((_, response) => {
      rebind()
      response.writeHead(302, { location: '/admin', connection: 'close' }).end()
    }),
    publicAddresses[0],
  )
  const inner = await startInner(port, '127.3.9.9')
  const host = `${resolve('evil', publicAddresses[0])}:${port}`
  const error = { code: 'registry-address', host: 'evil', address: '127.3.9.9' }
  expect(await openHttp().ask(`http://${host}/`, { host: 'evil' })).toMatchObject({ error })
  expect(inner.connections).toBe(0)
})

test('a registry without TLS that changes its address between two pages of tags is not followed to the new one', async () => {
  const { resolve } = await openInternet()
  const port = await listen(
    createHttpServer((_, response) => {
      resolve('evil', '127.3.9.9')
      response.setHeader('link', '</admin?do=this>; rel="next"').setHeader('connection', 'close')
      response.end('{"tags":["1"]}')
    }),
    publicAddresses[0],
  )
  const inner = await startInner(port, '127.3.9.9')
  const host = `${resolve('evil', publicAddresses[0])}:${port}`
  const { tags } = registryClient({
    ...{ http: openHttp(), credentials: async () => undefined },
    insecureRegistries: async () => ({ hosts: [host], cidrs: [] }),
  })
  expect(await tags(`${host}/a/b`)).toMatchObject({ error: { code: 'registry-address', address: '127.3.9.9' } })
  expect(inner.connections).toBe(0)
})

test.each([
  ['an HTTP', 'http', startHttpProxy],
  ['a SOCKS5', 'socks5', startSocks5Proxy],
] as const)(
  'through %s proxy, IP addresses are judged, and names are left to the proxy',
  async (_, scheme, startProxy) => {
    const { start } = await openInternet()
    const other = await start('other', privateAddresses[0], (_, response) => response.end('answer'))
    const host = await start('registry', publicAddresses[0], ({ url = '' }, response) => {
      const location = url === '/name' ? `https://${other}/` : 'https://10.119.0.1/'
      response.writeHead(307, { location }).end()
    })
    const proxy = stopAfterTest(await startProxy())
    const http = httpClient({ version: '0', env: { HTTPS_PROXY: `${scheme}://127.0.0.1:${proxy.port}` } })
    onTestFinished(http.close)
    expect(await http.ask(`https://${host}/name`, { host })).toMatchObject({ value: { body: 'answer' } })
    expect(await http.ask(`https://${host}/literal`, { host })).toMatchObject({
      error: { code: 'registry-address', target: '10.119.0.1' },
    })
    expect(proxy.targets.filter((target) => target.startsWith('10.'))).toEqual([])
  },
)
