import { describe, expect, test } from 'vitest'
import { searchService } from '../../../main/search/index.ts'
import { httpClient, registryClient } from '../../../main/registry/index.ts'
import { digestIn } from '../../../model/mirrors/race.ts'
import { hubAddress } from '../../../preload/contract/index.ts'
import type { MirrorBehaviour, Mirror } from '../../../tools/world/mirrors.ts'
import { eventually } from '../eventually.ts'
import { compareRace, probeOf, useRaceWorld } from './race-world.ts'
import { failureIn } from './racer.ts'

const image = 'nginx:latest'
const world = useRaceWorld()
const { addMirrors } = world

describe('one race with mirrors that work and mirrors that fail', () => {
  const working: Record<string, MirrorBehaviour> = {
    fast: {},
    limited: { bytesPerSecond: 1_000_000 },
    late: { firstByteDelayMs: 600 },
    token: { login: 'anyone' },
    polite: { answers: 'html-to-browsers' },
    elsewhere: { redirectsBlobs: true, login: 'anyone' },
    rangeless: { ignoresRange: true },
    tagless: { hidesTags: true },
  }
  const failing: Record<string, readonly [MirrorBehaviour, object]> = {
    nohost: [{ connecting: 'no-such-host' }, { code: 'registry-unreachable', reason: 'no-host' }],
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
    rejectedlogin: [{ login: 'useless-token' }, { code: 'registry-login' }],
    tokendenied: [{ login: 'forbidden' }, { code: 'registry-denied' }],
    allowlist: [{ allows: ['library/redis'] }, { code: 'registry-denied' }],
    throttling: [{ throttles: { retryAfter: 600 } }, { code: 'registry-limited', until: expect.any(Number) }],
    throttled: [{ throttles: 'without-header' }, { code: 'registry-limited' }],
    page: [{ answers: 'html' }, { code: 'registry-invalid-reply', page: true }],
    anything: [{ answers: 'anything' }, { code: 'mirror-accepts-unknown-digest' }],
    imageless: [{ answers: 'manifest-unknown' }, { code: 'reference-unknown' }],
    redirectloop: [{ answers: 'redirects' }, { code: 'registry-redirects' }],
    gone: [{ answers: 410 }, { code: 'registry-error', status: 410 }],
    faulty: [{ answers: 503 }, { code: 'registry-error', status: 503 }],
    altered: [{ lies: 'manifest' }, { code: 'content-altered' }],
    alteredblob: [{ lies: 'blob' }, { code: 'content-altered' }],
    wrongheader: [{ lies: 'digest' }, { code: 'content-altered' }],
  }

  test('finds the mirrors that work, says why the others fail, and sends at most eight requests to each mirror', async () => {
    const workingMirrors = await addMirrors(working)
    const failingMirrors = await addMirrors(
      Object.fromEntries(Object.entries(failing).map(([name, [behaviour]]) => [name, behaviour])),
    )
    const race = await world.racer.race(image)

    expect(race.probes[hubAddress]).toMatchObject({ state: 'answered', digest: world.online.digests.get(image) })
    for (const [name, mirror] of Object.entries(workingMirrors))
      expect([name, probeOf(race, mirror)]).toMatchObject([
        name,
        { state: 'answered', digest: world.online.digests.get(image), speed: expect.any(Number) },
      ])
    const reasons = Object.entries(failingMirrors).map(([name, mirror]) => [name, failureIn(probeOf(race, mirror))])
    expect(Object.fromEntries(reasons)).toMatchObject(
      Object.fromEntries(Object.entries(failing).map(([name, [, failure]]) => [name, failure])),
    )

    const speed = (mirror: Mirror | undefined) => {
      const probe = mirror && probeOf(race, mirror)
      return probe?.state === 'answered' ? probe.speed! : 0
    }
    expect(speed(workingMirrors['fast'])).toBeGreaterThan(speed(workingMirrors['limited']))

    for (const mirror of [...Object.values(workingMirrors), ...Object.values(failingMirrors)]) {
      expect(mirror.requests.length).toBeLessThanOrEqual(8)
      expect(mirror.requests.every(({ userAgent }) => userAgent.startsWith('Slipway/'))).toBe(true)
    }
    const blobs = workingMirrors['elsewhere']!.requests.filter(
      ({ host }) => host === workingMirrors['elsewhere']!.blobHost,
    )
    expect(blobs.length).toBeGreaterThan(0)
    expect(blobs.some(({ authorization }) => authorization)).toBe(false)
    expect(world.online.hub.requests.refused.every((host) => !host.includes('.test'))).toBe(true)
  })
})

