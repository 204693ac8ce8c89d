import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { lookup } from 'node:dns/promises'
import { existsSync, readFileSync } from 'node:fs'
import { promisify } from 'node:util'
import { Agent, request, type Dispatcher } from 'undici'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startEngine } from '../../../tools/world/engine.ts'
import { startMirrors, type MirrorBehaviour, type Mirror, type Mirrors } from '../../../tools/world/mirrors.ts'
import { startOnline, type Online } from '../../../tools/world/world.ts'
import { eventually } from '../eventually.ts'

const run = promisify(execFile)
const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
const nginx = '/v2/library/nginx/manifests/1.27'
let online: Online
let mirrors: Mirrors
let mirror: Mirror
let way: Agent

beforeAll(async () => {
  online = await startOnline()
  mirrors = online.mirrors
  mirror = await mirrors.add('fast')
})
afterAll(() => online.stop())
beforeEach(() => {
  mirror.behave()
  mirror.clear()
  mirrors.dns('well')
  way = trusting()
  return () => way.destroy()
})

interface Got {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  readonly json: () => unknown
}

async function get(path: string, headers: Record<string, string> = {}, patience = 1_500): Promise<Got> {
  const url = path.startsWith('/') ? mirror.address + path : path
  const signal = AbortSignal.timeout(patience)
  const answer = await request(url, { headers: { accept, ...headers }, dispatcher: way, signal })
  const body = Buffer.from(await answer.body.arrayBuffer())
  const json = () => JSON.parse(body.toString()) as unknown
  return { status: answer.statusCode, headers: answer.headers as Got['headers'], body, json }
}

const trusting = () => new Agent({ connect: { ca: readFileSync(mirrors.caFile), timeout: 1_500 } })

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** A layer that takes a while: its path, digest and size. */
async function layer() {
  const { layers } = (await get(nginx)).json() as { layers: { digest: string; size: number }[] }
  const largest = layers.toSorted((a, b) => b.size - a.size)[0]!
  return { ...largest, path: `/v2/library/nginx/blobs/${largest.digest}` }
}

const fault = async (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'none',
    (error: NodeJS.ErrnoException) => (typeof error.code === 'string' ? error.code : error.name),
  )

test('a mirror serves what the registry has, and records the requests', async () => {
  const got = await get(nginx, { 'user-agent': 'Slipway/1', authorization: 'Bearer x' })
  expect(digestOf(got.body)).toBe(online.digests.get('nginx:1.27'))
  expect(mirror.requests).toMatchObject([
    { ...{ host: 'fast.mirror.test', method: 'GET', path: nginx, status: 200, bytes: got.body.length } },
  ])
  expect(mirror.requests[0]).toMatchObject({ userAgent: 'Slipway/1', authorization: true })
  const { path } = await layer()
  const part = await get(path, { range: 'bytes=100-199' })
  expect([part.status, part.body.length]).toEqual([206, 100])
  expect(mirror.requests.at(-1)).toMatchObject({ range: 'bytes=100-199', bytes: 100, authorization: false })
})

test.each([
  ['no-such-host', 'ENOTFOUND'],
  ['refused', 'ECONNREFUSED'],
  ['unanswered', 'UND_ERR_CONNECT_TIMEOUT'],
  ['silent', 'UND_ERR_CONNECT_TIMEOUT'],
  ['garbage', 'EPROTO'],
] as const)('connecting: %s', async (connecting, code) => {
  mirror.behave({ connecting })
  expect(await fault(get('/v2/', {}, 4_000))).toMatch(connecting === 'garbage' ? /EPROTO|ERR_SSL/ : code)
})

