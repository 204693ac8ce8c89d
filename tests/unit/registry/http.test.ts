import type { ServerResponse as Response } from 'node:http'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { networkFailure, refusalFailure } from '../../../main/registry/failures.ts'
import { client, serve } from '../local-server.ts'

const schema = v.object({ a: v.number() })
const host = 'r.example'

test('JSON is parsed, and requests carry Slipway’s user agent', async () => {
  let agent: string | undefined
  const { url } = await serve((request, response) => {
    agent = request.headers['user-agent']
    response.end('{"a":1}')
  })
  expect(await client({ version: '1.2' }).json(url, schema, { host })).toEqual({ ok: true, value: { a: 1 } })
  expect(agent).toBe('Slipway/1.2')
})

test.each([
  ['a web page', (r: Response) => r.setHeader('content-type', 'text/html').end('<html>Hello</html>')],
  ['truncated JSON', (r: Response) => r.end('{"a":')],
  ['JSON of another shape', (r: Response) => r.end('{"b":1}')],
  ['a malformed body', (r: Response) => r.socket!.end('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n')],
  ['a body that never ends', (r: Response) => sendEndlessly(r)],
])('%s is reported as an invalid reply', async (_, reply) => {
  const { url } = await serve((_, response) => void reply(response))
  const result = await client().json(url, schema, { host })
  expect(result).toMatchObject({ ok: false, error: { code: 'registry-invalid-reply', host } })
})

test.each([
  ['closed', (r: Response) => r.destroy()],
  ['reset', (r: Response) => r.socket!.resetAndDestroy()],
])('a body whose connection is %s in the middle is reported as a cut connection', async (_, cut) => {
  const { url } = await serve((_, response) => {
    response.setHeader('content-length', '100').write('{"a":1}', () => cut(response))
  })
  expect(await client().json(url, schema, { host })).toMatchObject({
    ...{ ok: false, error: { code: 'registry-unreachable', host, reason: 'cut' } },
  })
})

function sendEndlessly(response: Response) {
  const chunk = Buffer.alloc(1_000_000, ' ')
  const writeMore = () => response.destroyed || response.write(chunk, writeMore)
  writeMore()
}

test('a server that does not answer or stops in the middle is reported as slow', async () => {
  const { url } = await serve((request, response) => {
    if (request.url === '/half') response.write('{"a"')
  })
  const http = client()
  for (const path of ['/', '/half'])
    expect(await http.json(url + path, schema, { host, timeoutMs: 150 })).toEqual({
      ok: false,
      error: { code: 'registry-slow', host },
    })
})

test('a host that refuses connections is reported as unreachable', async () => {
  const closedServer = await serve(() => undefined)
  closedServer.server.close()
  expect(await client().json(closedServer.url, schema, { host })).toMatchObject({
    error: { code: 'registry-unreachable', host, detail: expect.stringContaining('ECONNREFUSED') },
  })
})

test('an aborted request is closed at the server too', async () => {
  const { promise: arrived, resolve: markArrived } = Promise.withResolvers<void>()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const { url } = await serve((_, response) => {
    response.on('close', end)
    markArrived()
  })
  const controller = new AbortController()
  const result = client().json(url, schema, { host, signal: controller.signal })
  await arrived
  controller.abort()
  await expect(result).rejects.toThrow('abort')
  await ended
})

test('a redirect is followed, without credentials if it leads to another host', async () => {
  const authorizations: unknown[] = []
  const otherServer = await serve((request, response) => {
    authorizations.push(request.headers.authorization)
    response.end('{"a":1}')
  })
  const redirectingServer = await serve((request, response) => {
    authorizations.push(request.headers.authorization)
    response.writeHead(307, { location: request.url === '/' ? '/again' : otherServer.url }).end('elsewhere')
  })
  const headers = { Authorization: 'Basic x' }
  expect(await client().json(redirectingServer.url, schema, { host, headers })).toMatchObject({ ok: true })
  expect(authorizations).toEqual(['Basic x', 'Basic x', undefined])
})