test('a mirror with other content for a tag is detected, and the content is `older` if Docker Hub confirms its digest', async () => {
  const { good, stale } = await addMirrors({ good: {}, stale: { lies: 'tag' } })
  const race = await world.racer.race(image)
  const { contentOf, expected } = compareRace(race)
  expect(expected).toBe(digestIn(probeOf(race, good)))
  const digest = digestIn(probeOf(race, stale))!
  expect(digest).not.toBe(expected)
  expect(contentOf(digest)).not.toBe('same')
  expect(race.confirmed.includes(digest)).toBe(contentOf(digest) === 'older')
  expect(world.racer.sourcesFor(image).map(({ address }) => address)).toContain(good.address)
})

test('a mirror that answers every HEAD request does not confirm the digest of another mirror', async () => {
  world.online.hub.setBehaviour('all', 'down')
  const { eager, lying } = await addMirrors({ eager: { answers: 'any-head' }, lying: { lies: 'tag' }, good: {} })
  const race = await world.racer.race('redis:7')
  expect(compareRace(race).expected).toBe(digestIn(probeOf(race, eager)))
  expect(race.confirmed).toEqual([])
  expect(compareRace(race).contentOf(digestIn(probeOf(race, lying))!)).toBe('other')
  expect(world.racer.sourcesFor('redis:7').map(({ address }) => address)).not.toContain(lying.address)
})

test('good mirrors are offered for pulls, fastest first and also after a restart, until they are removed', async () => {
  const { fast, slow } = await addMirrors({ slow: { bytesPerSecond: 800_000 }, fast: {} })
  expect(world.racer.sourcesFor(image)).toEqual([])
  const race = await world.racer.race(image)
  await world.racer.restart()
  expect(world.racer.sourcesFor('redis:7').map(({ address }) => address)).toEqual([fast.address, slow.address])
  expect(probeOf(race, fast)).toMatchObject({ at: world.racer.sourcesFor('redis:7')[0]!.probedAt })
  expect(world.racer.sourcesFor('ghcr.io/a/b:1')).toEqual([])
  await world.racer.handlers['mirrors.remove'](fast.address)
  expect(world.racer.sourcesFor('redis:7').map(({ address }) => address)).toEqual([slow.address])
})

test('if Docker Hub does not answer, an image is looked up on a good mirror', async () => {
  const { good } = await addMirrors({ good: {} })
  await world.racer.race(image)
  world.online.hub.setBehaviour('all', 'down')
  const http = httpClient({ version: '0', env: world.online.hub.env })
  const noEngine = { code: 'engine-stopped', endpoint: 'x' } as const
  const search = searchService({
    engine: { session: () => ({ ok: false, error: noEngine }) },
    publish: () => undefined,
    ...{ http, searchHosts: [], platform: () => undefined, sourcesFor: world.racer.sourcesFor },
    registry: registryClient({ http, credentials: async () => ({ kind: 'password', username: 'u', password: 'p' }) }),
  })
  good.clear()
  const result = await search.checkReference('redis:7')
  expect(result).toMatchObject({ ok: true, value: { digest: world.online.digests.get('redis:7') } })
  expect(good.requests.some(({ authorization }) => authorization)).toBe(false)
  search.end()
  await http.close()
})

