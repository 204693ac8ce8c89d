import type { ServerResponse as Response } from 'node:http'
import * as v from 'valibot'
import { expect, test } from 'vitest'
import { networkFailure, refusalFailure } from '../../../main/registry/failures.ts'
import { client, serve } from '../local-server.ts'

const shape = v.object({ a: v.number() })
const host = 'r.example'

test('JSON is parsed, and requests carry Slipway’s user agent', async () => {
  let agent: string | undefined
  const { url } = await serve((request, response) => {
    agent = request.headers['user-agent']
    response.end('{"a":1}')
  })
  expect(await client({ version: '1.2' }).json(url, shape, { host })).toEqual({ ok: true, value: { a: 1 } })
  expect(agent).toBe('Slipway/1.2')
})

test.each([
  ['a web page', (r: Response) => r.setHeader('content-type', 'text/html').end('<html>Hello</html>')],
  ['cut JSON', (r: Response) => r.end('{"a":')],
  ['JSON of another shape', (r: Response) => r.end('{"b":1}')],
  ['a cut body', (r: Response) => r.setHeader('content-length', '100').write('{"a":1}', () => r.destroy())],
  ['a body that never ends', (r: Response) => pour(r)],
])('%s is nonsense', async (_, answer) => {
  const { url } = await serve((_, response) => void answer(response))
  const told = await client().json(url, shape, { host })
  expect(told).toMatchObject({ ok: false, error: { code: 'registry-nonsense', host } })
})

function pour(response: Response) {
  const chunk = Buffer.alloc(1_000_000, ' ')
  const more = () => response.destroyed || response.write(chunk, more)
  more()
}

test('a server that does not answer, or stops in the middle, is slow', async () => {
  const { url } = await serve((request, response) => {
    if (request.url === '/half') response.write('{"a"')
  })
  const http = client()
  for (const path of ['/', '/half'])
    expect(await http.json(url + path, shape, { host, timeoutMs: 150 })).toEqual({
      ok: false,
      error: { code: 'registry-slow', host },
    })
})

test('a host that does not exist is unreachable', async () => {
  const gone = await serve(() => undefined)
  gone.server.close()
  expect(await client().json(gone.url, shape, { host })).toMatchObject({
    error: { code: 'registry-unreachable', host, detail: expect.stringContaining('ECONNREFUSED') },
  })
})

test('an aborted request ends at the server too', async () => {
  const { promise: came, resolve: hasCome } = Promise.withResolvers<void>()
  const { promise: ended, resolve: end } = Promise.withResolvers<void>()
  const { url } = await serve((_, response) => {
    response.on('close', end)
    hasCome()
  })
  const over = new AbortController()
  const told = client().json(url, shape, { host, signal: over.signal })
  await came
  over.abort()
  await expect(told).rejects.toThrow('abort')
  await ended
})

test('a redirect is followed, without credentials if it leads to another host', async () => {
  const seen: unknown[] = []
  const other = await serve((request, response) => {
    seen.push(request.headers.authorization)
    response.end('{"a":1}')
  })
  const first = await serve((request, response) => {
    seen.push(request.headers.authorization)
    response.writeHead(307, { location: request.url === '/' ? '/again' : other.url }).end('elsewhere')
  })
  const headers = { Authorization: 'Basic x' }
  expect(await client().json(first.url, shape, { host, headers })).toMatchObject({ ok: true })
  expect(seen).toEqual(['Basic x', 'Basic x', undefined])
})

test('endless redirects are reported as such', async () => {
  const server = await serve((request, response) => response.writeHead(302, { location: `${request.url}a` }).end())
  expect(await client().json(server.url, shape, { host })).toEqual({
    ok: false,
    error: { code: 'registry-redirects', host },
  })
  expect(server.asked).toHaveLength(6)
})

