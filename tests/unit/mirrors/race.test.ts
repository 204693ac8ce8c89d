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
const answeredProbe = (digest: string, speed?: number): Probe<TestFailure> => ({
  ...{ state: 'answered', digest, firstByte: 0.1, at: 0 },
  ...(speed !== undefined && { speed }),
})
const failedProbe = (code: string, reason?: string): Probe<TestFailure> => ({
  ...{ state: 'failed', at: 0 },
  failure: { code, ...(reason !== undefined && { reason }) },
})

test('Docker Hub’s content is the expected content, whatever most mirrors have', () => {
  const { expected, contentOf } = compareDigests('new', ['old', 'old', 'new'])
  expect(expected).toBe('new')
  expect(['new', 'old'].map(contentOf)).toEqual(['same', 'open'])
})

test('confirmed content is `older`, unknown content is `other`, and content without a cross-check stays `open`', () => {
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

test('in a tie, confirmed content may be used', () => {
  const { contentOf } = compareDigests(undefined, ['new', 'old'], { confirmed: ['old'], unknown: ['new'] })
  expect(['new', 'old'].map(contentOf)).toEqual(['disputed', 'either'])
  expect(isUsable(answeredProbe('old'), 'either')).toBe(true)
  expect(isCurrent('either')).toBe(false)
})

test('before the cross-checks have ended, different content is `open` and cannot be used', () => {
  expect(compareDigests('new', ['old', 'new']).contentOf('old')).toBe('open')
  expect(compareDigests(undefined, ['a', 'b'], undefined, false).contentOf('a')).toBe('open')
  expect(isUsable(answeredProbe('old'), 'open')).toBe(false)
})

test('a mirror may be used if there is no other to compare it with', () => {
  const { contentOf } = compareDigests(undefined, ['a'])
  expect(contentOf('a')).toBe('alone')
  expect(isUsable(answeredProbe('a'), contentOf('a'))).toBe(true)
})

test.each([
  [false, 'the mirror named no time', { at: 1000, until: undefined }, 1001],
  [true, 'the time has not come', { at: 1000, until: 1600 }, 1599],
  [false, 'the time has come', { at: 1000, until: 1600 }, 1600],
  [true, 'the time is years away, within the first hour', { at: 1000, until: 9e9 }, 4599],
  [false, 'the time is years away, after an hour', { at: 1000, until: 9e9 }, 4600],
  [false, 'the clock was set back', { at: 90_000, until: 90_600 }, 1000],
] as const)('isRateLimited is %s if %s', (expected, _, limit, now) => {
  expect(isRateLimited(limit, now)).toBe(expected)
})

test('usable mirrors come first, by speed, then mirrors without a result, then other content, then failures', () => {
  const probes: Record<string, Probe<TestFailure> | undefined> = {
    dead: failedProbe('registry-slow'),
    slow: answeredProbe('a', 10),
    altered: answeredProbe('b', 1000),
    asking: { state: 'asking' },
    fast: answeredProbe('a', 100),
    new: undefined,
  }
  const { contentOf } = compareDigests('a', ['a', 'b', 'a'])
  const order = Object.keys(probes).toSorted(compareByResult((name: string) => probes[name], contentOf))
  expect(order).toEqual(['fast', 'slow', 'asking', 'new', 'altered', 'dead'])
})

test('sorting keeps all mirrors, and puts every usable mirror before every other', () => {
  const probe = fc.oneof(
    fc.constant(undefined),
    fc
      .record({ digest: fc.constantFrom('a', 'b', 'c'), speed: fc.nat() })
      .map(({ digest, speed }) => answeredProbe(digest, speed)),
    fc.constantFrom('registry-slow', 'registry-tls').map((code) => failedProbe(code)),
  )
  fc.assert(
    fc.property(fc.array(probe), fc.option(fc.constantFrom('a', 'b'), { nil: undefined }), (probes, hub) => {
      const digests = probes.flatMap((probe) => (probe?.state === 'answered' ? [probe.digest] : []))
      const { contentOf } = compareDigests(hub, digests)
      const participants = probes.map((_, index) => index)
      const order = participants.toSorted(compareByResult((index: number) => probes[index], contentOf))
      expect(order.toSorted((a, b) => a - b)).toEqual(participants)
      const usability = order.map((index) => {
        const probe = probes[index]
        return isUsable(probe, contentOf(probe?.state === 'answered' ? probe.digest : ''))
      })
      expect(usability).toEqual([...usability].toSorted((a, b) => Number(b) - Number(a)))
    }),
  )
})

test.each([
  ['found', failedProbe('registry-slow'), [answeredProbe('a', 1), failedProbe('registry-slow')]],
  ['hub-works', answeredProbe('a', 1), [failedProbe('registry-slow')]],
  ['no-image', failedProbe('reference-unknown'), [failedProbe('reference-unknown')]],
  [
    'none',
    failedProbe('registry-slow'),
    [failedProbe('registry-limited'), failedProbe('registry-unreachable', 'refused')],
  ],
  ['disputed', failedProbe('registry-slow'), [answeredProbe('a', 1), answeredProbe('b', 1)]],
  ['offline', failedProbe('registry-unreachable', 'no-network'), [failedProbe('registry-unreachable', 'no-network')]],
  ['offline', failedProbe('registry-unreachable', 'no-host'), [failedProbe('registry-unreachable', 'no-network')]],
  ['portal', failedProbe('registry-tls'), [failedProbe('registry-invalid-reply'), failedProbe('registry-tls')]],
  ['clock', failedProbe('registry-tls', 'expired'), [failedProbe('registry-tls', 'not-yet-valid')]],
] as const)('the diagnosis of a race can be %s', (diagnosis, hub, mirrors) => {
  const digests = mirrors.flatMap((probe) => (probe.state === 'answered' ? [probe.digest] : []))
  const { contentOf } = compareDigests(hub.state === 'answered' ? hub.digest : undefined, digests)
  expect(diagnose(hub, mirrors, contentOf)).toBe(diagnosis)
})
