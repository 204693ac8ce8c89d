/** What a race found: which mirrors may be used, and what is remembered of one that was given up. */
import { compare, digestIn, isFresh, isGood } from '../../model/mirror-race.ts'
import { hubAddress, type MirrorRace } from '../../preload/contract/index.ts'

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
  const { [hubAddress]: itself, ...mirrors } = race.probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  const { contentOf } = compare(digestIn(itself), digests, race, !race.cut)
  return Object.entries(mirrors)
    .flatMap(([address, probe]) =>
      probe.state === 'answered' && isGood(probe, contentOf(probe.digest))
        ? [{ fresh: isFresh(contentOf(probe.digest)), source: { address, speed: probe.speed, tried: probe.at } }]
        : [],
    )
    .toSorted((a, b) => Number(b.fresh) - Number(a.fresh) || (b.source.speed ?? 0) - (a.source.speed ?? 0))
    .map(({ source }) => source)
}

/**
 * What holds after a race that was given up: for those that had not been asked to the end, what the former one found
 * with the same image. One that found nothing, or with another image nothing that works, leaves the former as it was.
 */
export function afterCut(cut: MirrorRace, former: MirrorRace | undefined): MirrorRace | undefined {
  if (Object.keys(cut.probes).length === 0) return former
  if (!former || former.image !== cut.image) return former && goodOnes(cut).length === 0 ? former : cut
  const genuine = [...new Set([...former.genuine, ...cut.genuine])]
  return { ...cut, probes: { ...former.probes, ...cut.probes }, genuine }
}