test.each([
  ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['expired', 'CERT_HAS_EXPIRED'],
  ['not-yet-valid', 'CERT_NOT_YET_VALID'],
  ['other-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
] as const)('certificate: %s', async (certificate, code) => {
  expect((await get('/v2/')).status).toBe(200)
  mirror.behave({ certificate })
  expect(await fault(get('/v2/'))).toBe(code)
})

test('the DNS server answers, refuses, or does not answer', async () => {
  expect(await lookup(mirror.host)).toMatchObject({ address: '127.1.1.1' })
  mirrors.dns('refusing')
  expect(await fault(lookup(mirror.host))).toBe('EAI_AGAIN')
  mirrors.dns('silent')
  const within = AbortSignal.timeout(1_000)
  const late = new Promise((resolve) => within.addEventListener('abort', () => resolve('late')))
  expect(await Promise.race([lookup(mirror.host), late])).toBe('late')
})

describe('a slow or broken transfer', () => {
  test('a delayed answer arrives after a later one without delay', async () => {
    const arrived: string[] = []
    mirror.behave({ firstByteAfter: 2_000 })
    const delayed = get('/v2/', {}, 10_000).then(() => arrived.push('delayed'))
    await eventually(() => mirror.requests.length === 1)
    mirror.behave()
    await get('/v2/').then(() => arrived.push('prompt'))
    await delayed
    expect(arrived).toEqual(['prompt', 'delayed'])
  })

  test('a connection that its limit holds up does not hold up another one', async () => {
    const { path, size } = await layer()
    mirror.clear()
    // One byte takes longer than this test.
    mirror.behave({ bytesPerSecond: 0.001 })
    const held = await request(mirror.address + path, { dispatcher: way })
    held.body.on('error', () => {})
    mirror.behave({ bytesPerSecond: size * 10 })
    const other = trusting()
    const { body } = await request(mirror.address + path, { dispatcher: other })
    expect((await body.arrayBuffer()).byteLength).toBe(size)
    expect(mirror.requests.map(({ bytes }) => bytes)).toEqual([0, size])
    held.body.destroy()
    await other.destroy()
  })

  test('each connection is cut after the same number of bytes', async () => {
    const { path } = await layer()
    const other = trusting()
    // A new connection for each request: bytes sent earlier on a connection count as well.
    mirror.behave({ cutsAfter: 300_000 })
    for (let times = 0; times < 2; times++) {
      const { body } = await request(mirror.address + path, { dispatcher: other })
      expect(await received(body)).toBe(300_000)
    }
    await other.destroy()
  })

  test('one body arrives byte by byte, and another stops halfway', async () => {
    mirror.behave({ drips: 'manifest' })
    const { body } = await request(mirror.address + nginx, { headers: { accept }, dispatcher: way })
    const pieces: number[] = []
    body.on('data', (piece: Buffer) => pieces.push(piece.length)).on('error', () => {})
    await eventually(() => pieces.length === 2)
    expect(pieces).toEqual([1, 1])
    body.destroy()
    mirror.behave()
    const { path, size } = await layer()
    mirror.behave({ hangs: 'blob-body' })
    const half = await request(mirror.address + path, { dispatcher: way })
    let bytes = 0
    half.body.on('data', (piece: Buffer) => (bytes += piece.length)).on('error', () => {})
    await eventually(() => bytes >= Math.floor(size / 2))
    // The mirror cuts a hanging connection once its manner changes: by then no more has been sent.
    mirror.behave()
    await eventually(() => mirror.requests.at(-1)!.until !== undefined)
    expect([bytes, mirror.requests.at(-1)!.bytes]).toEqual([Math.floor(size / 2), Math.floor(size / 2)])
  })

  test.each([
    ['ping', '/v2/'],
    ['token', '/token?service=x'],
    ['manifest', nginx],
  ] as const)('a request for the %s hangs, and an earlier one does not', async (hangs, path) => {
    mirror.behave({ hangs, login: 'anyone' })
    expect((await get(hangs === 'ping' ? nginx : '/v2/')).status).toBe(401)
    expect(await fault(get(path, {}, 500))).toBe('TimeoutError')
    expect(mirror.requests.at(-1)!.status).toBeUndefined()
  })
})

/** @returns how many bytes arrive until the body ends or fails */
async function received(body: Dispatcher.ResponseData['body']): Promise<number> {
  let bytes = 0
  body.on('data', (piece: Buffer) => (bytes += piece.length)).on('error', () => {})
  await new Promise<void>((resolve) => body.once('close', () => resolve()))
  return bytes
}

describe('authorization and errors', () => {
  test('it issues its own tokens: accepted, refused, or issued and not accepted', async () => {
    mirror.behave({ login: 'anyone' })
    const refused = await get(nginx)
    expect(refused.status).toBe(401)
    const [, realm] = /^Bearer realm="([^"]+)",service="fast.mirror.test",scope="repository:library\/nginx:pull"$/.exec(
      refused.headers['www-authenticate'] ?? '',
    )!
    const { token } = (await get(`${realm}?scope=x`)).json() as { token: string }
    expect((await get(nginx, { authorization: `Bearer ${token}` })).status).toBe(200)
    mirror.behave({ login: 'nobody' })
    expect((await get(realm!)).status).toBe(401)
    mirror.behave({ login: 'in-vain' })
    const { token: vain } = (await get(realm!)).json() as { token: string }
    expect((await get(nginx, { authorization: `Bearer ${vain}` })).status).toBe(401)
  })

  test.each<[string, MirrorBehaviour, number, object]>([
    ['DENIED', { allows: ['library/alpine'] }, 403, {}],
    ['TOOMANYREQUESTS', { throttles: { retryAfter: 30 } }, 429, { 'retry-after': '30' }],
    ['TOOMANYREQUESTS', { throttles: { xRetryAfter: new Date(5e12) } }, 429, { 'x-retry-after': '5000000000' }],
    ['MANIFEST_UNKNOWN', { answers: 'manifest-unknown' }, 404, {}],
    ['NAME_UNKNOWN', { answers: 'name-unknown' }, 404, {}],
  ])('%s', async (code, behaviour, status, headers) => {
    mirror.behave(behaviour)
    const got = await get(nginx)
    expect(got).toMatchObject({ status, headers })
    expect(got.json()).toMatchObject({ errors: [{ code }] })
    expect((await get('/v2/')).status).toBe(200)
  })

  test('it can accept any digest, send HTML to browsers, a fixed status, endless redirects, or no tags', async () => {
    mirror.behave({ answers: 'anything' })
    const digest = `sha256:${'ab'.repeat(32)}`
    const any = await get(`/v2/library/nginx/manifests/${digest}`)
    expect(any).toMatchObject({ status: 200, headers: { 'docker-content-digest': digest } })
    expect(any.json()).toMatchObject({ schemaVersion: 2 })
    mirror.behave({ answers: 'html-to-browsers' })
    expect((await get(nginx, { 'user-agent': 'Mozilla/5.0' })).headers['content-type']).toMatch('text/html')
    expect((await get(nginx, { 'user-agent': 'Slipway/1' })).headers['content-type']).toMatch('oci')
    mirror.behave({ answers: 410 })
    expect((await get('/v2/')).status).toBe(410)
    mirror.behave({ answers: 'redirects' })
    const { location } = (await get(nginx)).headers
    expect(location).toBe(`${mirror.address}${nginx}?round=1`)
    expect((await get(location!)).headers['location']).toContain('round=2')
    mirror.behave({ hidesTags: true })
    expect((await get('/v2/library/nginx/tags/list')).json()).toEqual({ name: 'library/nginx', tags: [] })
  })
})

