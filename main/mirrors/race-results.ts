/** Results of a race: which mirrors are usable, and what remains of a race that was cancelled. */
import {
  compareDigests,
  digestIn,
  isCurrent,
  isUsable,
  isRateLimited,
  type Comparison,
} from '../../model/mirrors/race.ts'
import { hubAddress, type MirrorProbe, type MirrorRace } from '../../preload/contract/index.ts'

/** A mirror that was usable in the last race. */
export interface MirrorSource {
  readonly address: string
  /** Bytes per second; undefined if the image was too small to measure. */
  readonly speed?: number | undefined
  /** When the mirror was probed, in seconds since 1970. */
  readonly probedAt: number
}

/** @returns the usable mirrors without Docker Hub: those with current content first, then by speed */
export function usableMirrors(race: MirrorRace | undefined): MirrorSource[] {
  if (!race) return []
  const { [hubAddress]: _, ...mirrors } = race.probes
  const { contentOf } = compareProbes(race)
  return Object.entries(mirrors)
    .flatMap(([address, probe]) =>
      probe.state === 'answered' && isUsable(probe, contentOf(probe.digest))
        ? [{ current: isCurrent(contentOf(probe.digest)), source: { address, speed: probe.speed, probedAt: probe.at } }]
        : [],
    )
    .toSorted((a, b) => Number(b.current) - Number(a.current) || (b.source.speed ?? 0) - (a.source.speed ?? 0))
    .map(({ source }) => source)
}

function compareProbes(race: MirrorRace): Comparison {
  const { [hubAddress]: hubProbe, ...mirrors } = race.probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  return compareDigests(digestIn(hubProbe), digests, race, !race.cancelled)
}

/**
 * @returns the failed probes of mirrors that still limit requests and that the next race skips. The probes have no
 * digests, since the next race may use another image.
 */
export function mirrorsToSkip(race: MirrorRace | undefined, now: number): Record<string, MirrorProbe> {
  return Object.fromEntries(
    Object.entries(race?.probes ?? {}).flatMap(([address, probe]) => {
      if (probe.state !== 'failed' || probe.failure.code !== 'registry-limited') return []
      const { at, failure } = probe
      return isRateLimited({ at, until: failure.until }, now) ? [[address, { state: 'failed', failure, at }]] : []
    }),
  )
}

/**
 * Merges a cancelled race with the previous one:
 * - Same image: mirrors without a result keep their previous result.
 * - Another image, with a usable mirror: the cancelled race replaces the previous one.
 * - Otherwise only the rate limits of the cancelled race are added to the previous one.
 * @param now in seconds since 1970
 */
export function mergeCancelledRace(
  cancelled: MirrorRace,
  previous: MirrorRace | undefined,
  now: number,
): MirrorRace | undefined {
  if (!previous) return Object.keys(cancelled.probes).length === 0 ? undefined : cancelled
  const canMerge = previous.image === cancelled.image && Object.keys(cancelled.probes).length > 0
  if (!canMerge && usableMirrors(cancelled).length === 0)
    return { ...previous, probes: { ...previous.probes, ...mirrorsToSkip(cancelled, now) } }
  if (!canMerge) return cancelled
  const probes = { ...previous.probes, ...cancelled.probes }
  // The tag may have moved since the previous race; the digest expected then is still correct.
  const { expected = [] } = compareProbes(previous)
  const confirmed = [...new Set([previous.confirmed, cancelled.confirmed, expected].flat())]
  const unknown = [...new Set([previous.unknown, cancelled.unknown].flat())]
  return { ...cancelled, probes, confirmed, unknown }
}
