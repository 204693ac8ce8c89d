/** Selects the digests that need a cross-check, and the mirrors that can confirm them. */
import { compare, digestIn } from '../../model/mirrors/race.ts'
import { hubAddress, type MirrorProbe } from '../../preload/contract/index.ts'

export interface DisputedContent {
  readonly digest: string
  /** Addresses to ask in order, until one has the digest. */
  readonly witnesses: readonly string[]
}

/** The most common digests are checked first. The limits keep the number of requests low: mirrors count each one. */
const maxDigests = 5
const maxWitnesses = 3

/** @returns the digests that differ from the expected one, most common first */
export function digestsToConfirm(probes: Readonly<Record<string, MirrorProbe>>): DisputedContent[] {
  const { [hubAddress]: hubProbe, ...mirrors } = probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  const { expected } = compare(digestIn(hubProbe), digests)
  const candidates = Object.entries(probes)
    .filter(([, probe]) => canConfirm(probe))
    .toSorted(([a, one], [b, other]) => rank(a, one) - rank(b, other))
  return [...Map.groupBy(digests, (digest) => digest)]
    .filter(([digest]) => digest !== expected)
    .toSorted(([, some], [, others]) => others.length - some.length)
    .slice(0, maxDigests)
    .map(([digest]) => ({
      digest,
      witnesses: candidates
        .filter(([, probe]) => digestIn(probe) !== digest && digestIn(probe) === (expected ?? digestIn(probe)))
        .map(([address]) => address)
        .slice(0, maxWitnesses),
    }))
}

/** Mirrors whose layers failed to download can confirm a digest, but not mirrors that returned wrong content. */
const canConfirm = (probe: MirrorProbe) =>
  digestIn(probe) !== undefined &&
  (probe.state !== 'failed' || !['content-altered', 'mirror-says-anything'].includes(probe.failure.code))

const rank = (address: string, { state }: MirrorProbe) => (address === hubAddress ? 0 : state === 'answered' ? 1 : 2)