test('a refusal has its reason, and the time for a retry', async () => {
  const now = 1_000_000
  const why = (status: number, headers: Record<string, string> = {}) =>
    refusalFailure({ status, header: (name) => headers[name] }, host, now * 1000)
  expect(why(401)).toEqual({ code: 'registry-login', host })
  expect(why(403)).toEqual({ code: 'registry-denied', host })
  expect(why(503)).toEqual({ code: 'registry-error', host, status: 503 })
  expect(why(429)).toEqual({ code: 'registry-limited', host })
  expect(why(429, { 'retry-after': '60' })).toEqual({ code: 'registry-limited', host, until: now + 60 })
  expect(why(429, { 'retry-after': new Date((now + 5) * 1000).toUTCString() })).toMatchObject({ until: now + 5 })
  expect(why(429, { 'x-retry-after': String(now + 90), 'retry-after': '1' })).toMatchObject({ until: now + 90 })
  // Seconds from now, and no time at all: the other header is asked, and what makes no sense there says nothing.
  for (const odd of ['60', '1790000000000000', String(Number.MAX_SAFE_INTEGER), 'soon'])
    expect(why(429, { 'x-retry-after': odd, 'retry-after': '60' })).toMatchObject({ until: now + 60 })
  for (const odd of ['soon', '-5', '0', '9'.repeat(400), new Date((now - 5) * 1000).toUTCString()])
    expect(why(429, { 'retry-after': odd })).toEqual({ code: 'registry-limited', host })
})

test('certificate errors are distinguished from network errors', () => {
  const fault = (code: string) => networkFailure(Object.assign(new Error('so'), { code }), host).code
  const codes = ['CERT_HAS_EXPIRED', 'ERR_TLS_CERT_ALTNAME_INVALID', 'DEPTH_ZERO_SELF_SIGNED_CERT', 'EPROTO']
  expect(codes.map(fault)).toEqual(codes.map(() => 'registry-tls'))
  expect(['ENOTFOUND', 'ECONNRESET'].map(fault)).toEqual(Array(2).fill('registry-unreachable'))
  // Whether a connection or an answer does not come makes no difference to who waits.
  expect(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT'].map(fault)).toEqual(Array(2).fill('registry-slow'))
})

test('the environment’s proxy is used, except for hosts in NO_PROXY and for this computer', async () => {
  const proxy = await serve((_, response) => response.end('{"a":1}'))
  const local = await serve((_, response) => response.end('{"a":2}'))
  const env = { http_proxy: proxy.host, NO_PROXY: 'left.invalid' }
  const desktopProxy = () => Promise.reject(new Error('not asked'))
  const http = client({ env, desktopProxy })
  expect(await http.json('http://right.invalid/x', shape, { host })).toMatchObject({ value: { a: 1 } })
  expect(proxy.asked).toEqual(['GET http://right.invalid/x'])
  expect(await http.json('http://left.invalid/', shape, { host })).toMatchObject({
    error: { code: 'registry-unreachable' },
  })
  expect(await http.json(local.url, shape, { host })).toMatchObject({ value: { a: 2 } })
})

test('else the desktop’s proxy is used; one that refuses is no way through', async () => {
  const tunnels: unknown[] = []
  const proxy = await serve((_, response) => response.end('{"a":1}'))
  proxy.server.on('connect', (request, socket) => {
    tunnels.push([request.url, request.headers.authorization])
    socket.end('HTTP/1.1 403 No\r\n\r\n')
  })
  const http = client({ desktopProxy: async (url) => (url.includes('straight') ? undefined : proxy.url) })
  expect(await http.json('http://right.invalid/', shape, { host })).toMatchObject({ value: { a: 1 } })
  const headers = { authorization: 'secret' }
  expect(await http.json('https://right.invalid/', shape, { host, headers })).toMatchObject({
    error: { code: 'registry-unreachable' },
  })
  expect(tunnels).toEqual([['right.invalid:443', undefined]])
  expect(await http.json('http://straight.invalid/', shape, { host })).toMatchObject({
    error: { code: 'registry-unreachable' },
  })
})

test('a desktop that never names its proxy keeps nobody waiting, nor from giving up', async () => {
  const { promise: asked, resolve: wasAsked } = Promise.withResolvers<void>()
  const desktopProxy = () => (wasAsked(), new Promise<undefined>(() => {}))
  const http = client({ desktopProxy })
  const failure = await http.ask('http://right.invalid/', { host, timeoutMs: 50 })
  expect(failure).toEqual({ ok: false, error: { code: 'registry-slow', host } })
  const over = new AbortController()
  const told = http.ask('http://right.invalid/', { host, signal: over.signal })
  await asked
  over.abort()
  await expect(told).rejects.toThrow('abort')
})