test('endless redirects are reported as such', async () => {
  const server = await serve((request, response) => response.writeHead(302, { location: `${request.url}a` }).end())
  expect(await client().json(server.url, schema, { host })).toEqual({
    ok: false,
    error: { code: 'registry-redirects', host },
  })
  expect(server.requests).toHaveLength(6)
})

test('a refusal is reported with its reason, and with the time of a retry if the server names one', async () => {
  const now = 1_000_000
  const failureFor = (status: number, headers: Record<string, string> = {}) =>
    refusalFailure({ status, header: (name) => headers[name] }, host, now * 1000)
  expect(failureFor(401)).toEqual({ code: 'registry-login', host })
  expect(failureFor(403)).toEqual({ code: 'registry-denied', host })
  expect(failureFor(451)).toEqual({ code: 'registry-region', host })
  const page = 'Since Docker is a US company, we must comply with US export control regulations.'
  expect(refusalFailure({ status: 403, body: page, header: () => undefined }, host)).toEqual({
    ...{ code: 'registry-region', host },
  })
  expect(failureFor(503)).toEqual({ code: 'registry-error', host, status: 503 })
  expect(failureFor(429)).toEqual({ code: 'registry-limited', host })
  expect(failureFor(429, { 'retry-after': '60' })).toEqual({ code: 'registry-limited', host, until: now + 60 })
  expect(failureFor(429, { 'retry-after': new Date((now + 5) * 1000).toUTCString() })).toMatchObject({ until: now + 5 })
  expect(failureFor(429, { 'x-retry-after': String(now + 90), 'retry-after': '1' })).toMatchObject({ until: now + 90 })
  // An invalid `x-retry-after` is ignored, so `retry-after` counts. An invalid `retry-after` is ignored too.
  for (const invalid of ['60', '1790000000000000', String(Number.MAX_SAFE_INTEGER), 'soon'])
    expect(failureFor(429, { 'x-retry-after': invalid, 'retry-after': '60' })).toMatchObject({ until: now + 60 })
  for (const invalid of ['soon', '-5', '0', '9'.repeat(400), new Date((now - 5) * 1000).toUTCString()])
    expect(failureFor(429, { 'retry-after': invalid })).toEqual({ code: 'registry-limited', host })
})

