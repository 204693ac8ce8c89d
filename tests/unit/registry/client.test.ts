import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { registryClient, type Credentials, type HelperFailed } from '../../../main/registry/index.ts'
import { parseChallenges, requestPullToken } from '../../../main/registry/token.ts'
import { client, serve } from '../local-server.ts'

const digest = `sha256:${'a'.repeat(64)}`
const indexHeaders = { 'content-type': 'application/vnd.oci.image.index.v1+json', 'docker-content-digest': digest }
const ann: Credentials = { kind: 'password', username: 'ann', password: 'p:w' }
const basicAnn = `Basic ${Buffer.from('ann:p:w').toString('base64')}`

/** A registry that issues its own tokens: `open/x` is public, and only Ann may read `shut/x`. */
async function startRegistry(intercept: (request: IncomingMessage, response: ServerResponse) => boolean = () => false) {
  const received: string[] = []
  const server = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, server.url)
    const { authorization = '' } = request.headers
    received.push(`${pathname} ${authorization}`.trim())
    if (intercept(request, response)) return
    if (pathname === '/token') {
      const scope = searchParams.get('scope')
      if (authorization && authorization !== basicAnn) return void response.writeHead(401).end()
      return void response.end(JSON.stringify({ token: `${authorization ? 'ann' : 'any'}-${scope}` }))
    }
    const path = pathname.split('/').slice(2, 4).join('/')
    const acceptedTokens =
      path === 'open/x' ? [`Bearer any-repository:${path}:pull`] : [`Bearer ann-repository:${path}:pull`]
    if (!acceptedTokens.includes(authorization)) {
      const realm = `Bearer realm="${server.url}/token",service="r"`
      return void response.writeHead(401, { 'www-authenticate': realm }).end()
    }
    if (pathname.endsWith('/1')) response.writeHead(200, indexHeaders).end()
    else response.writeHead(404, { 'docker-distribution-api-version': 'registry/2.0' }).end()
  })
  return { ...server, received }
}

const clientWith = (stored?: Credentials | HelperFailed, hubHost?: string) => {
  const lookups: string[] = []
  const credentials = async (registry: string) => {
    lookups.push(registry)
    return stored
  }
  return { lookups, ...registryClient({ http: client(), credentials, ...(hubHost && { hubHost }) }) }
}

test('a public image is read with an anonymous token, without looking for credentials', async () => {
  const { host, received } = await startRegistry()
  const { head, lookups } = clientWith(ann)
  expect(await head(`${host}/open/x:1`)).toEqual({
    ok: true,
    value: { mediaType: indexHeaders['content-type'], digest },
  })
  expect(lookups).toEqual([])
  expect(received).toEqual([
    '/v2/open/x/manifests/1',
    '/token',
    '/v2/open/x/manifests/1 Bearer any-repository:open/x:pull',
  ])
})

test('a private image is read with Docker’s stored credentials once the registry asks for them', async () => {
  const { host } = await startRegistry()
  const { head, lookups } = clientWith(ann)
  expect(await head(`${host}/shut/x:1`)).toMatchObject({ ok: true })
  expect(lookups).toEqual([host])
  expect(await clientWith().head(`${host}/shut/x:1`)).toEqual({
    ok: false,
    error: { code: 'registry-login', host },
  })
  const invalid = clientWith({ ...ann, password: 'no' })
  expect(await invalid.head(`${host}/shut/x:1`)).toEqual({ ok: false, error: { code: 'registry-login', host } })
})

test('if the login cannot be read, public images are read, and a refusal names the program that keeps the login', async () => {
  const { host } = await startRegistry()
  const failure = { name: 'docker-credential-pass', problem: 'failed', message: 'pass not initialized' } as const
  const { head, tags } = clientWith({ kind: 'helper-failed', failure })
  expect(await head(`${host}/open/x:1`)).toMatchObject({ ok: true })
  const refused = { ok: false, error: { code: 'registry-login', host, helper: failure } }
  expect(await head(`${host}/shut/x:1`)).toEqual(refused)
  expect(await tags(`${host}/shut/x`)).toEqual(refused)
  const onHub = clientWith({ kind: 'helper-failed', failure }, host)
  const unknown = { code: 'reference-unknown', reference: 'shut/x:1', helper: failure }
  expect(await onHub.head('shut/x:1')).toEqual({ ok: false, error: unknown })
})

test('a missing tag or digest is reported as unknown, and an invalid name as invalid', async () => {
  const { host, received } = await startRegistry()
  const { head } = clientWith()
  for (const reference of [`${host}/open/x:2`, `${host}/open/x@${digest}`])
    expect(await head(reference)).toEqual({ ok: false, error: { code: 'reference-unknown', reference } })
  expect(received.at(-1)).toContain(`/v2/open/x/manifests/${digest} `)
  expect(await head('No name')).toEqual({ ok: false, error: { code: 'reference-invalid', reference: 'No name' } })
})

