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

const runFile = promisify(execFile)
const accept = 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json'
const nginxManifest = '/v2/library/nginx/manifests/1.27'
let online: Online
let mirrors: Mirrors
let mirror: Mirror
let agent: Agent

beforeAll(async () => {
  online = await startOnline()
  mirrors = online.mirrors
  mirror = await mirrors.add('fast')
})
afterAll(() => online.stop())
beforeEach(() => {
  mirror.setBehaviour()
  mirror.clear()
  mirrors.setDnsConditions('normal')
  agent = createAgent()
  return () => agent.destroy()
})

interface MirrorResponse {
  readonly status: number
  readonly headers: Readonly<Record<string, string | undefined>>
  readonly body: Buffer
  readonly json: () => unknown
}

async function get(path: string, headers: Record<string, string> = {}, timeoutMs = 1_500): Promise<MirrorResponse> {
  const url = path.startsWith('/') ? mirror.address + path : path
  const signal = AbortSignal.timeout(timeoutMs)
  const response = await request(url, { headers: { accept, ...headers }, dispatcher: agent, signal })
  const body = Buffer.from(await response.body.arrayBuffer())
  const json = () => JSON.parse(body.toString()) as unknown
  return { status: response.statusCode, headers: response.headers as MirrorResponse['headers'], body, json }
}

const createAgent = () => new Agent({ connect: { ca: readFileSync(mirrors.caFile), timeout: 1_500 } })

const digestOf = (bytes: Buffer) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** @returns the path, digest and size of nginx's largest layer, whose transfer takes longest */
async function findLargestLayer() {
  const { layers } = (await get(nginxManifest)).json() as { layers: { digest: string; size: number }[] }
  const largest = layers.toSorted((a, b) => b.size - a.size)[0]!
  return { ...largest, path: `/v2/library/nginx/blobs/${largest.digest}` }
}

/** @returns the code or the name of the error that the promise rejects with, or `none` */
const errorCodeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: NodeJS.ErrnoException) => (typeof error.code === 'string' ? error.code : error.name),
  )

test('a mirror serves the registry’s content and records requests', async () => {
  const response = await get(nginxManifest, { 'user-agent': 'Slipway/1', authorization: 'Bearer x' })
  expect(digestOf(response.body)).toBe(online.digests.get('nginx:1.27'))
  expect(mirror.requests).toMatchObject([
    { ...{ host: 'fast.mirror.test', method: 'GET', path: nginxManifest, status: 200, bytes: response.body.length } },
  ])
  expect(mirror.requests[0]).toMatchObject({ userAgent: 'Slipway/1', authorization: true })
  const { path } = await findLargestLayer()
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
] as const)('a request to a mirror with the connection fault “%s” fails with %s', async (connecting, code) => {
  mirror.setBehaviour({ connecting })
  expect(await errorCodeOf(get('/v2/', {}, 4_000))).toMatch(connecting === 'garbage' ? /EPROTO|ERR_SSL/ : code)
})

test.each([
  ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'],
  ['expired', 'CERT_HAS_EXPIRED'],
  ['not-yet-valid', 'CERT_NOT_YET_VALID'],
  ['other-name', 'ERR_TLS_CERT_ALTNAME_INVALID'],
] as const)('a request to a mirror with the certificate fault “%s” fails with %s', async (certificate, code) => {
  expect((await get('/v2/')).status).toBe(200)
  mirror.setBehaviour({ certificate })
  expect(await errorCodeOf(get('/v2/'))).toBe(code)
})

test('the DNS server can answer queries, refuse them, or not answer', async () => {
  expect(await lookup(mirror.host)).toMatchObject({ address: '127.1.1.1' })
  mirrors.setDnsConditions('refusing')
  expect(await errorCodeOf(lookup(mirror.host))).toBe('EAI_AGAIN')
  mirrors.setDnsConditions('silent')
  const timeout = AbortSignal.timeout(1_000)
  const timedOut = new Promise((resolve) => timeout.addEventListener('abort', () => resolve('timed out')))
  expect(await Promise.race([lookup(mirror.host), timedOut])).toBe('timed out')
})

