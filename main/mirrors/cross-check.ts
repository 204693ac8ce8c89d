/** Selects the digests that need a cross-check, and the mirrors that can confirm them. */
import { compareDigests, digestIn } from '../../model/mirrors/race.ts'
import { hubAddress, type MirrorProbe } from '../../preload/contract/index.ts'

export interface CrossCheck {
  readonly digest: string
  /** Addresses to ask in order, until one has the digest. */
  readonly addresses: readonly string[]
}

/** The most common digests are checked first. The limits keep the number of requests low: mirrors count each one. */
const maxDigests = 5
const maxAddresses = 3

/** @returns the cross-checks of up to five digests, most common first. The expected digest, if any, needs none. */
export function digestsToCrossCheck(probes: Readonly<Record<string, MirrorProbe>>): CrossCheck[] {
  const { [hubAddress]: hubProbe, ...mirrors } = probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  const { expected } = compareDigests(digestIn(hubProbe), digests)
  const candidates = Object.entries(probes)
    .filter(([, probe]) => canConfirm(probe))
    .toSorted(([addressA, probeA], [addressB, probeB]) => rank(addressA, probeA) - rank(addressB, probeB))
  return [...Map.groupBy(digests, (digest) => digest)]
    .filter(([digest]) => digest !== expected)
    .toSorted(([, a], [, b]) => b.length - a.length)
    .slice(0, maxDigests)
    .map(([digest]) => ({
      digest,
      addresses: candidates
        .filter(([, probe]) => digestIn(probe) !== digest && digestIn(probe) === (expected ?? digestIn(probe)))
        .map(([address]) => address)
        .slice(0, maxAddresses),
    }))
}

/** A mirror whose layers failed to download can still confirm a digest; a mirror that returned wrong content cannot. */
const canConfirm = (probe: MirrorProbe) =>
  digestIn(probe) !== undefined &&
  (probe.state !== 'failed' || !['content-altered', 'mirror-accepts-unknown-digest'].includes(probe.failure.code))

const rank = (address: string, { state }: MirrorProbe) => (address === hubAddress ? 0 : state === 'answered' ? 1 : 2)
