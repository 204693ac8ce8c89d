import { describe, expect, test } from 'vitest'
import { failingMirrors, isCheckDue, type InForceCheck } from '../../../model/mirrors/in-force.ts'
import type { ProbeFailure } from '../../../model/mirrors/race.ts'

const hub = 'https://hub.example'
const [a, b] = ['https://a.example', 'https://b.example']
const daySeconds = 86_400
const now = 100 * daySeconds

const failed = (code: string, reason?: string) => ({
  ...({ state: 'failed', at: now } as const),
  failure: { code, ...(reason !== undefined && { reason }) },
})
const answered = { state: 'answered', digest: 'x', firstByte: 0.1, at: now } as const
const checkOf = (probes: InForceCheck<ProbeFailure>['probes'], at = now): InForceCheck<ProbeFailure> => ({ at, probes })
const failing = (probes: InForceCheck<ProbeFailure>['probes'], inForce = [a, b]) =>
  failingMirrors(checkOf(probes), inForce, hub).map(({ address }) => address)

describe('a check of the mirrors in force', () => {
  const check = checkOf({ [hub]: answered, [a]: answered })

  test('is due if there was none, after a week, and if the clock was set back', () => {
    expect(isCheckDue(undefined, [a], now)).toBe(true)
    expect(isCheckDue(check, [a], now + 6 * daySeconds)).toBe(false)
    expect(isCheckDue(check, [a], now + 7 * daySeconds)).toBe(true)
    expect(isCheckDue(check, [a], now - 1)).toBe(true)
  })

  test('is due if the engine uses a mirror that was not checked, and never if the engine uses none', () => {
    expect(isCheckDue(check, [a, b], now)).toBe(true)
    expect(isCheckDue(check, [`${a}/`], now)).toBe(false)
    expect(isCheckDue(undefined, [], now)).toBe(false)
  })

  test('is due after a failed pull, but not again for each pull of a series', () => {
    expect(isCheckDue(check, [a], now + 60, true)).toBe(false)
    expect(isCheckDue(check, [a], now + 600, true)).toBe(true)
  })
})

describe('a mirror in force', () => {
  test('is failing if its check failed, and is named as the engine names it', () => {
    expect(failing({ [hub]: answered, [a]: answered, [b]: failed('registry-slow') }, [a, `${b}/`])).toEqual([`${b}/`])
    expect(failing({ [hub]: failed('registry-slow'), [a]: failed('registry-tls'), [b]: answered })).toEqual([a])
  })

  test('is not failing if it limits requests or lacks the image of the check', () => {
    expect(failing({ [hub]: answered, [a]: failed('registry-limited'), [b]: failed('reference-unknown') })).toEqual([])
  })

  test('is not failing if no server was reachable, a captive portal answered, or the clock is wrong', () => {
    const offline = failed('registry-unreachable', 'no-network')
    expect(failing({ [hub]: offline, [a]: offline, [b]: offline })).toEqual([])
    const portal = failed('registry-invalid-reply')
    expect(failing({ [hub]: portal, [a]: portal })).toEqual([])
    const clock = failed('registry-tls', 'expired')
    expect(failing({ [hub]: clock, [a]: clock })).toEqual([])
  })

  test('is not named any more once the engine does not use it', () => {
    expect(failing({ [hub]: answered, [a]: failed('registry-slow') }, [b])).toEqual([])
  })
})