const unknownBody = JSON.stringify({ errors: [{ code: 'MANIFEST_UNKNOWN', message: 'manifest unknown' }] })
test.each([
  ['the header of the registry API', { 'docker-distribution-api-version': 'registry/2.0' }, '', true],
  ['an error of the registry API', { 'content-type': 'application/json' }, unknownBody, true],
  ['an error of the registry API, without a type', {}, unknownBody, true],
  ['nothing', {}, '', false],
  ['a web page', { 'content-type': 'text/html' }, '<h1>404 Not Found</h1>', false],
  ['other JSON', { 'content-type': 'application/json' }, '{"message":"object not found"}', false],
  ['an empty list of errors', { 'content-type': 'application/json' }, '{"errors":[]}', false],
  ['errors without codes', {}, '{"errors":["not found"]}', false],
  ['another version of the API', { 'docker-distribution-api-version': 'registry/1.0' }, '', false],
])('a 404 with %s: the image is unknown only if a registry says so', async (_, headers, body, isRegistry) => {
  const { host } = await serve((_, response) => response.writeHead(404, headers).end(body))
  const error = (reference: string) =>
    isRegistry ? { code: 'reference-unknown', reference } : { code: 'registry-error', host, status: 404 }
  const { head, tags } = clientWith()
  expect(await head(`${host}/x:1`)).toEqual({ ok: false, error: error(`${host}/x:1`) })
  expect(await tags(`${host}/x`)).toEqual({ ok: false, error: error(`${host}/x`) })
})

test('a 401 of Docker Hub after an anonymous token means that there is no public image of that name', async () => {
  const { host } = await startRegistry()
  const { head } = clientWith(undefined, host)
  expect(await head('shut/x:1')).toEqual({ ok: false, error: { code: 'reference-unknown', reference: 'shut/x:1' } })
  expect(await head('open/x:1')).toMatchObject({ ok: true })
})

const soon = Math.floor(Date.now() / 1000) + 600
test.each([
  ['a web page', 200, { 'content-type': 'text/html' }, { code: 'registry-invalid-reply' }],
  ['too many requests', 429, { 'x-retry-after': String(soon) }, { code: 'registry-limited', until: soon }],
  ['a refusal', 403, {}, { code: 'registry-denied' }],
  ['a server error', 502, {}, { code: 'registry-error', status: 502 }],
])('a HEAD that returns %s fails with the matching code', async (_, status, headers, error) => {
  const { host } = await serve((_, response) => response.writeHead(status, headers).end())
  expect(await clientWith().head(`${host}/x:1`)).toEqual({ ok: false, error: { ...error, host } })
})

test('if a registry sends no digest, it is computed from the manifest unless that is signed or not UTF-8', async () => {
  const manifest = '{"schemaVersion":2,"annotations":{"name":"镜像"}}\n'
  const headOf = async (type: string, body: string | Buffer) => {
    const server = await serve((_, response) => response.writeHead(200, { 'content-type': type }).end(body))
    return { ...(await clientWith().head(`${server.host}/x:1`)), requests: server.requests }
  }
  const type = 'application/vnd.oci.image.manifest.v1+json'
  expect(await headOf(`${type}; charset=utf-8`, manifest)).toEqual({
    ok: true,
    value: {
      mediaType: type,
      digest: `sha256:${createHash('sha256').update(manifest).digest('hex')}`,
    },
    requests: ['HEAD /v2/x/manifests/1', 'GET /v2/x/manifests/1'],
  })
  const signedType = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
  expect(await headOf(signedType, manifest)).toMatchObject({ ok: true, value: { mediaType: signedType } })
  expect(await headOf(signedType, manifest)).not.toHaveProperty('value.digest')
  expect(await headOf(type, Buffer.from([0x7b, 0xff, 0x7d]))).not.toHaveProperty('value.digest')
})

test('credentials go only to the registry’s host, and a remote registry’s realm cannot be this computer', async () => {
  const server = await serve((_, response) => response.end(`{"token":"x"}`))
  const options = { registry: 'r.example', host: 'r.example', path: 'x', credentials: ann }
  const token = (realm: string, overrides = {}) =>
    requestPullToken(client(), { ...options, challenge: { scheme: 'bearer', parameters: { realm } }, ...overrides })
  const refused = (realm: string) => ({ ok: false, error: { code: 'registry-realm', host: 'r.example', realm } })
  const invalidReply = { ok: false, error: { code: 'registry-invalid-reply', host: 'r.example' } }
  const local = { ok: false, error: { code: 'registry-address', host: 'r.example', target: server.host } }
  expect(await token('https://other.example/token')).toEqual(refused('other.example'))
  expect(await token('https://r.example.other.example/token')).toEqual(refused('r.example.other.example'))
  expect(await token('https://auth.r.example:8443/token')).toEqual(refused('auth.r.example:8443'))
  expect(await token('https://auth.docker.io/token')).toEqual(refused('auth.docker.io'))
  expect(await token('http://r.example/token')).toEqual(invalidReply)
  expect(await token(`${server.url}/token`)).toEqual(local)
  expect(await token('ftp://r.example/token')).toEqual(invalidReply)
  const overHttp = { protocol: 'http:', credentials: undefined }
  expect(await token('http://other.example/token', overHttp)).toEqual(invalidReply)
  expect(await token(`${server.url}/token`, overHttp)).toEqual(local)
  expect(server.requests).toEqual([])
  expect(await token(`${server.url}/token`, { host: server.host })).toEqual({
    ok: true,
    value: { token: 'x', expiresInSeconds: 60 },
  })
})

