import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  compareByResult,
  compareDigests,
  diagnose,
  isCurrent,
  isUsable,
  isRateLimited,
  type Probe,
} from '../../../model/mirrors/race.ts'

interface Why {
  readonly code: string
  readonly reason?: string
}
const answered = (digest: string, speed?: number): Probe<Why> => ({
  ...{ state: 'answered', digest, firstByte: 0.1, at: 0 },
  ...(speed !== undefined && { speed }),
})
const failed = (code: string, reason?: string): Probe<Why> => ({
  ...{ state: 'failed', at: 0 },
  failure: { code, ...(reason !== undefined && { reason }) },
})

test('Docker Hub’s content is what the tag means, whatever most mirrors have', () => {
  const { expected, contentOf } = compareDigests('new', ['old', 'old', 'new'])
  expect(expected).toBe('new')
  expect(['new', 'old'].map(contentOf)).toEqual(['same', 'open'])
})

test('content that Docker Hub still knows is only older', () => {
  const { contentOf } = compareDigests('new', ['old', 'bad', 'odd'], { confirmed: ['old'], unknown: ['bad'] })
  expect(['old', 'bad'].map(contentOf)).toEqual(['older', 'other'])
  // Nobody could say.
  expect(contentOf('odd')).toBe('open')
})

test('without Docker Hub most mirrors are believed; where they are even, nobody is', () => {
  expect(compareDigests(undefined, ['a', 'a', 'b'], { confirmed: [], unknown: ['b'] }).contentOf('b')).toBe('other')
  expect(compareDigests(undefined, ['a', 'b']).contentOf('a')).toBe('disputed')
  expect(compareDigests(undefined, ['a', 'a', 'b', 'b']).expected).toBeUndefined()
})

test('where they are even, what the others know as well may be used', () => {
  const { contentOf } = compareDigests(undefined, ['new', 'old'], { confirmed: ['old'], unknown: ['new'] })
  expect(['new', 'old'].map(contentOf)).toEqual(['disputed', 'either'])
  expect(isUsable(answered('old'), 'either')).toBe(true)
  expect(isCurrent('either')).toBe(false)
})

test('while a race is running, no mirror is said to have other content', () => {
  expect(compareDigests('new', ['old', 'new']).contentOf('old')).toBe('open')
  expect(compareDigests(undefined, ['a', 'b'], undefined, false).contentOf('a')).toBe('open')
  expect(isUsable(answered('old'), 'open')).toBe(false)
})

test('a mirror that cannot be compared with another may be used', () => {
  const { contentOf } = compareDigests(undefined, ['a'])
  expect(contentOf('a')).toBe('alone')
  expect(isUsable(answered('a'), contentOf('a'))).toBe(true)
})

test.each([
  [false, 'it did not say until when', { at: 1000, until: undefined }, 1001],
  [true, 'its time has not come', { at: 1000, until: 1600 }, 1599],
  [false, 'its time has come', { at: 1000, until: 1600 }, 1600],
  [true, 'it wants years, within the hour', { at: 1000, until: 9e9 }, 4599],
  [false, 'it wants years, after an hour', { at: 1000, until: 9e9 }, 4600],
  [false, 'the clock was set back', { at: 90_000, until: 90_600 }, 1000],
] as const)('a mirror that is asked too often is left alone: %s, where %s', (left, _, heard, now) => {
  expect(isRateLimited(heard, now)).toBe(left)
})

test('the fastest good mirrors come first, then those being tested, then those that failed', () => {
  const probes: Record<string, Probe<Why> | undefined> = {
    dead: failed('registry-slow'),
    slow: answered('a', 10),
    altered: answered('b', 1000),
    asking: { state: 'asking' },
    fast: answered('a', 100),
    new: undefined,
  }
  const { contentOf } = compareDigests('a', ['a', 'b', 'a'])
  const order = Object.keys(probes).toSorted(compareByResult((name: string) => probes[name], contentOf))
  expect(order).toEqual(['fast', 'slow', 'asking', 'new', 'altered', 'dead'])
})

test('ordering loses none, adds none, and puts none that is not good before one that is', () => {
  const probe = fc.oneof(
    fc.constant(undefined),
    fc.record({ digest: fc.constantFrom('a', 'b', 'c'), speed: fc.nat() }).map((p) => answered(p.digest, p.speed)),
    fc.constantFrom('registry-slow', 'registry-tls').map((code) => failed(code)),
  )
  fc.assert(
    fc.property(fc.array(probe), fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), (probes, hub) => {
      const digests = probes.flatMap((one) => (one?.state === 'answered' ? [one.digest] : []))
      const { contentOf } = compareDigests(hub, digests)
      const runners = probes.map((_, at) => at)
      const order = runners.toSorted(compareByResult((at: number) => probes[at], contentOf))
      expect(order.toSorted((a, b) => a - b)).toEqual(runners)
      const good = order.map((at) => {
        const one = probes[at]
        return isUsable(one, contentOf(one?.state === 'answered' ? one.digest : ''))
      })
      expect(good).toEqual([...good].toSorted((a, b) => Number(b) - Number(a)))
    }),
  )
})

test.each([
  ['found', failed('registry-slow'), [answered('a', 1), failed('registry-slow')]],
  ['hub-works', answered('a', 1), [failed('registry-slow')]],
  ['no-image', failed('reference-unknown'), [failed('reference-unknown')]],
  ['none', failed('registry-slow'), [failed('registry-limited'), failed('registry-unreachable', 'refused')]],
  ['disputed', failed('registry-slow'), [answered('a', 1), answered('b', 1)]],
  ['offline', failed('registry-unreachable', 'no-network'), [failed('registry-unreachable', 'no-network')]],
  ['offline', failed('registry-unreachable', 'no-host'), [failed('registry-unreachable', 'no-network')]],
  ['portal', failed('registry-tls'), [failed('registry-nonsense'), failed('registry-tls')]],
  ['clock', failed('registry-tls', 'expired'), [failed('registry-tls', 'not-yet-valid')]],
] as const)('what ails them all is told: %s', (diagnosis, hub, mirrors) => {
  const digests = mirrors.flatMap((probe) => (probe.state === 'answered' ? [probe.digest] : []))
  const { contentOf } = compareDigests(hub.state === 'answered' ? hub.digest : undefined, digests)
  expect(diagnose(hub, mirrors, contentOf)).toBe(diagnosis)
})
