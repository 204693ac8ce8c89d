import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { registryClient, type Credentials } from '../../../main/registry/index.ts'
import { parseChallenges, pullToken } from '../../../main/registry/token.ts'
import { client, serve } from '../local-server.ts'

const digest = `sha256:${'a'.repeat(64)}`
const index = { 'content-type': 'application/vnd.oci.image.index.v1+json', 'docker-content-digest': digest }
const ann: Credentials = { kind: 'password', username: 'ann', password: 'p:w' }
const basicAnn = `Basic ${Buffer.from('ann:p:w').toString('base64')}`

/** A registry with `open/x` for everyone, and `shut/x` for Ann; it lets in by tokens, made by itself. */
async function registry(more: (request: IncomingMessage, response: ServerResponse) => boolean = () => false) {
  const seen: string[] = []
  const server = await serve((request, response) => {
    const { pathname, searchParams } = new URL(request.url!, server.url)
    const { authorization = '' } = request.headers
    seen.push(`${pathname} ${authorization}`.trim())
    if (more(request, response)) return
    if (pathname === '/token') {
      const scope = searchParams.get('scope')
      if (authorization && authorization !== basicAnn) return void response.writeHead(401).end()
      return void response.end(JSON.stringify({ token: `${authorization ? 'ann' : 'any'}-${scope}` }))
    }
    const path = pathname.split('/').slice(2, 4).join('/')
    const needed = path === 'open/x' ? [`Bearer any-repository:${path}:pull`] : [`Bearer ann-repository:${path}:pull`]
    if (!needed.includes(authorization)) {
      const realm = `Bearer realm="${server.url}/token",service="r"`
      return void response.writeHead(401, { 'www-authenticate': realm }).end()
    }
    if (pathname.endsWith('/1')) response.writeHead(200, index).end()
    else response.writeHead(404).end()
  })
  return { ...server, seen }
}

const withCredentials = (stored?: Credentials, hubHost?: string) => {
  const wanted: string[] = []
  const credentials = async (registry: string) => {
    wanted.push(registry)
    return stored
  }
  return { wanted, ...registryClient({ http: client(), credentials, ...(hubHost && { hubHost }) }) }
}

test('a public image is read with an anonymous token, without looking for credentials', async () => {
  const { host, seen } = await registry()
  const { head, wanted } = withCredentials(ann)
  expect(await head(`${host}/open/x:1`)).toEqual({ ok: true, value: { mediaType: index['content-type'], digest } })
  expect(wanted).toEqual([])
  expect(seen).toEqual(['/v2/open/x/manifests/1', '/token', '/v2/open/x/manifests/1 Bearer any-repository:open/x:pull'])
})

test('a private image is had with what Docker has stored, once the registry asks for it', async () => {
  const { host } = await registry()
  const { head, wanted } = withCredentials(ann)
  expect(await head(`${host}/shut/x:1`)).toMatchObject({ ok: true })
  expect(wanted).toEqual([host])
  expect(await withCredentials().head(`${host}/shut/x:1`)).toEqual({
    ok: false,
    error: { code: 'registry-login', host },
  })
  const wrong = withCredentials({ ...ann, password: 'no' })
  expect(await wrong.head(`${host}/shut/x:1`)).toEqual({ ok: false, error: { code: 'registry-login', host } })
})

test('what is not there is unknown, by tag and by digest; what is no name is wrong', async () => {
  const { host, seen } = await registry()
  const { head } = withCredentials()
  for (const reference of [`${host}/open/x:2`, `${host}/open/x@${digest}`])
    expect(await head(reference)).toEqual({ ok: false, error: { code: 'reference-unknown', reference } })
  expect(seen.at(-1)).toContain(`/v2/open/x/manifests/${digest} `)
  expect(await head('No name')).toEqual({ ok: false, error: { code: 'reference-wrong', reference: 'No name' } })
})

test('Docker Hub’s 401 after a token means that there is nothing of that name for everyone', async () => {
  const { host } = await registry()
  const { head } = withCredentials(undefined, host)
  expect(await head('shut/x:1')).toEqual({ ok: false, error: { code: 'reference-unknown', reference: 'shut/x:1' } })
  expect(await head('open/x:1')).toMatchObject({ ok: true })
})

const soon = Math.floor(Date.now() / 1000) + 600
test.each([
  ['a web page', 200, { 'content-type': 'text/html' }, { code: 'registry-nonsense' }],
  ['too many requests', 429, { 'x-retry-after': String(soon) }, { code: 'registry-limited', until: soon }],
  ['a refusal', 403, {}, { code: 'registry-denied' }],
  ['a fault of its own', 502, {}, { code: 'registry-error', status: 502 }],
])('%s is told as what it is', async (_, status, headers, error) => {
  const { host } = await serve((_, response) => response.writeHead(status, headers).end())
  expect(await withCredentials().head(`${host}/x:1`)).toEqual({ ok: false, error: { ...error, host } })
})

