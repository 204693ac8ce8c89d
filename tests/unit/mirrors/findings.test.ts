import { describe, expect, test } from 'vitest'
import { afterCancelledRace, usableMirrors, mirrorsToSkip } from '../../../main/mirrors/findings.ts'
import { hubAddress, type MirrorProbe, type MirrorRace } from '../../../preload/contract/index.ts'

const now = 1_000_000
const answered = (digest: string, at = now): MirrorProbe => ({ state: 'answered', digest, firstByte: 0.1, at })
const limited = (until: number, digest?: string): MirrorProbe => ({
  ...{ state: 'failed', failure: { code: 'registry-limited', host: 'x', until }, at: now },
  ...(digest !== undefined && { digest }),
})
const raceOf = (probes: Record<string, MirrorProbe>, more: Partial<MirrorRace> = {}): MirrorRace => ({
  ...{ job: '1', image: 'alpine:latest', started: now, ended: now, confirmed: [], unknown: [] },
  ...{ probes, ...more },
})
const good = (race: MirrorRace | undefined) => usableMirrors(race).map(({ address }) => address)

test('who wants to be left alone is, without what it had of another image', () => {
  const race = raceOf({ [hubAddress]: limited(now + 600, 'alpine’s'), a: limited(now - 1), b: answered('x') })
  expect(mirrorsToSkip(race, now)).toEqual({ [hubAddress]: limited(now + 600) })
})

describe('a race that is given up', () => {
  const former = raceOf({ [hubAddress]: answered('old'), a: answered('old'), b: answered('old') })
  const cut = (probes: Record<string, MirrorProbe>, image = former.image) => raceOf(probes, { image, cut: true })

  test('once a tag has moved, leaves what had its former content in use', () => {
    const race = afterCancelledRace(cut({ [hubAddress]: answered('new') }), former, now)
    expect(good(race)).toEqual(['a', 'b'])
  })

  test('keeps in mind who wants to be left alone, whatever else it leaves as it was', () => {
    const race = afterCancelledRace(cut({ a: limited(now + 600, 'other') }, 'nginx:latest'), former, now)!
    expect(race).toEqual({ ...former, probes: { ...former.probes, a: limited(now + 600) } })
    expect(good(race)).toEqual(['b'])
    expect(afterCancelledRace(cut({}), former, now)).toEqual(former)
    expect(afterCancelledRace(cut({}), undefined, now)).toBeUndefined()
  })
})
