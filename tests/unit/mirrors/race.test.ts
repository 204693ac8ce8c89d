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

interface TestFailure {
  readonly code: string
  readonly reason?: string
}
const answered = (digest: string, speed?: number): Probe<TestFailure> => ({
  ...{ state: 'answered', digest, firstByte: 0.1, at: 0 },
  ...(speed !== undefined && { speed }),
})
const failed = (code: string, reason?: string): Probe<TestFailure> => ({
  ...{ state: 'failed', at: 0 },
  failure: { code, ...(reason !== undefined && { reason }) },
})

test('Docker Hub’s content is the expected content, whatever most mirrors have', () => {
  const { expected, contentOf } = compareDigests('new', ['old', 'old', 'new'])
  expect(expected).toBe('new')
  expect(['new', 'old'].map(contentOf)).toEqual(['same', 'open'])
})

test('content that Docker Hub still knows is only older', () => {
  const { contentOf } = compareDigests('new', ['old', 'bad', 'odd'], { confirmed: ['old'], unknown: ['bad'] })
  expect(['old', 'bad'].map(contentOf)).toEqual(['older', 'other'])
  // No registry could say whether it knows this content.
  expect(contentOf('odd')).toBe('open')
})

test('without Docker Hub the majority of the mirrors decides, and a tie decides nothing', () => {
  expect(compareDigests(undefined, ['a', 'a', 'b'], { confirmed: [], unknown: ['b'] }).contentOf('b')).toBe('other')
  expect(compareDigests(undefined, ['a', 'b']).contentOf('a')).toBe('disputed')
  expect(compareDigests(undefined, ['a', 'a', 'b', 'b']).expected).toBeUndefined()
})

test('in a tie, content that the other mirrors know too may be used', () => {
  const { contentOf } = compareDigests(undefined, ['new', 'old'], { confirmed: ['old'], unknown: ['new'] })
  expect(['new', 'old'].map(contentOf)).toEqual(['disputed', 'either'])
  expect(isUsable(answered('old'), 'either')).toBe(true)
  expect(isCurrent('either')).toBe(false)
})

test('while a race is running, no mirror is reported as having other content', () => {
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
  [false, 'it named no time', { at: 1000, until: undefined }, 1001],
  [true, 'the time has not come', { at: 1000, until: 1600 }, 1599],
  [false, 'the time has come', { at: 1000, until: 1600 }, 1600],
  [true, 'the time is years away, within the first hour', { at: 1000, until: 9e9 }, 4599],
  [false, 'the time is years away, after an hour', { at: 1000, until: 9e9 }, 4600],
  [false, 'the clock was set back', { at: 90_000, until: 90_600 }, 1000],
] as const)('a mirror with a rate limit is skipped (%s) if %s', (expected, _, limit, now) => {
  expect(isRateLimited(limit, now)).toBe(expected)
})

test('the fastest good mirrors come first, then those being tested, then those that failed', () => {
  const probes: Record<string, Probe<TestFailure> | undefined> = {
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

test('ordering keeps all mirrors, and puts every good mirror before every other', () => {
  const probe = fc.oneof(
    fc.constant(undefined),
    fc
      .record({ digest: fc.constantFrom('a', 'b', 'c'), speed: fc.nat() })
      .map(({ digest, speed }) => answered(digest, speed)),
    fc.constantFrom('registry-slow', 'registry-tls').map((code) => failed(code)),
  )
  fc.assert(
    fc.property(fc.array(probe), fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), (probes, hub) => {
      const digests = probes.flatMap((probe) => (probe?.state === 'answered' ? [probe.digest] : []))
      const { contentOf } = compareDigests(hub, digests)
      const participants = probes.map((_, index) => index)
      const order = participants.toSorted(compareByResult((index: number) => probes[index], contentOf))
      expect(order.toSorted((a, b) => a - b)).toEqual(participants)
      const good = order.map((index) => {
        const probe = probes[index]
        return isUsable(probe, contentOf(probe?.state === 'answered' ? probe.digest : ''))
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
  ['portal', failed('registry-tls'), [failed('registry-invalid-reply'), failed('registry-tls')]],
  ['clock', failed('registry-tls', 'expired'), [failed('registry-tls', 'not-yet-valid')]],
] as const)('the common cause of the failures is diagnosed: %s', (diagnosis, hub, mirrors) => {
  const digests = mirrors.flatMap((probe) => (probe.state === 'answered' ? [probe.digest] : []))
  const { contentOf } = compareDigests(hub.state === 'answered' ? hub.digest : undefined, digests)
  expect(diagnose(hub, mirrors, contentOf)).toBe(diagnosis)
})
