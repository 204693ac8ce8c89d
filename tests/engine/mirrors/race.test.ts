import { describe, expect, test } from 'vitest'
import { searchService } from '../../../main/search/index.ts'
import { httpClient, registryClient } from '../../../main/registry/index.ts'
import { digestIn } from '../../../model/mirrors/race.ts'
import { hubAddress } from '../../../preload/contract/index.ts'
import type { MirrorBehaviour, Mirror } from '../../../tools/world/mirrors.ts'
import { eventually } from '../eventually.ts'
import { comparing, probeOf, raceWorld } from './race-world.ts'
import { failureIn } from './racer.ts'

const image = 'nginx:latest'
const world = raceWorld()
const { mirrored } = world

describe('one race with mirrors that work and mirrors that fail', () => {
  const live: Record<string, MirrorBehaviour> = {
    fast: {},
    limited: { bytesPerSecond: 1_000_000 },
    late: { firstByteDelayMs: 600 },
    token: { login: 'anyone' },
    polite: { answers: 'html-to-browsers' },
    elsewhere: { redirectsBlobs: true, login: 'anyone' },
    rangeless: { ignoresRange: true },
    tagless: { hidesTags: true },
  }
  const dead: Record<string, readonly [MirrorBehaviour, object]> = {
    nameless: [{ connecting: 'no-such-host' }, { code: 'registry-unreachable', reason: 'no-host' }],
    refusing: [{ connecting: 'refused' }, { code: 'registry-unreachable', reason: 'refused' }],
    blocked: [{ connecting: 'unanswered' }, { code: 'registry-slow' }],
    silent: [{ connecting: 'silent' }, { code: 'registry-slow' }],
    garbage: [{ connecting: 'garbage' }, { code: 'registry-tls' }],
    selfsigned: [{ certificate: 'self-signed' }, { code: 'registry-tls' }],
    expired: [{ certificate: 'expired' }, { code: 'registry-tls', reason: 'expired' }],
    early: [{ certificate: 'not-yet-valid' }, { code: 'registry-tls', reason: 'not-yet-valid' }],
    misnamed: [{ certificate: 'other-name' }, { code: 'registry-tls' }],
    hangstoken: [{ login: 'anyone', hangs: 'token' }, { code: 'registry-slow' }],
    hangsmanifest: [{ hangs: 'manifest' }, { code: 'registry-slow' }],
    hangsbody: [{ hangs: 'manifest-body' }, { code: 'registry-slow' }],
    hangsblob: [{ hangs: 'blob' }, { code: 'registry-slow' }],
    hangsmidway: [{ hangs: 'blob-body' }, { code: 'registry-slow' }],
    dripping: [{ drips: 'manifest' }, { code: 'registry-slow' }],
    drippingblob: [{ drips: 'blob' }, { code: 'registry-slow' }],
    cutting: [{ cutsAfterBytes: 30_000 }, { code: 'registry-unreachable', reason: 'cut' }],
    loginneeded: [{ login: 'nobody' }, { code: 'registry-login' }],
    invain: [{ login: 'useless-token' }, { code: 'registry-login' }],
    tokendenied: [{ login: 'forbidden' }, { code: 'registry-denied' }],
    allowlist: [{ allows: ['library/redis'] }, { code: 'registry-denied' }],
    throttling: [{ throttles: { retryAfter: 600 } }, { code: 'registry-limited', until: expect.any(Number) }],
    throttled: [{ throttles: 'without-header' }, { code: 'registry-limited' }],
    page: [{ answers: 'html' }, { code: 'registry-nonsense', page: true }],
    anything: [{ answers: 'anything' }, { code: 'mirror-says-anything' }],
    imageless: [{ answers: 'manifest-unknown' }, { code: 'reference-unknown' }],
    circles: [{ answers: 'redirects' }, { code: 'registry-redirects' }],
    gone: [{ answers: 410 }, { code: 'registry-error', status: 410 }],
    faulty: [{ answers: 503 }, { code: 'registry-error', status: 503 }],
    altered: [{ lies: 'manifest' }, { code: 'content-altered' }],
    alteredblob: [{ lies: 'blob' }, { code: 'content-altered' }],
    misheaded: [{ lies: 'digest' }, { code: 'content-altered' }],
  }

  test('finds which work, says why each other one fails, and sends at most eight requests to each', async () => {
    const works = await mirrored(live)
    const fails = await mirrored(Object.fromEntries(Object.entries(dead).map(([name, [manner]]) => [name, manner])))
    const race = await world.racer.race(image)

    expect(race.probes[hubAddress]).toMatchObject({ state: 'answered', digest: world.online.digests.get(image) })
    for (const [name, mirror] of Object.entries(works))
      expect([name, probeOf(race, mirror)]).toMatchObject([
        name,
        { state: 'answered', digest: world.online.digests.get(image), speed: expect.any(Number) },
      ])
    const reasons = Object.entries(fails).map(([name, mirror]) => [name, failureIn(probeOf(race, mirror))])
    expect(Object.fromEntries(reasons)).toMatchObject(
      Object.fromEntries(Object.entries(dead).map(([name, [, failure]]) => [name, failure])),
    )

    const speed = (mirror: Mirror | undefined) => {
      const probe = mirror && probeOf(race, mirror)
      return probe?.state === 'answered' ? probe.speed! : 0
    }
    expect(speed(works['fast'])).toBeGreaterThan(speed(works['limited']))

    for (const mirror of [...Object.values(works), ...Object.values(fails)]) {
      expect(mirror.requests.length).toBeLessThanOrEqual(8)
      expect(mirror.requests.every(({ userAgent }) => userAgent.startsWith('Slipway/'))).toBe(true)
    }
    const blobs = works['elsewhere']!.requests.filter(({ host }) => host === works['elsewhere']!.blobHost)
    expect(blobs.length).toBeGreaterThan(0)
    expect(blobs.some(({ authorization }) => authorization)).toBe(false)
    expect(world.online.hub.requests.refused.every((host) => !host.includes('.test'))).toBe(true)
  })
})