test('certificate errors are distinguished from network errors', () => {
  const codeFor = (code: string) => networkFailure(Object.assign(new Error('so'), { code }), host).code
  const codes = ['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'EPROTO']
  expect(codes.map(codeFor)).toEqual(codes.map(() => 'registry-tls'))
  const reasonFor = (code: string) => {
    const failure = networkFailure(Object.assign(new Error('so'), { code }), host)
    return failure.code === 'registry-tls' ? failure.reason : failure.code
  }
  expect(reasonFor('CERT_HAS_EXPIRED')).toBe('expired')
  expect(reasonFor('DEPTH_ZERO_SELF_SIGNED_CERT')).toBe('unknown-authority')
  expect(reasonFor('UNABLE_TO_GET_ISSUER_CERT_LOCALLY')).toBe('unknown-authority')
  expect(reasonFor('ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED')).toBe('client-certificate')
  expect(reasonFor('ERR_TLS_CERT_ALTNAME_INVALID')).toBeUndefined()
  expect(['ENOTFOUND', 'ECONNRESET'].map(codeFor)).toEqual(Array(2).fill('registry-unreachable'))
  // A timeout while connecting, or while waiting for the reply, is reported as slow.
  expect(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'].map(codeFor)).toEqual(Array(2).fill('registry-slow'))
})

test('the environment’s proxy is used, except for hosts in NO_PROXY and for this computer', async () => {
  const proxy = await serve((_, response) => response.end('{"a":1}'))
  const local = await serve((_, response) => response.end('{"a":2}'))
  const env = { http_proxy: proxy.host, NO_PROXY: 'direct.invalid' }
  const desktopProxy = () => Promise.reject(new Error('not asked'))
  const http = client({ env, desktopProxy })
  expect(await http.json('http://proxied.invalid/x', schema, { host })).toMatchObject({ value: { a: 1 } })
  expect(proxy.requests).toEqual(['GET http://proxied.invalid/x'])
  expect(await http.json('http://direct.invalid/', schema, { host })).toMatchObject({
    error: { code: 'registry-unreachable' },
  })
  expect(await http.json(local.url, schema, { host })).toMatchObject({ value: { a: 2 } })
})

test('without a proxy in the environment the desktop’s proxy is used, and its refusal counts as unreachable', async () => {
  const tunnels: unknown[] = []
  const proxy = await serve((_, response) => response.end('{"a":1}'))
  proxy.server.on('connect', (request, socket) => {
    tunnels.push([request.url, request.headers.authorization])
    socket.end('HTTP/1.1 403 No\r\n\r\n')
  })
  const http = client({
    desktopProxy: async (url) => (url.includes('direct') ? undefined : { kind: 'http', host: proxy.host }),
  })
  expect(await http.json('http://proxied.invalid/', schema, { host })).toMatchObject({ value: { a: 1 } })
  const headers = { authorization: 'secret' }
  expect(await http.json('https://proxied.invalid/', schema, { host, headers })).toMatchObject({
    error: { code: 'registry-unreachable' },
  })
  expect(tunnels).toEqual([['proxied.invalid:443', undefined]])
  expect(await http.json('http://direct.invalid/', schema, { host })).toMatchObject({
    error: { code: 'registry-unreachable' },
  })
})

test('a desktop that never returns its proxy prevents neither a timeout nor a cancel', async () => {
  const { promise: desktopAsked, resolve: markAsked } = Promise.withResolvers<void>()
  const desktopProxy = () => (markAsked(), new Promise<undefined>(() => {}))
  const http = client({ desktopProxy })
  const failure = await http.ask('http://proxied.invalid/', { host, timeoutMs: 50 })
  expect(failure).toEqual({ ok: false, error: { code: 'registry-slow', host } })
  const controller = new AbortController()
  const result = http.ask('http://proxied.invalid/', { host, signal: controller.signal })
  await desktopAsked
  controller.abort()
  await expect(result).rejects.toThrow('abort')
})

test('a proxy that is not running, unknown or needs a login is named in the failure, without its login', async () => {
  const proxy = await serve(() => undefined)
  proxy.server.on('connect', (_, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'))
  const closedServer = await serve(() => undefined)
  closedServer.server.close()
  const failureWith = async (address: string, url = 'https://proxied.invalid/') => {
    const result = await client({ env: { ALL_PROXY: address } }).ask(url, { host })
    expect(JSON.stringify(result)).not.toContain('secret')
    return result.ok ? undefined : result.error
  }
  const code = 'registry-proxy'
  for (const scheme of ['http', 'socks5h'])
    expect(await failureWith(`${scheme}://ada:secret@${closedServer.host}`)).toMatchObject({
      ...{ code, host, proxy: closedServer.host, reason: 'refused' },
    })
  expect(await failureWith('http://ada:secret@nowhere.invalid:3128')).toMatchObject({
    ...{ code, host, proxy: 'nowhere.invalid:3128', reason: 'no-host' },
  })
  expect(await failureWith(`http://ada:secret@${proxy.host}`)).toMatchObject({ code, reason: 'login' })
  // An HTTP proxy answers a SOCKS client with an HTTP error.
  const wrongKind = await failureWith(`socks5://${proxy.host}`)
  expect(wrongKind).toMatchObject({ code, detail: expect.stringContaining('SOCKS') })
  expect(wrongKind).not.toHaveProperty('reason')
})
