import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { registryClient, type Credentials } from '../../../main/registry/index.ts'
import { client, serve } from '../local-server.ts'

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const descriptorOf = (size: number) => ({ digest: sha256(String(size)), size })
const configuration = JSON.stringify({ rootfs: { type: 'layers', diff_ids: [sha256('a'), sha256('b')] } })
const config = { digest: sha256(configuration), size: configuration.length }
const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [descriptorOf(500), descriptorOf(7_000)] })
const index = JSON.stringify({
  manifests: [
    { ...descriptorOf(9), platform: { os: 'linux', architecture: 's390x' } },
    { digest: sha256(manifest), size: manifest.length, platform: { os: 'linux', architecture: 'amd64' } },
  ],
})

type Interceptor = (request: IncomingMessage, response: ServerResponse) => boolean

/** A registry with an image for one platform as `x:one`, and an index as `x:many`. */
async function startRegistry({
  sendsDigest = true,
  intercept = () => false,
}: { sendsDigest?: boolean; intercept?: Interceptor } = {}) {
  const byDigest = new Map([manifest, index, configuration].map((text) => [sha256(text), text]))
  return await serve((request, response) => {
    if (intercept(request, response)) return
    const name = request.url!.split('/').at(-1)!
    const text = { one: manifest, many: index }[name] ?? byDigest.get(name)
    if (text === undefined) return void response.writeHead(404).end()
    const headers = {
      'content-type': 'application/json',
      ...(sendsDigest && { 'docker-content-digest': sha256(text) }),
    }
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : text)
  })
}

function createReader(stored?: Credentials) {
  const lookups: string[] = []
  const credentials = async (host: string) => {
    lookups.push(host)
    return stored
  }
  const { contents } = registryClient({ http: client(), credentials })
  return { lookups, contents: (reference: string, platform = 'linux/amd64') => contents(reference, platform) }
}

test('the compressed size of each layer is read with one GET per manifest', async () => {
  const { host, requests } = await startRegistry()
  const single = await createReader().contents(`${host}/x:one`)
  expect(single?.layers).toEqual([500, 7_000])
  expect(requests).toEqual(['HEAD /v2/x/manifests/one', `GET /v2/x/manifests/${sha256(manifest)}`])
  const fromIndex = await createReader().contents(`${host}/x:many`)
  expect(fromIndex?.layers).toEqual([500, 7_000])
  expect(requests.slice(2)).toEqual([
    'HEAD /v2/x/manifests/many',
    `GET /v2/x/manifests/${sha256(index)}`,
    `GET /v2/x/manifests/${sha256(manifest)}`,
  ])
  expect(await fromIndex?.diffIds()).toEqual([sha256('a'), sha256('b')])
  expect(requests.at(-1)).toBe(`GET /v2/x/blobs/${config.digest}`)
})

test('no manifest is read if the HEAD has no digest or fails', async () => {
  const withoutDigest = await startRegistry({ sendsDigest: false })
  expect(await createReader().contents(`${withoutDigest.host}/x:one`)).toBeUndefined()
  const { host, requests } = await startRegistry()
  expect(await createReader().contents(`${host}/x:none`)).toBeUndefined()
  expect([...withoutDigest.requests, ...requests].map((line) => line.split(' ')[0])).toEqual(['HEAD', 'HEAD'])
})

test('the contents are undefined for a platform that the image lacks', async () => {
  const { host } = await startRegistry()
  expect(await createReader().contents(`${host}/x:many`, 'linux/riscv64')).toBeUndefined()
})

test('content that does not match its digest is refused', async () => {
  const { host } = await startRegistry({
    intercept: (request, response) => {
      if (request.method === 'HEAD') return false
      response.writeHead(200).end(manifest.replace('7000', '70'))
      return true
    },
  })
  expect(await createReader().contents(`${host}/x:one`)).toBeUndefined()
})

const ann: Credentials = { kind: 'password', username: 'ann', password: 'p' }
/** Requires a password. With `isHeadOnly`, the password is accepted only for HEAD requests. */
const requirePassword =
  (isHeadOnly = false): Interceptor =>
  ({ headers, method }, response) => {
    if (headers.authorization !== undefined && !(isHeadOnly && method === 'GET')) return false
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
    return true
  }

test('a private registry is read with the stored login, and gets a single request if no login is stored', async () => {
  const withLogin = await startRegistry({ intercept: requirePassword() })
  expect((await createReader(ann).contents(`${withLogin.host}/x:one`))?.layers).toEqual([500, 7_000])
  const withoutLogin = await startRegistry({ intercept: requirePassword() })
  expect(await createReader().contents(`${withoutLogin.host}/x:one`)).toBeUndefined()
  expect(withoutLogin.requests).toEqual(['HEAD /v2/x/manifests/one'])
})

test('the login is looked up only once, even if the GET is refused', async () => {
  const { host, requests } = await startRegistry({ intercept: requirePassword(true) })
  const reader = createReader(ann)
  expect(await reader.contents(`${host}/x:one`)).toBeUndefined()
  expect(reader.lookups).toEqual([host])
  expect(requests.map((line) => line.split(' ')[0])).toEqual(['HEAD', 'HEAD', 'GET'])
})