describe('content', () => {
  test('a tag can name another image, whole and valid', async () => {
    mirror.behave({ lies: 'tag' })
    const stale = await get('/v2/library/nginx/manifests/latest')
    expect(digestOf(stale.body)).toBe(online.digests.get('nginx:1.27'))
    expect(stale.headers['docker-content-digest']).toBe(online.digests.get('nginx:1.27'))
    for (const name of ['redis:7', 'hello-world:latest']) {
      const [repository, tag] = name.split(':')
      const other = await get(`/v2/library/${repository}/manifests/${tag}`)
      expect(digestOf(other.body)).not.toBe(online.digests.get(name))
      expect((await get(`/v2/library/${repository}/manifests/${digestOf(other.body)}`)).body).toEqual(other.body)
    }
  })

  test('a digest can have the wrong bytes', async () => {
    const { path, digest, size } = await layer()
    const right = online.digests.get('nginx:1.27')!
    mirror.behave({ lies: 'manifest' })
    const manifest = await get(`/v2/library/nginx/manifests/${right}`)
    expect(manifest.headers['docker-content-digest']).toBe(right)
    expect(digestOf(manifest.body)).not.toBe(right)
    mirror.behave({ lies: 'digest' })
    const claimed = await get(nginx)
    expect(digestOf(claimed.body)).toBe(right)
    expect(claimed.headers['docker-content-digest']).not.toBe(right)
    mirror.behave({ lies: 'blob' })
    const blob = await get(path)
    expect(blob.body.length).toBe(size)
    expect(digestOf(blob.body)).not.toBe(digest)
    const end = await get(path, { range: `bytes=${Math.floor(size / 2)}-` })
    expect(digestOf(end.body)).toBe(digestOf(blob.body.subarray(Math.floor(size / 2))))
  })

  test('blobs can be on another host, and be sent whole despite a Range header', async () => {
    const { path, digest, size } = await layer()
    mirror.behave({ blobsElsewhere: true, ignoresRange: true })
    const { status, headers } = await get(path)
    expect([status, headers['location']]).toEqual([307, expect.stringContaining(`https://${mirror.blobHost}${path}`)])
    const blob = await get(headers['location']!, { range: 'bytes=0-9', authorization: 'Bearer x' })
    expect([blob.status, digestOf(blob.body), blob.body.length]).toEqual([200, digest, size])
    expect(mirror.requests.at(-1)).toMatchObject({ host: mirror.blobHost, authorization: true })
    expect((await get(`https://${mirror.blobHost}${path}`)).status).toBe(403)
  })
})

