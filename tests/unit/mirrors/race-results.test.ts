import { describe, expect, test } from 'vitest'
import { afterCancelledRace, usableMirrors, mirrorsToSkip } from '../../../main/mirrors/race-results.ts'
import { hubAddress, type MirrorProbe, type MirrorRace } from '../../../preload/contract/index.ts'

const now = 1_000_000
const answered = (digest: string, at = now): MirrorProbe => ({ state: 'answered', digest, firstByte: 0.1, at })
const limited = (until: number, digest?: string): MirrorProbe => ({
  ...{ state: 'failed', failure: { code: 'registry-limited', host: 'x', until }, at: now },
  ...(digest !== undefined && { digest }),
})
const raceOf = (probes: Record<string, MirrorProbe>, overrides: Partial<MirrorRace> = {}): MirrorRace => ({
  ...{ job: '1', image: 'alpine:latest', started: now, ended: now, confirmed: [], unknown: [] },
  ...{ probes, ...overrides },
})
const usable = (race: MirrorRace | undefined) => usableMirrors(race).map(({ address }) => address)

test('a rate-limited registry is skipped, without its digest of another image', () => {
  const race = raceOf({ [hubAddress]: limited(now + 600, 'alpine’s'), a: limited(now - 1), b: answered('x') })
  expect(mirrorsToSkip(race, now)).toEqual({ [hubAddress]: limited(now + 600) })
})

describe('a cancelled race', () => {
  const former = raceOf({ [hubAddress]: answered('old'), a: answered('old'), b: answered('old') })
  const cancelled = (probes: Record<string, MirrorProbe>, image = former.image) =>
    raceOf(probes, { image, cancelled: true })

  test('keeps the mirrors with the former content in use if the tag has moved', () => {
    const race = afterCancelledRace(cancelled({ [hubAddress]: answered('new') }), former, now)
    expect(usable(race)).toEqual(['a', 'b'])
  })

  test('remembers which mirrors are rate-limited, and otherwise keeps the former result', () => {
    const race = afterCancelledRace(cancelled({ a: limited(now + 600, 'other') }, 'nginx:latest'), former, now)!
    expect(race).toEqual({ ...former, probes: { ...former.probes, a: limited(now + 600) } })
    expect(usable(race)).toEqual(['b'])
    expect(afterCancelledRace(cancelled({}), former, now)).toEqual(former)
    expect(afterCancelledRace(cancelled({}), undefined, now)).toBeUndefined()
  })
})