describe('a slow or broken transfer', () => {
  test('a delayed response arrives after a later response without a delay', async () => {
    const arrived: string[] = []
    mirror.setBehaviour({ firstByteDelayMs: 2_000 })
    const delayed = get('/v2/', {}, 10_000).then(() => arrived.push('delayed'))
    await eventually(() => mirror.requests.length === 1)
    mirror.setBehaviour()
    await get('/v2/').then(() => arrived.push('prompt'))
    await delayed
    expect(arrived).toEqual(['prompt', 'delayed'])
  })

  test('a connection with a low bandwidth limit does not slow down another connection', async () => {
    const { path, size } = await findLargestLayer()
    mirror.clear()
    // At this rate, one byte takes longer than the test.
    mirror.setBehaviour({ bytesPerSecond: 0.001 })
    const slowResponse = await request(mirror.address + path, { dispatcher: agent })
    slowResponse.body.on('error', () => {})
    mirror.setBehaviour({ bytesPerSecond: size * 10 })
    const otherAgent = createAgent()
    const { body } = await request(mirror.address + path, { dispatcher: otherAgent })
    expect((await body.arrayBuffer()).byteLength).toBe(size)
    // The mirror counts bytes after it has sent them.
    await expect.poll(() => mirror.requests.map(({ bytes }) => bytes)).toEqual([0, size])
    slowResponse.body.destroy()
    await otherAgent.destroy()
  })

  test('each connection is cut after the same number of bytes', async () => {
    const { path } = await findLargestLayer()
    // The limit counts all bytes of a connection. A new agent uses no connection of an earlier request.
    const otherAgent = createAgent()
    mirror.setBehaviour({ cutsAfterBytes: 300_000 })
    for (let round = 0; round < 2; round++) {
      const { body } = await request(mirror.address + path, { dispatcher: otherAgent })
      expect(await countReceivedBytes(body)).toBe(300_000)
    }
    await otherAgent.destroy()
  })

  test('a body can arrive byte by byte, or stop halfway', async () => {
    mirror.setBehaviour({ drips: 'manifest' })
    const { body } = await request(mirror.address + nginxManifest, { headers: { accept }, dispatcher: agent })
    const pieces: number[] = []
    body.on('data', (piece: Buffer) => pieces.push(piece.length)).on('error', () => {})
    await eventually(() => pieces.length === 2)
    expect(pieces).toEqual([1, 1])
    body.destroy()
    mirror.setBehaviour()
    const { path, size } = await findLargestLayer()
    mirror.setBehaviour({ hangs: 'blob-body' })
    const hangingResponse = await request(mirror.address + path, { dispatcher: agent })
    let bytes = 0
    hangingResponse.body.on('data', (piece: Buffer) => (bytes += piece.length)).on('error', () => {})
    await eventually(() => bytes >= Math.floor(size / 2))
    // The mirror cuts a hanging connection once its behaviour changes. Until then, it has sent only the first half.
    mirror.setBehaviour()
    await eventually(() => mirror.requests.at(-1)!.endedAt !== undefined)
    expect([bytes, mirror.requests.at(-1)!.bytes]).toEqual([Math.floor(size / 2), Math.floor(size / 2)])
  })

  test.each([
    ['ping', '/v2/'],
    ['token', '/token?service=x'],
    ['manifest', nginxManifest],
  ] as const)('a mirror can hang at the %s, and only there', async (hangs, path) => {
    mirror.setBehaviour({ hangs, login: 'anyone' })
    expect((await get(hangs === 'ping' ? nginxManifest : '/v2/')).status).toBe(401)
    expect(await errorCodeOf(get(path, {}, 500))).toBe('TimeoutError')
    expect(mirror.requests.at(-1)!.status).toBeUndefined()
  })
})

/** @returns how many bytes arrive until the body ends or fails */
async function countReceivedBytes(body: Dispatcher.ResponseData['body']): Promise<number> {
  let bytes = 0
  body.on('data', (piece: Buffer) => (bytes += piece.length)).on('error', () => {})
  await new Promise<void>((resolve) => body.once('close', () => resolve()))
  return bytes
}

