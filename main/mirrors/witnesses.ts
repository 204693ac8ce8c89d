/** Who can say whether other content for a tag is genuine: those who have what it is compared with. */
import { compare, digestIn } from '../../model/mirrors/race.ts'
import { hubAddress, type MirrorProbe } from '../../preload/contract/index.ts'

export interface DisputedContent {
  readonly digest: string
  /** By address; the next is asked only where one does not know it. */
  readonly witnesses: readonly string[]
}

/** So much other content is asked about, that of most of them first: each question counts for who answers it. */
const mostDigests = 5
const mostWitnesses = 3

export function witnessesIn(probes: Readonly<Record<string, MirrorProbe>>): DisputedContent[] {
  const { [hubAddress]: itself, ...mirrors } = probes
  const digests = Object.values(mirrors).flatMap((probe) => digestIn(probe) ?? [])
  const { expected } = compare(digestIn(itself), digests)
  const able = Object.entries(probes)
    .filter(([, probe]) => mayVouch(probe))
    .toSorted(([a, one], [b, other]) => rank(a, one) - rank(b, other))
  return [...Map.groupBy(digests, (digest) => digest)]
    .filter(([digest]) => digest !== expected)
    .toSorted(([, some], [, others]) => others.length - some.length)
    .slice(0, mostDigests)
    .map(([digest]) => ({
      digest,
      witnesses: able
        .filter(([, probe]) => digestIn(probe) !== digest && digestIn(probe) === (expected ?? digestIn(probe)))
        .map(([address]) => address)
        .slice(0, mostWitnesses),
    }))
}

/** Also one whose layers do not come; but nobody who was caught with other bytes than were asked for. */
const mayVouch = (probe: MirrorProbe) =>
  digestIn(probe) !== undefined &&
  (probe.state !== 'failed' || !['content-altered', 'mirror-says-anything'].includes(probe.failure.code))

const rank = (address: string, { state }: MirrorProbe) => (address === hubAddress ? 0 : state === 'answered' ? 1 : 2)