test('if a registry sends no digest, it is computed from the manifest', async () => {
  const manifest = '{"schemaVersion":2,"annotations":{"name":"镜像"}}\n'
  const of = async (type: string, body: string | Buffer) => {
    const server = await serve((_, response) => response.writeHead(200, { 'content-type': type }).end(body))
    return { ...(await withCredentials().head(`${server.host}/x:1`)), asked: server.asked }
  }
  const type = 'application/vnd.oci.image.manifest.v1+json'
  expect(await of(`${type}; charset=utf-8`, manifest)).toEqual({
    ok: true,
    value: {
      mediaType: type,
      digest: `sha256:${createHash('sha256').update(manifest).digest('hex')}`,
    },
    asked: ['HEAD /v2/x/manifests/1', 'GET /v2/x/manifests/1'],
  })
  const signed = 'application/vnd.docker.distribution.manifest.v1+prettyjws'
  expect(await of(signed, manifest)).toMatchObject({ ok: true, value: { mediaType: signed } })
  expect(await of(signed, manifest)).not.toHaveProperty('value.digest')
  expect(await of(type, Buffer.from([0x7b, 0xff, 0x7d]))).not.toHaveProperty('value.digest')
})

test('credentials go to no realm but the registry’s own, nor to one on this computer for a registry elsewhere', async () => {
  const asked = await serve((_, response) => response.end(`{"token":"x"}`))
  const wish = { registry: 'r.example', host: 'r.example', path: 'x', credentials: ann }
  const token = (realm: string, more = {}) =>
    pullToken(client(), { ...wish, challenge: { scheme: 'bearer', parameters: { realm } }, ...more })
  const login = { ok: false, error: { code: 'registry-login', host: 'r.example' } }
  const nonsense = { ok: false, error: { code: 'registry-nonsense', host: 'r.example' } }
  expect(await token('https://other.example/token')).toEqual(login)
  expect(await token('https://auth.docker.io/token')).toEqual(login)
  expect(await token('http://r.example/token')).toEqual(nonsense)
  expect(await token(`${asked.url}/token`)).toEqual(nonsense)
  expect(await token('ftp://r.example/token')).toEqual(nonsense)
  expect(asked.asked).toEqual([])
  expect(await token(`${asked.url}/token`, { host: asked.host })).toEqual({ ok: true, value: 'x' })
})

test('an identity token is changed for one to pull with, in a body and not in an address', async () => {
  let body = ''
  const server = await serve(async (request, response) => {
    for await (const chunk of request) body += String(chunk)
    response.end('{"access_token":"y"}')
  })
  const challenge = { scheme: 'bearer', parameters: { realm: `${server.url}/token`, service: 's' } }
  const credentials = { kind: 'identity', token: 'long' } as const
  const wish = { registry: server.host, host: server.host, path: 'a/b', challenge, credentials }
  expect(await pullToken(client(), wish)).toEqual({ ok: true, value: 'y' })
  expect(server.asked).toEqual(['POST /token'])
  expect(Object.fromEntries(new URLSearchParams(body))).toEqual({
    ...{ grant_type: 'refresh_token', client_id: 'Slipway', service: 's' },
    ...{ scope: 'repository:a/b:pull', refresh_token: 'long' },
  })
})

test('a registry that takes a name and a password alone gets them only after it asked', async () => {
  const { host, asked } = await serve((request, response) => {
    const isAnn = request.headers.authorization === basicAnn
    response.writeHead(isAnn ? 200 : 401, isAnn ? index : { 'www-authenticate': 'Basic realm="r"' }).end()
  })
  expect(await withCredentials(ann).head(`${host}/x`)).toMatchObject({ ok: true })
  expect(asked).toHaveLength(2)
})

test('tags are read page by page, at the same host, and not without end', async () => {
  const server = await serve((request, response) => {
    const at = Number(new URL(request.url!, server.url).searchParams.get('last') ?? 0)
    const link = `</v2/x/y/tags/list?n=1000&last=${at + 1}>; rel="next"`
    response.writeHead(200, at !== 2 ? { link } : { link: '<http://elsewhere.invalid/>; rel="next"' })
    response.end(JSON.stringify({ name: 'x/y', tags: [`t${at}`, 'same', 'no tag'] }))
  })
  const { tags } = withCredentials()
  expect(await tags(`${server.host}/x/y`)).toEqual({
    ok: true,
    value: { tags: ['t0', 'same', 't1', 't2'], more: false },
  })
  const endless = await serve((request, response) =>
    response.writeHead(200, { link: `<${request.url}1>; rel="next"` }).end('{"tags":null}'),
  )
  expect(await tags(`${endless.host}/x/y`)).toEqual({ ok: true, value: { tags: [], more: true } })
  expect(endless.asked).toHaveLength(10)
})

test('ways to log in are read as they are written', () => {
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
      const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
      expect(parseChallenges(`Bearer realm=${quoted(realm)},service=${quoted(service)}`)).toEqual([
        { scheme: 'bearer', parameters: { realm, service } },
      ])
    }),
  )
})
