import { createHash } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { expect, test } from 'vitest'
import { registryClient, type Credentials } from '../../../main/registry/index.ts'
import { client, serve } from '../local-server.ts'

const sha256 = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`
const ofSize = (size: number) => ({ digest: sha256(String(size)), size })
const configuration = JSON.stringify({ rootfs: { type: 'layers', diff_ids: [sha256('a'), sha256('b')] } })
const config = { digest: sha256(configuration), size: configuration.length }
const manifest = JSON.stringify({ schemaVersion: 2, config, layers: [ofSize(500), ofSize(7_000)] })
const index = JSON.stringify({
  manifests: [
    { ...ofSize(9), platform: { os: 'linux', architecture: 's390x' } },
    { digest: sha256(manifest), size: manifest.length, platform: { os: 'linux', architecture: 'amd64' } },
  ],
})

type Tweak = (request: IncomingMessage, response: ServerResponse) => boolean

/** A registry with an image for one platform as `x:one`, and an index as `x:many`. */
async function registry({ names = true, before = () => false }: { names?: boolean; before?: Tweak } = {}) {
  const held = new Map([manifest, index, configuration].map((text) => [sha256(text), text]))
  return await serve((request, response) => {
    if (before(request, response)) return
    const name = request.url!.split('/').at(-1)!
    const text = { one: manifest, many: index }[name] ?? held.get(name)
    if (text === undefined) return void response.writeHead(404).end()
    const headers = { 'content-type': 'application/json', ...(names && { 'docker-content-digest': sha256(text) }) }
    response.writeHead(200, headers).end(request.method === 'HEAD' ? undefined : text)
  })
}

function asker(stored?: Credentials) {
  const wanted: string[] = []
  const credentials = async (host: string) => {
    wanted.push(host)
    return stored
  }
  const { contents } = registryClient({ http: client(), credentials })
  return { wanted, contents: (reference: string, platform = 'linux/amd64') => contents(reference, platform) }
}

test('the compressed size of each layer is read with one GET a manifest', async () => {
  const { host, asked } = await registry()
  const one = await asker().contents(`${host}/x:one`)
  expect(one?.layers).toEqual([500, 7_000])
  expect(asked).toEqual(['HEAD /v2/x/manifests/one', `GET /v2/x/manifests/${sha256(manifest)}`])
  const many = await asker().contents(`${host}/x:many`)
  expect(many?.layers).toEqual([500, 7_000])
  expect(asked.slice(2)).toEqual([
    'HEAD /v2/x/manifests/many',
    `GET /v2/x/manifests/${sha256(index)}`,
    `GET /v2/x/manifests/${sha256(manifest)}`,
  ])
  expect(await many?.diffIds()).toEqual([sha256('a'), sha256('b')])
  expect(asked.at(-1)).toBe(`GET /v2/x/blobs/${config.digest}`)
})

test('no manifest is read if the HEAD has no digest, or is refused', async () => {
  const silent = await registry({ names: false })
  expect(await asker().contents(`${silent.host}/x:one`)).toBeUndefined()
  const { host, asked } = await registry()
  expect(await asker().contents(`${host}/x:none`)).toBeUndefined()
  expect([...silent.asked, ...asked].map((line) => line.split(' ')[0])).toEqual(['HEAD', 'HEAD'])
})

test('nothing is read for a platform that the image lacks', async () => {
  const { host } = await registry()
  expect(await asker().contents(`${host}/x:many`, 'linux/riscv64')).toBeUndefined()
})

test('content that does not match its digest is refused', async () => {
  const { host } = await registry({
    before: (request, response) => {
      if (request.method === 'HEAD') return false
      response.writeHead(200).end(manifest.replace('7000', '70'))
      return true
    },
  })
  expect(await asker().contents(`${host}/x:one`)).toBeUndefined()
})

const ann: Credentials = { kind: 'password', username: 'ann', password: 'p' }
/** Lets in whoever knows Ann's password; with `once`, only for the HEAD. */
const locked =
  (once = false): Tweak =>
  ({ headers, method }, response) => {
    if (headers.authorization !== undefined && !(once && method === 'GET')) return false
    response.writeHead(401, { 'www-authenticate': 'Basic realm="r"' }).end()
    return true
  }

test('a private registry is asked with the stored login, and for nothing more where there is none', async () => {
  const open = await registry({ before: locked() })
  expect((await asker(ann).contents(`${open.host}/x:one`))?.layers).toEqual([500, 7_000])
  const shut = await registry({ before: locked() })
  expect(await asker().contents(`${shut.host}/x:one`)).toBeUndefined()
  expect(shut.asked).toEqual(['HEAD /v2/x/manifests/one'])
})

test('the login is looked for once, also where the GET is refused', async () => {
  const { host, asked } = await registry({ before: locked(true) })
  const once = asker(ann)
  expect(await once.contents(`${host}/x:one`)).toBeUndefined()
  expect(once.wanted).toEqual([host])
  expect(asked.map((line) => line.split(' ')[0])).toEqual(['HEAD', 'HEAD', 'GET'])
})
