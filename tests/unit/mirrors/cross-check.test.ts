import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { race } from '../../../main/mirrors/race.ts'
import type { Http } from '../../../main/registry/index.ts'
import { compareDigests, digestIn } from '../../../model/mirrors/race.ts'
import { hubAddress, type MirrorProbe, type RegistryFailure } from '../../../preload/contract/index.ts'

const digestOf = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** An image with one layer, which is too small for a measurement of the speed. */
function createImage(name: string) {
  const [config, layer] = [Buffer.from(`{"name":"${name}"}`), Buffer.from(name.repeat(100))]
  const descriptor = (bytes: Buffer) => ({ digest: digestOf(bytes), size: bytes.length })
  const manifest = JSON.stringify({ config: descriptor(config), layers: [descriptor(layer)] })
  const blobs = new Map([config, layer].map((bytes) => [digestOf(bytes), bytes]))
  return { manifest: Buffer.from(manifest), digest: digestOf(manifest), blobs }
}
type Image = ReturnType<typeof createImage>
const [oldImage, currentImage, differentImage] = [createImage('old'), createImage('new'), createImage('odd')]

/** What a registry serves, and how it fails. */
interface HostContent {
  /** The image that the tag names. Without it, each request times out. */
  readonly tagged?: Image
  /** Other images that can be requested by digest only. */
  readonly servedByDigest?: readonly Image[]
  /** The HTTP status of requests for a manifest by any digest but that of `tagged`, even if `servedByDigest` has it. */
  readonly digestStatus?: number
  /** Each request for a blob times out. */
  readonly blobs?: 'blocked'
}

/** Runs a race of Docker Hub and mirrors over fake HTTP that serves these contents. */
async function runRace(hub: HostContent, mirrors: Readonly<Record<string, HostContent>>) {
  const contentByHost = new Map(Object.entries(mirrors).map(([name, content]) => [`${name}.test`, content]))
  const requests: string[] = []
  function reply(address: string | URL): { status: number; body: Buffer } | RegistryFailure {
    const { host, pathname } = new URL(address)
    const content = host === new URL(hubAddress).host ? hub : contentByHost.get(host)
    const [, kind, reference = ''] = /\/(manifests|blobs)\/(.+)$/.exec(pathname)!
    requests.push(`${host} ${reference}`)
    const images = [content?.tagged ?? [], content?.servedByDigest ?? []].flat()
    const timeout = { code: 'registry-slow', host } as const
    if (!content?.tagged || (kind === 'blobs' && content.blobs)) return timeout
    if (kind === 'blobs') return okOrNotFound(images.find(({ blobs }) => blobs.has(reference))?.blobs.get(reference))
    if (reference === 'latest') return okOrNotFound(content.tagged.manifest)
    return content.digestStatus && reference !== content.tagged.digest
      ? { status: content.digestStatus, body: Buffer.alloc(0) }
      : okOrNotFound(images.find(({ digest }) => digest === reference)?.manifest)
  }
  const okOrNotFound = (body?: Buffer) => ({ status: body ? 200 : 404, body: body ?? Buffer.alloc(0) })
  const responseHead = (status: number) => ({
    status,
    unverified: false,
    url: new URL('https://x'),
    referrer: { origin: 'https://x', isVerified: true, reach: 'public' } as const,
    header: () => undefined,
  })
  const http: Pick<Http, 'ask' | 'open'> = {
    async ask(address) {
      const response = reply(address)
      if ('code' in response) return { ok: false, error: response }
      return { ok: true, value: { ...responseHead(response.status), body: response.body.toString() } }
    },
    async open(address) {
      const response = reply(address)
      if ('code' in response) return { ok: false, error: response }
      return { ok: true, value: { ...responseHead(response.status), body: body(response.body) } }
    },
  }
  const addresses = [...contentByHost.keys()].map((host) => `https://${host}`)
  const probes: Record<string, MirrorProbe> = {}
  const confirmations = { confirmed: [] as string[], unknown: [] as string[] }
  const participants = [hubAddress, ...addresses].map((address) => ({ address, host: new URL(address).host }))
  const options = { path: 'library/x', tag: 'latest', platform: 'linux/amd64', timeoutMs: 100, participants }
  await race(
    http as Http,
    { ...options, signal: new AbortController().signal },
    {
      onProbe: (address, probe) => void (probes[address] = probe),
      onCrossChecked: (digest, verdict) => void confirmations[verdict].push(digest),
    },
  )
  const digests = addresses.flatMap((address) => digestIn(probes[address]) ?? [])
  const { contentOf } = compareDigests(digestIn(probes[hubAddress]), digests, confirmations)
  const contents = addresses.map((address) => contentOf(digestIn(probes[address]) ?? ''))
  return { requests, contents: contents.join(' ') }
}

async function* body(bytes: Buffer) {
  yield bytes
}

test('if Docker Hub serves the tag but no layers, a mirror that serves former content of the tag is `older`, not `other`', async () => {
  const hub = { tagged: currentImage, servedByDigest: [oldImage], blobs: 'blocked' } as const
  const { contents } = await runRace(hub, { a: { tagged: oldImage }, b: { tagged: oldImage } })
  expect(contents).toBe('older older')
})

test.each([429, 403, 500])(
  'an answer of %i to a request by digest does not mean that the mirror lacks the digest',
  async (digestStatus) => {
    const limitedMirror = { tagged: currentImage, digestStatus }
    expect((await runRace({}, { a: limitedMirror, b: limitedMirror, c: { tagged: oldImage } })).contents).toBe(
      'same same open',
    )
    const mirrorOfBoth = { tagged: currentImage, servedByDigest: [oldImage] }
    expect((await runRace({}, { a: limitedMirror, b: mirrorOfBoth, c: { tagged: oldImage } })).contents).toBe(
      'same same older',
    )
  },
)

test('content is `other` only if none of the mirrors that were asked has its digest', async () => {
  const currentMirror = { tagged: currentImage }
  const { contents } = await runRace(
    {},
    { a: currentMirror, b: { ...currentMirror, servedByDigest: [oldImage] }, c: { tagged: differentImage } },
  )
  expect(contents).toBe('same same other')
  const mirrors = { a: currentMirror, b: { ...currentMirror, servedByDigest: [oldImage] }, c: { tagged: oldImage } }
  expect((await runRace({}, mirrors)).contents).toBe('same same older')
})

test('if two mirrors disagree, content that both have is `either` and other content is `disputed`', async () => {
  const [newer, older] = [{ tagged: currentImage, servedByDigest: [oldImage] }, { tagged: oldImage }]
  expect((await runRace({}, { newer, older })).contents).toBe('disputed either')
  expect((await runRace({}, { older, odd: { tagged: differentImage } })).contents).toBe('disputed disputed')
})

test('however many digests differ, Docker Hub gets at most eight requests', async () => {
  const mirrors = Array.from(
    { length: 40 },
    (_, index) => [`m${index}`, { tagged: createImage(`other${index}`) }] as const,
  )
  const { requests } = await runRace({ tagged: currentImage, digestStatus: 429 }, Object.fromEntries(mirrors))
  expect(requests.filter((line) => line.startsWith('registry-1')).length).toBeLessThanOrEqual(8)
})