describe('authorization and errors', () => {
  test('a mirror can issue tokens, refuse to issue them, or reject the tokens that it issued', async () => {
    mirror.setBehaviour({ login: 'anyone' })
    const refused = await get(nginxManifest)
    expect(refused.status).toBe(401)
    const [, realm] = /^Bearer realm="([^"]+)",service="fast.mirror.test",scope="repository:library\/nginx:pull"$/.exec(
      refused.headers['www-authenticate'] ?? '',
    )!
    const { token } = (await get(`${realm}?scope=x`)).json() as { token: string }
    expect((await get(nginxManifest, { authorization: `Bearer ${token}` })).status).toBe(200)
    mirror.setBehaviour({ login: 'nobody' })
    expect((await get(realm!)).status).toBe(401)
    mirror.setBehaviour({ login: 'useless-token' })
    const { token: rejectedToken } = (await get(realm!)).json() as { token: string }
    expect((await get(nginxManifest, { authorization: `Bearer ${rejectedToken}` })).status).toBe(401)
  })

  test.each<[string, MirrorBehaviour, number, object]>([
    ['DENIED', { allows: ['library/alpine'] }, 403, {}],
    ['TOOMANYREQUESTS', { throttles: { retryAfter: 30 } }, 429, { 'retry-after': '30' }],
    ['TOOMANYREQUESTS', { throttles: { xRetryAfter: new Date(5e12) } }, 429, { 'x-retry-after': '5000000000' }],
    ['MANIFEST_UNKNOWN', { answers: 'manifest-unknown' }, 404, {}],
    ['NAME_UNKNOWN', { answers: 'name-unknown' }, 404, {}],
  ])('a mirror can answer with the registry error %s', async (code, behaviour, status, headers) => {
    mirror.setBehaviour(behaviour)
    const response = await get(nginxManifest)
    expect(response).toMatchObject({ status, headers })
    expect(response.json()).toMatchObject({ errors: [{ code }] })
    expect((await get('/v2/')).status).toBe(200)
  })

  test('a mirror can accept any digest, send HTML to browsers, send a fixed status or endless redirects, or hide its tags', async () => {
    mirror.setBehaviour({ answers: 'anything' })
    const digest = `sha256:${'ab'.repeat(32)}`
    const manifest = await get(`/v2/library/nginx/manifests/${digest}`)
    expect(manifest).toMatchObject({ status: 200, headers: { 'docker-content-digest': digest } })
    expect(manifest.json()).toMatchObject({ schemaVersion: 2 })
    mirror.setBehaviour({ answers: 'html-to-browsers' })
    expect((await get(nginxManifest, { 'user-agent': 'Mozilla/5.0' })).headers['content-type']).toMatch('text/html')
    expect((await get(nginxManifest, { 'user-agent': 'Slipway/1' })).headers['content-type']).toMatch('oci')
    mirror.setBehaviour({ answers: 410 })
    expect((await get('/v2/')).status).toBe(410)
    mirror.setBehaviour({ answers: 'redirects' })
    const { location } = (await get(nginxManifest)).headers
    expect(location).toBe(`${mirror.address}${nginxManifest}?round=1`)
    expect((await get(location!)).headers['location']).toContain('round=2')
    mirror.setBehaviour({ hidesTags: true })
    expect((await get('/v2/library/nginx/tags/list')).json()).toEqual({ name: 'library/nginx', tags: [] })
  })
})

