/** The check of the mirrors that the engine uses: when it is due, and which of them do not work. */
import type { UnixTime } from '../image/image.ts'
import { sameMirror } from './address.ts'
import { diagnose, type Probe, type ProbeFailure } from './race.ts'

/** The last check of the mirrors in force. */
export interface InForceCheck<Failure> {
  readonly at: UnixTime
  /** By address. */
  readonly probes: Readonly<Record<string, Probe<Failure>>>
}

export interface FailingMirror<Failure> {
  readonly address: string
  readonly failure: Failure
  /** When the mirror was checked. */
  readonly at: UnixTime
}

const weekSeconds = 7 * 86_400
/** The least time between two checks because of failed pulls. */
const repeatSeconds = 600

/**
 * @param afterFailedPull whether a pull from Docker Hub has just failed
 * @returns whether the mirrors in force should be checked: once a week, when they have changed, and when a pull failed
 */
export function isCheckDue(
  check: InForceCheck<unknown> | undefined,
  inForce: readonly string[],
  now: UnixTime,
  afterFailedPull = false,
): boolean {
  if (inForce.length === 0) return false
  const checked = Object.keys(check?.probes ?? {})
  // A check from the future (the clock was set back) is repeated.
  if (!check || check.at > now || !inForce.every((address) => checked.some((other) => sameMirror(address, other))))
    return true
  return now - check.at >= (afterFailedPull ? repeatSeconds : weekSeconds)
}

/** Failures that do not show that a mirror has stopped working: it limits requests, or lacks the image of the check. */
const harmlessCodes = ['registry-limited', 'reference-unknown']

/**
 * @returns the mirrors in force that failed in the last check, in the engine's order. Empty if the check shows a fault of
 * this computer's network instead: no server was reachable, a captive portal answered, or the clock is wrong.
 */
export function failingMirrors<Failure extends ProbeFailure>(
  check: InForceCheck<Failure> | undefined,
  inForce: readonly string[],
  hubAddress: string,
): FailingMirror<Failure>[] {
  if (!check) return []
  const { [hubAddress]: hub, ...mirrors } = check.probes
  if (['offline', 'portal', 'clock'].includes(diagnose(hub, Object.values(mirrors), () => 'alone'))) return []
  return inForce.flatMap((address) => {
    const probe = Object.entries(mirrors).find(([checked]) => sameMirror(checked, address))?.[1]
    if (probe?.state !== 'failed' || harmlessCodes.includes(probe.failure.code)) return []
    return [{ address, failure: probe.failure, at: probe.at }]
  })
}
