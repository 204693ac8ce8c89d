import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { race } from '../../../main/mirrors/race.ts'
import type { Http } from '../../../main/registry/index.ts'
import { compareDigests, digestIn } from '../../../model/mirrors/race.ts'
import { hubAddress, type MirrorProbe, type RegistryFailure } from '../../../preload/contract/index.ts'

const digestOf = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`

/** An image of one layer, which is too small to be measured. */
function imageOf(name: string) {
  const [config, layer] = [Buffer.from(`{"name":"${name}"}`), Buffer.from(name.repeat(100))]
  const piece = (bytes: Buffer) => ({ digest: digestOf(bytes), size: bytes.length })
  const manifest = JSON.stringify({ config: piece(config), layers: [piece(layer)] })
  const blobs = new Map([config, layer].map((bytes) => [digestOf(bytes), bytes]))
  return { manifest: Buffer.from(manifest), digest: digestOf(manifest), blobs }
}
type Image = ReturnType<typeof imageOf>
const [old, current, odd] = [imageOf('old'), imageOf('new'), imageOf('odd')]

/** What a host has under the tag, what it knows by digest, and how it fails. */
interface Part {
  readonly has?: Image
  readonly knows?: readonly Image[]
  readonly digests?: number
  readonly blobs?: 'blocked'
}

/** A race of Docker Hub and mirrors with these parts, over HTTP that only they answer. */
async function racing(hub: Part, parts: Readonly<Record<string, Part>>) {
  const all = new Map(Object.entries(parts).map(([name, part]) => [`${name}.test`, part]))
  const asked: string[] = []
  function answer(address: string | URL): { status: number; body: Buffer } | RegistryFailure {
    const { host, pathname } = new URL(address)
    const part = host === new URL(hubAddress).host ? hub : all.get(host)
    const [, kind, version = ''] = /\/(manifests|blobs)\/(.+)$/.exec(pathname)!
    asked.push(`${host} ${version}`)
    const images = [part?.has ?? [], part?.knows ?? []].flat()
    const slow = { code: 'registry-slow', host } as const
    if (!part?.has || (kind === 'blobs' && part.blobs)) return slow
    if (kind === 'blobs') return found(images.find(({ blobs }) => blobs.has(version))?.blobs.get(version))
    if (version === 'latest') return found(part.has.manifest)
    return part.digests && version !== part.has.digest
      ? { status: part.digests, body: Buffer.alloc(0) }
      : found(images.find(({ digest }) => digest === version)?.manifest)
  }
  const found = (body?: Buffer) => ({ status: body ? 200 : 404, body: body ?? Buffer.alloc(0) })
  const head = (status: number) => ({ status, url: new URL('https://x'), header: () => undefined })
  const http: Pick<Http, 'ask' | 'open'> = {
    async ask(address) {
      const said = answer(address)
      if ('code' in said) return { ok: false, error: said }
      return { ok: true, value: { ...head(said.status), body: said.body.toString() } }
    },
    async open(address) {
      const said = answer(address)
      if ('code' in said) return { ok: false, error: said }
      return { ok: true, value: { ...head(said.status), body: body(said.body) } }
    },
  }
  const addresses = [...all.keys()].map((host) => `https://${host}`)
  const probes: Record<string, MirrorProbe> = {}
  const confirmations = { confirmed: [] as string[], unknown: [] as string[] }
  const runners = [hubAddress, ...addresses].map((address) => ({ address, host: new URL(address).host }))
  const wish = { path: 'library/x', tag: 'latest', platform: 'linux/amd64', timeoutMs: 100, runners }
  await race(
    http as Http,
    { ...wish, signal: new AbortController().signal },
    {
      probe: (address, probe) => void (probes[address] = probe),
      crossChecked: (digest, verdict) => void confirmations[verdict].push(digest),
    },
  )
  const digests = addresses.flatMap((address) => digestIn(probes[address]) ?? [])
  const { contentOf } = compareDigests(digestIn(probes[hubAddress]), digests, confirmations)
  const contents = addresses.map((address) => contentOf(digestIn(probes[address]) ?? ''))
  return { asked, contents: contents.join(' ') }
}

async function* body(bytes: Buffer) {
  yield bytes
}

test('Docker Hub gives the tag but no layers: mirrors that are an hour behind are older, not accused', async () => {
  const hub = { has: current, knows: [old], blobs: 'blocked' } as const
  const { contents } = await racing(hub, { a: { has: old }, b: { has: old } })
  expect(contents).toBe('older older')
})

test.each([429, 403, 500])('a witness that answers %i has not said that it does not know', async (digests) => {
  const silent = { has: current, digests }
  expect((await racing({}, { a: silent, b: silent, c: { has: old } })).contents).toBe('same same open')
  const other = { has: current, knows: [old] }
  expect((await racing({}, { a: silent, b: other, c: { has: old } })).contents).toBe('same same older')
})

test('only what none of those who are asked knows is other content', async () => {
  const forgetful = { has: current }
  const { contents } = await racing({}, { a: forgetful, b: { ...forgetful, knows: [old] }, c: { has: odd } })
  expect(contents).toBe('same same other')
  const parts = { a: forgetful, b: { ...forgetful, knows: [old] }, c: { has: old } }
  expect((await racing({}, parts)).contents).toBe('same same older')
})

test('where two disagree and one knows what the other has, that may be used', async () => {
  const [newer, older] = [{ has: current, knows: [old] }, { has: old }]
  expect((await racing({}, { newer, older })).contents).toBe('disputed either')
  expect((await racing({}, { older, odd: { has: odd } })).contents).toBe('disputed disputed')
})

test('however many digests differ, Docker Hub gets at most eight requests', async () => {
  const many = Array.from({ length: 40 }, (_, at) => [`m${at}`, { has: imageOf(`other${at}`) }] as const)
  const { asked } = await racing({ has: current, digests: 429 }, Object.fromEntries(many))
  expect(asked.filter((line) => line.startsWith('registry-1')).length).toBeLessThanOrEqual(8)
})
