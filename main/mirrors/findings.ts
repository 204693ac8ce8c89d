/** What a race found: which mirrors may be used, and what is remembered of one that was given up. */
import { compare, digestIn, isFresh, isGood, isLeftAlone, type Compared } from '../../model/mirrors/race.ts'
import { hubAddress, type MirrorProbe, type MirrorRace } from '../../preload/contract/index.ts'

/** A mirror that the last race found good. */
export interface MirrorSource {
  readonly address: string
  readonly speed?: number | undefined
  /** When it was tried, in seconds since 1970. */
  readonly tried: number
}

/** The fastest first; Docker Hub itself is none. */
export function goodOnes(race: MirrorRace | undefined): MirrorSource[] {
  if (!race) return []
  const { [hubAddress]: _, ...mirrors } = race.probes
  const { contentOf } = compared(race)
  return Object.entries(mirrors)
    .flatMap(([address, probe]) =>
      probe.state === 'answered' && isGood(probe, contentOf(probe.digest))
        ? [{ fresh: isFresh(contentOf(probe.digest)), source: { address, speed: probe.speed, tried: probe.at } }]
        : [],
    )
    .toSorted((a, b) => Number(b.fresh) - Number(a.fresh) || (b.source.speed ?? 0) - (a.source.speed ?? 0))
    .map(({ source }) => source)
}

function compared(race: MirrorRace): Compared {
  const { [hubAddress]: itself, ...mirrors } = race.probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  return compare(digestIn(itself), digests, race, !race.cut)
}

/**
 * What was found of those who want to be left alone until later, as that holds until then. What they had does not: it
 * may have been another image.
 */
export function leftAlone(race: MirrorRace | undefined, now: number): Record<string, MirrorProbe> {
  return Object.fromEntries(
    Object.entries(race?.probes ?? {}).flatMap(([address, probe]) => {
      if (probe.state !== 'failed' || probe.failure.code !== 'registry-limited') return []
      const { at, failure } = probe
      return isLeftAlone({ at, until: failure.until }, now) ? [[address, { state: 'failed', failure, at }]] : []
    }),
  )
}

/**
 * What holds after a race that was given up: for those that had not been asked to the end, what the former one found
 * with the same image. One that found nothing, or with another image nothing that works, leaves the former as it was,
 * but for those who want to be left alone.
 */
export function afterCut(cut: MirrorRace, former: MirrorRace | undefined, now: number): MirrorRace | undefined {
  if (!former) return Object.keys(cut.probes).length === 0 ? undefined : cut
  const same = former.image === cut.image && Object.keys(cut.probes).length > 0
  if (!same && goodOnes(cut).length === 0) return { ...former, probes: { ...former.probes, ...leftAlone(cut, now) } }
  if (!same) return cut
  const probes = { ...former.probes, ...cut.probes }
  // A tag may have moved since: what was expected then is genuine still.
  const { expected = [] } = compared(former)
  const genuine = [...new Set([former.genuine, cut.genuine, expected].flat())]
  const unknown = [...new Set([former.unknown, cut.unknown].flat())]
  return { ...cut, probes, genuine, unknown }
}