test('an engine pulls through a mirror by its name, and blobs from the mirror’s other host', async () => {
  const config = { 'registry-mirrors': [mirror.address] }
  const engine = await startEngine({ version: '26.1', store: 'classic', config, env: mirrors.engineEnv })
  try {
    mirror.behave({ login: 'anyone', blobsElsewhere: true })
    await run(`${engine.programs}/docker`, ['-H', `unix://${engine.socket}`, 'pull', 'redis:7'])
    const { RepoDigests } = await engine.docker.getImage('redis:7').inspect()
    expect(RepoDigests).toContain(`redis@${online.digests.get('redis:7')}`)
    const there = mirror.requests.filter(({ host }) => host === mirror.blobHost)
    expect(there.length).toBeGreaterThan(2)
    expect(there.some(({ authorization }) => authorization)).toBe(false)
    expect(online.hub.requests.all).toEqual([])
  } finally {
    await engine.stop()
  }
})

test('two sets of mirrors are separate, each reachable with its own environment, and stopping one removes all of it', async () => {
  const others = await startMirrors({ registry: online.registry })
  const fast = await others.add('fast')
  await others.add('void', { connecting: 'unanswered' })
  expect(fast.host).not.toBe(mirror.host)
  const ask = (url: string, env: object) =>
    run(process.execPath, ['-e', `fetch('${url}/v2/').then(({ status }) => console.log(status))`], {
      env: { ...process.env, ...env, NODE_USE_ENV_PROXY: '1' },
    })
  expect((await ask(fast.address, others.env)).stdout).toBe('200\n')
  expect((await ask(mirror.address, online.hub.env)).stdout).toBe('200\n')
  // Who does not share the world's names goes by the hub's proxy.
  expect((await ask(mirror.address, { ...online.hub.env, NO_PROXY: '127.0.0.1' })).stdout).toBe('200\n')
  await others.stop()
  expect(await fault(lookup(fast.host))).toBe('ENOTFOUND')
  expect(existsSync(others.caFile)).toBe(false)
  expect((await run('ip', ['-o', 'link'])).stdout).not.toContain('nowhere2')
  expect(await fault(get(`https://127.1.2.1/v2/`))).toBe('ECONNREFUSED')
  expect((await get('/v2/')).status).toBe(200)
})