test('other content for a tag is detected: `older` if Docker Hub knows its digest', async () => {
  const { good, stale } = await mirrored({ good: {}, stale: { lies: 'tag' } })
  const race = await world.racer.race(image)
  const { contentOf, expected } = comparing(race)
  expect(expected).toBe(digestIn(probeOf(race, good)))
  const digest = digestIn(probeOf(race, stale))!
  expect(digest).not.toBe(expected)
  expect(contentOf(digest)).not.toBe('same')
  expect(race.confirmed.includes(digest)).toBe(contentOf(digest) === 'older')
  expect(world.racer.sources(image).map(({ address }) => address)).toContain(good.address)
})

test('a mirror that answers every HEAD does not confirm the digest of another mirror', async () => {
  world.online.hub.setBehaviour('all', 'down')
  const { eager, lying } = await mirrored({ eager: { answers: 'any-head' }, lying: { lies: 'tag' }, good: {} })
  const race = await world.racer.race('redis:7')
  expect(comparing(race).expected).toBe(digestIn(probeOf(race, eager)))
  expect(race.confirmed).toEqual([])
  expect(comparing(race).contentOf(digestIn(probeOf(race, lying))!)).toBe('other')
  expect(world.racer.sources('redis:7').map(({ address }) => address)).not.toContain(lying.address)
})

test('good mirrors are offered for pulls fastest first, with the time of the test, after a restart too, until they are removed', async () => {
  const { fast, slow } = await mirrored({ slow: { bytesPerSecond: 800_000 }, fast: {} })
  expect(world.racer.sources(image)).toEqual([])
  const race = await world.racer.race(image)
  await world.racer.restart()
  expect(world.racer.sources('redis:7').map(({ address }) => address)).toEqual([fast.address, slow.address])
  expect(probeOf(race, fast)).toMatchObject({ at: world.racer.sources('redis:7')[0]!.probedAt })
  expect(world.racer.sources('ghcr.io/a/b:1')).toEqual([])
  await world.racer.handlers['mirrors.remove'](fast.address)
  expect(world.racer.sources('redis:7').map(({ address }) => address)).toEqual([slow.address])
})

test('if Docker Hub does not answer, an image is looked up at a good mirror', async () => {
  const { good } = await mirrored({ good: {} })
  await world.racer.race(image)
  world.online.hub.setBehaviour('all', 'down')
  const http = httpClient({ version: '0', env: world.online.hub.env })
  const away = { code: 'engine-stopped', endpoint: 'x' } as const
  const discover = searchService({
    engine: { session: () => ({ ok: false, error: away }) },
    publish: () => undefined,
    ...{ http, searchHosts: [], platform: () => undefined, sourcesFor: world.racer.sources },
    registry: registryClient({ http, credentials: async () => ({ kind: 'password', username: 'u', password: 'p' }) }),
  })
  good.clear()
  const found = await discover.checkReference('redis:7')
  expect(found).toMatchObject({ ok: true, value: { digest: world.online.digests.get('redis:7') } })
  expect(good.requests.some(({ authorization }) => authorization)).toBe(false)
  discover.end()
  await http.close()
})