describe('false content', () => {
  test('a mirror can serve another valid image under a tag', async () => {
    mirror.setBehaviour({ lies: 'tag' })
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

  test('a mirror can serve wrong bytes under a digest, or send a wrong digest header', async () => {
    const { path, digest, size } = await findLargestLayer()
    const trueDigest = online.digests.get('nginx:1.27')!
    mirror.setBehaviour({ lies: 'manifest' })
    const manifest = await get(`/v2/library/nginx/manifests/${trueDigest}`)
    expect(manifest.headers['docker-content-digest']).toBe(trueDigest)
    expect(digestOf(manifest.body)).not.toBe(trueDigest)
    mirror.setBehaviour({ lies: 'digest' })
    const manifestOfTag = await get(nginxManifest)
    expect(digestOf(manifestOfTag.body)).toBe(trueDigest)
    expect(manifestOfTag.headers['docker-content-digest']).not.toBe(trueDigest)
    mirror.setBehaviour({ lies: 'blob' })
    const blob = await get(path)
    expect(blob.body.length).toBe(size)
    expect(digestOf(blob.body)).not.toBe(digest)
    const secondHalf = await get(path, { range: `bytes=${Math.floor(size / 2)}-` })
    expect(digestOf(secondHalf.body)).toBe(digestOf(blob.body.subarray(Math.floor(size / 2))))
  })

  test('a mirror can serve blobs from another host, and ignore a Range header', async () => {
    const { path, digest, size } = await findLargestLayer()
    mirror.setBehaviour({ redirectsBlobs: true, ignoresRange: true })
    const { status, headers } = await get(path)
    expect([status, headers['location']]).toEqual([307, expect.stringContaining(`https://${mirror.blobHost}${path}`)])
    const blob = await get(headers['location']!, { range: 'bytes=0-9', authorization: 'Bearer x' })
    expect([blob.status, digestOf(blob.body), blob.body.length]).toEqual([200, digest, size])
    expect(mirror.requests.at(-1)).toMatchObject({ host: mirror.blobHost, authorization: true })
    expect((await get(`https://${mirror.blobHost}${path}`)).status).toBe(403)
  })
})

test('an engine pulls through a mirror, and gets the blobs from the mirror’s other host', async () => {
  const config = { 'registry-mirrors': [mirror.address] }
  const engine = await startEngine({ version: '26.1', store: 'classic', config, env: mirrors.engineEnv })
  try {
    mirror.setBehaviour({ login: 'anyone', redirectsBlobs: true })
    await runFile(`${engine.programs}/docker`, ['-H', `unix://${engine.socket}`, 'pull', 'redis:7'])
    const { RepoDigests } = await engine.docker.getImage('redis:7').inspect()
    expect(RepoDigests).toContain(`redis@${online.digests.get('redis:7')}`)
    const blobRequests = mirror.requests.filter(({ host }) => host === mirror.blobHost)
    expect(blobRequests.length).toBeGreaterThan(2)
    expect(blobRequests.some(({ authorization }) => authorization)).toBe(false)
    expect(online.hub.requests.all).toEqual([])
  } finally {
    await engine.stop()
  }
})

test('two sets of mirrors are independent, and stopping one set leaves nothing of it behind', async () => {
  const otherMirrors = await startMirrors({ registry: online.registry })
  const fast = await otherMirrors.add('fast')
  await otherMirrors.add('void', { connecting: 'unanswered' })
  expect(fast.host).not.toBe(mirror.host)
  /** Requests the mirror from a new process and prints the status. */
  const ping = (url: string, { env, caFile }: { readonly env: object; readonly caFile: string }) =>
    runFile(process.execPath, ['-e', `fetch('${url}/v2/').then(({ status }) => console.log(status))`], {
      env: { ...process.env, ...env, NODE_EXTRA_CA_CERTS: caFile, NODE_USE_ENV_PROXY: '1' },
    })
  expect((await ping(fast.address, otherMirrors)).stdout).toBe('200\n')
  expect((await ping(mirror.address, online.hub)).stdout).toBe('200\n')
  // A client that does not use the world's DNS reaches the mirror through the hub's proxy.
  expect(
    (await ping(mirror.address, { ...online.hub, env: { ...online.hub.env, NO_PROXY: '127.0.0.1' } })).stdout,
  ).toBe('200\n')
  await otherMirrors.stop()
  expect(await errorCodeOf(lookup(fast.host))).toBe('ENOTFOUND')
  expect(existsSync(otherMirrors.caFile)).toBe(false)
  expect((await runFile('ip', ['-o', 'link'])).stdout).not.toContain('nowhere2')
  expect(await errorCodeOf(get(`https://127.1.2.1/v2/`))).toBe('ECONNREFUSED')
  expect((await get('/v2/')).status).toBe(200)
})