test('an identity token is exchanged for a pull token, in a request body and not in a URL', async () => {
  let body = ''
  const server = await serve(async (request, response) => {
    for await (const chunk of request) body += String(chunk)
    response.end('{"access_token":"y"}')
  })
  const challenge = { scheme: 'bearer', parameters: { realm: `${server.url}/token`, service: 's' } }
  const credentials = { kind: 'identity', token: 'long' } as const
  const options = { registry: server.host, host: server.host, path: 'a/b', challenge, credentials }
  expect(await requestPullToken(client(), options)).toEqual({ ok: true, value: { token: 'y', expiresInSeconds: 60 } })
  expect(server.requests).toEqual(['POST /token'])
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    ...{ grant_type: 'refresh_token', client_id: 'Slipway', service: 's' },
    ...{ scope: 'repository:a/b:pull', refresh_token: 'long' },
  })
})

test('a registry with basic authentication gets the password only after it asks', async () => {
  const { host, requests } = await serve((request, response) => {
    const isAnn = request.headers.authorization === basicAnn
    response.writeHead(isAnn ? 200 : 401, isAnn ? indexHeaders : { 'www-authenticate': 'Basic realm="r"' }).end()
  })
  expect(await clientWith(ann).head(`${host}/x`)).toMatchObject({ ok: true })
  expect(requests).toHaveLength(2)
})

test('of a registry that sends more tags than the app shows, only the first 20,000 are taken', async () => {
  const pages: number[] = []
  const server = await serve((request, response) => {
    const page = pages.push(pages.length) - 1
    const tags = Array.from({ length: 15_000 }, (_, index) => `t${page}-${index}`)
    response.writeHead(200, { link: `<${request.url}1>; rel="next"` }).end(JSON.stringify({ name: 'x/y', tags }))
  })
  const answer = await clientWith().tags(`${server.host}/x/y`)
  expect(answer).toMatchObject({ ok: true, value: { more: true } })
  expect(answer.ok && answer.value.tags.length).toBe(20_000)
  expect(answer.ok && answer.value.tags.at(-1)).toBe('t1-4999')
  expect(pages).toEqual([0, 1])
})

test('tags are read page by page, only from the same host, and at most ten pages', async () => {
  const server = await serve((request, response) => {
    const page = Number(new URL(request.url!, server.url).searchParams.get('last') ?? 0)
    const link = `</v2/x/y/tags/list?n=1000&last=${page + 1}>; rel="next"`
    response.writeHead(200, page !== 2 ? { link } : { link: '<http://elsewhere.invalid/>; rel="next"' })
    response.end(JSON.stringify({ name: 'x/y', tags: [`t${page}`, 'same', 'no tag'] }))
  })
  const { tags } = clientWith()
  expect(await tags(`${server.host}/x/y`)).toEqual({
    ok: true,
    value: { tags: ['t0', 'same', 't1', 't2'], more: false },
  })
  const endless = await serve((request, response) =>
    response.writeHead(200, { link: `<${request.url}1>; rel="next"` }).end('{"tags":null}'),
  )
  expect(await tags(`${endless.host}/x/y`)).toEqual({ ok: true, value: { tags: [], more: true } })
  expect(endless.requests).toHaveLength(10)
})

test('authentication challenges are parsed', () => {
  expect(parseChallenges('Basic realm="a, b=c", Bearer realm="https://x/\\"y",service=z , scope="s"')).toEqual([
    { scheme: 'basic', parameters: { realm: 'a, b=c' } },
    { scheme: 'bearer', parameters: { realm: 'https://x/"y', service: 'z', scope: 's' } },
  ])
  fc.assert(
    fc.property(fc.string(), (header) => {
      for (const { scheme } of parseChallenges(header)) expect(scheme).not.toBe('')
    }),
  )
  const value = fc.string({ unit: 'grapheme-ascii' })
  fc.assert(
    fc.property(value, value, (realm, service) => {
      const quote = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
      expect(parseChallenges(`Bearer realm=${quote(realm)},service=${quote(service)}`)).toEqual([
        { scheme: 'bearer', parameters: { realm, service } },
      ])
    }),
  )
})