test('a mirror that sent Retry-After gets no request before that time', async () => {
  const { limited } = await mirrored({ limited: { throttles: { retryAfter: 600 } } })
  await world.racer.race(image)
  const asked = limited.requests.length
  const again = await world.racer.race(image)
  expect(limited.requests.length).toBe(asked)
  expect(failureIn(probeOf(again, limited))).toMatchObject({ code: 'registry-limited' })
})

test('a folded mirror can be added to the list, and then is no longer among the folded ones', async () => {
  const closed = 'https://docker.mirrors.ustc.edu.cn'
  const among = (mirrors: readonly { readonly address: string }[]) => mirrors.some(({ address }) => address === closed)
  expect(among((await world.racer.now()).folded)).toBe(true)
  await world.racer.add(closed)
  const { tested, folded } = await world.racer.now()
  expect([among(tested), among(folded)]).toEqual([true, false])
  const again = await world.racer.handlers['mirrors.add'](closed)
  expect(again).toEqual({ ok: false, error: { code: 'mirror-listed', address: closed } })
  expect(await world.racer.handlers['mirrors.add']('docker.1ms.run')).toMatchObject({
    error: { code: 'mirror-listed' },
  })
})

test('mirrors in force are tested once each, even if they are not on the list', async () => {
  const listed = await world.online.mirrors.add('listed')
  const other = await world.online.mirrors.add('unlisted')
  await world.another({ inForce: [`${listed.address}/`, `${other.address}/`, other.address] })
  await world.racer.add(listed.address)
  const race = await world.racer.race(image)
  expect(probeOf(race, listed)).toMatchObject({ state: 'answered' })
  expect(probeOf(race, other)).toMatchObject({ state: 'answered' })
  expect(Object.keys(race.probes).filter((address) => address.endsWith('/'))).toEqual([])
  expect(world.racer.sources(image).map(({ address }) => address)).toEqual([listed.address])
})

test('results are published one by one, and a cancelled race keeps those it has', async () => {
  const { fast, silent } = await mirrored({ fast: {}, silent: { connecting: 'silent' } })
  const id = await world.racer.begin(image)
  await eventually(() => world.racer.told.at(-1)?.race?.probes[fast.address]?.state === 'answered')
  expect(world.racer.told.at(-1)!.race!.probes[silent.address]!.state).toBe('asking')
  world.racer.cancel(id)
  await eventually(() => world.racer.job(id)?.state === 'cancelled')
  const { race } = await world.racer.now()
  expect(race).toMatchObject({ ended: expect.any(Number), cut: true })
  expect(Object.keys(race!.probes)).toContain(fast.address)
  expect(Object.keys(race!.probes)).not.toContain(silent.address)
})

test('a cancelled race does not discard the results of an earlier complete one', async () => {
  const { fast, other } = await mirrored({ fast: {}, other: {} })
  const whole = await world.racer.race(image)
  const addresses = () => world.racer.sources(image).map(({ address }) => address)
  const giveUp = async (reference: string) => {
    const id = await world.racer.begin(reference)
    await eventually(() => {
      const told = world.racer.told.at(-1)?.race
      return told?.job === id && told.probes[fast.address]?.state === 'failed'
    })
    world.racer.cancel(id)
    await eventually(() => world.racer.job(id)?.state === 'cancelled')
    return (await world.racer.now()).race!
  }
  fast.setBehaviour({ answers: 410 })
  other.setBehaviour({ connecting: 'silent' })

  expect(await giveUp('redis:7')).toEqual(whole)
  const race = await giveUp(image)
  expect(race).toMatchObject({ image, cut: true })
  expect(failureIn(probeOf(race, fast))).toMatchObject({ code: 'registry-error' })
  expect(probeOf(race, other)).toEqual(probeOf(whole, other))
  expect(addresses()).toEqual([other.address])
  await world.racer.restart()
  expect((await world.racer.now()).race).toEqual(race)
  expect(addresses()).toEqual([other.address])
})