test('a mirror that sent Retry-After gets no requests before that time', async () => {
  const { limited } = await addMirrors({ limited: { throttles: { retryAfter: 600 } } })
  await world.racer.race(image)
  const countBefore = limited.requests.length
  const again = await world.racer.race(image)
  expect(limited.requests.length).toBe(countBefore)
  expect(failureIn(probeOf(again, limited))).toMatchObject({ code: 'registry-limited' })
})

test('an untested mirror of the catalogue can be added to the list, and then counts as tested', async () => {
  const catalogueAddress = 'https://docker.mirrors.ustc.edu.cn'
  const isIn = (mirrors: readonly { readonly address: string }[]) =>
    mirrors.some(({ address }) => address === catalogueAddress)
  expect(isIn((await world.racer.read()).untested)).toBe(true)
  await world.racer.add(catalogueAddress)
  const { tested, untested } = await world.racer.read()
  expect([isIn(tested), isIn(untested)]).toEqual([true, false])
  const again = await world.racer.handlers['mirrors.add'](catalogueAddress)
  expect(again).toEqual({ ok: false, error: { code: 'mirror-listed', address: catalogueAddress } })
  expect(await world.racer.handlers['mirrors.add']('docker.1ms.run')).toMatchObject({
    error: { code: 'mirror-listed' },
  })
})

test('each mirror that the engine uses is tested once, even if it is not on the list', async () => {
  const listed = await world.online.mirrors.add('listed')
  const unlisted = await world.online.mirrors.add('unlisted')
  await world.reopenRacer({ inForce: [`${listed.address}/`, `${unlisted.address}/`, unlisted.address] })
  await world.racer.add(listed.address)
  const race = await world.racer.race(image)
  expect(probeOf(race, listed)).toMatchObject({ state: 'answered' })
  expect(probeOf(race, unlisted)).toMatchObject({ state: 'answered' })
  expect(Object.keys(race.probes).filter((address) => address.endsWith('/'))).toEqual([])
  expect(world.racer.sourcesFor(image).map(({ address }) => address)).toEqual([listed.address])
})

test('results are published while the race runs, and a cancelled race keeps them', async () => {
  const { fast, silent } = await addMirrors({ fast: {}, silent: { connecting: 'silent' } })
  const id = await world.racer.startRace(image)
  await eventually(() => world.racer.published.at(-1)?.race?.probes[fast.address]?.state === 'answered')
  expect(world.racer.published.at(-1)!.race!.probes[silent.address]!.state).toBe('asking')
  world.racer.cancel(id)
  await eventually(() => world.racer.job(id)?.state === 'cancelled')
  const { race } = await world.racer.read()
  expect(race).toMatchObject({ ended: expect.any(Number), cancelled: true })
  expect(Object.keys(race!.probes)).toContain(fast.address)
  expect(Object.keys(race!.probes)).not.toContain(silent.address)
})

test('a cancelled race does not discard the results of an earlier complete race', async () => {
  const { fast, other } = await addMirrors({ fast: {}, other: {} })
  const complete = await world.racer.race(image)
  const addresses = () => world.racer.sourcesFor(image).map(({ address }) => address)
  /** Starts a race and cancels it once `fast` has failed. */
  const cancelRace = async (reference: string) => {
    const id = await world.racer.startRace(reference)
    await eventually(() => {
      const latest = world.racer.published.at(-1)?.race
      return latest?.job === id && latest.probes[fast.address]?.state === 'failed'
    })
    world.racer.cancel(id)
    await eventually(() => world.racer.job(id)?.state === 'cancelled')
    return (await world.racer.read()).race!
  }
  fast.setBehaviour({ answers: 410 })
  other.setBehaviour({ connecting: 'silent' })

  expect(await cancelRace('redis:7')).toEqual(complete)
  const race = await cancelRace(image)
  expect(race).toMatchObject({ image, cancelled: true })
  expect(failureIn(probeOf(race, fast))).toMatchObject({ code: 'registry-error' })
  expect(probeOf(race, other)).toEqual(probeOf(complete, other))
  expect(addresses()).toEqual([other.address])
  await world.racer.restart()
  expect((await world.racer.read()).race).toEqual(race)
  expect(addresses()).toEqual([other.address])
})
