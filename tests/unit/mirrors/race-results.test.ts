import { describe, expect, test } from 'vitest'
import { mergeCancelledRace, usableMirrors, mirrorsToSkip } from '../../../main/mirrors/race-results.ts'
import { hubAddress, type MirrorProbe, type MirrorRace } from '../../../preload/contract/index.ts'

const now = 1_000_000
const answeredProbe = (digest: string, at = now): MirrorProbe => ({ state: 'answered', digest, firstByte: 0.1, at })
const limitedProbe = (until: number, digest?: string): MirrorProbe => ({
  ...{ state: 'failed', failure: { code: 'registry-limited', host: 'x', until }, at: now },
  ...(digest !== undefined && { digest }),
})
const raceOf = (probes: Record<string, MirrorProbe>, overrides: Partial<MirrorRace> = {}): MirrorRace => ({
  ...{ job: '1', image: 'alpine:latest', started: now, ended: now, confirmed: [], unknown: [] },
  ...{ probes, ...overrides },
})
const usableAddresses = (race: MirrorRace | undefined) => usableMirrors(race).map(({ address }) => address)

test('a registry is skipped while its rate limit lasts, and its digest of an earlier image is dropped', () => {
  const race = raceOf({
    [hubAddress]: limitedProbe(now + 600, 'alpine’s'),
    a: limitedProbe(now - 1),
    b: answeredProbe('x'),
  })
  expect(mirrorsToSkip(race, now)).toEqual({ [hubAddress]: limitedProbe(now + 600) })
})

describe('a cancelled race', () => {
  const former = raceOf({ [hubAddress]: answeredProbe('old'), a: answeredProbe('old'), b: answeredProbe('old') })
  const cancelledRace = (probes: Record<string, MirrorProbe>, image = former.image) =>
    raceOf(probes, { image, cancelled: true })

  test('leaves the mirrors with the former content usable if the tag has moved', () => {
    const race = mergeCancelledRace(cancelledRace({ [hubAddress]: answeredProbe('new') }), former, now)
    expect(usableAddresses(race)).toEqual(['a', 'b'])
  })

  test('remembers which mirrors are rate-limited, and otherwise keeps the former result', () => {
    const race = mergeCancelledRace(
      cancelledRace({ a: limitedProbe(now + 600, 'other') }, 'nginx:latest'),
      former,
      now,
    )!
    expect(race).toEqual({ ...former, probes: { ...former.probes, a: limitedProbe(now + 600) } })
    expect(usableAddresses(race)).toEqual(['b'])
    expect(mergeCancelledRace(cancelledRace({}), former, now)).toEqual(former)
    expect(mergeCancelledRace(cancelledRace({}), undefined, now)).toBeUndefined()
  })
})
