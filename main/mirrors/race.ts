/** A race: all mirrors and Docker Hub are asked for one image at once, and four at a time show how fast they are. */
import PQueue from 'p-queue'
import { compare, digestIn } from '../../model/mirror-race.ts'
import { hubAddress, type Mirror, type MirrorProbe } from '../../preload/contract/index.ts'
import { guestOf, type Http } from '../registry/index.ts'
import { look, type Wish } from './look.ts'

export interface Runner extends Pick<Mirror, 'address' | 'host'> {}

export interface RaceWish extends Wish {
  /** The repository's path at Docker Hub: `library/nginx`. */
  readonly path: string
  readonly runners: readonly Runner[]
  /** The longest silence of any of them, in milliseconds. */
  readonly patience: number
  readonly signal: AbortSignal
}

export interface Listener {
  probe(address: string, probe: MirrorProbe): void
  /** Other content for the tag, that is known all the same to those who are believed. */
  genuine(digest: string): void
}

/** More at once would measure each other. */
const measuredAtOnce = 4

/** Rejects only where the signal was aborted. */
export async function race(http: Http, { runners, path, patience, signal, ...wish }: RaceWish, listener: Listener) {
  const queue = new PQueue({ concurrency: measuredAtOnce })
  const seen = new Map<string, MirrorProbe>()
  const guest = ({ address, host }: Runner) => guestOf(http, { address, host, path, patience, signal })
  const tell = (address: string, probe: MirrorProbe) => {
    // Once it is given up it is over for whoever listens, also where some have just answered.
    signal.throwIfAborted()
    seen.set(address, probe)
    listener.probe(address, probe)
  }
  await Promise.all(
    runners.map(async (runner) => {
      const { address } = runner
      const inTurn = <T>(work: () => Promise<T>) => queue.add(work, { signal })
      tell(address, await look(guest(runner), wish, (probe) => tell(address, probe), inTurn))
    }),
  )

  const digests = [...seen].flatMap(([address, probe]) => (address === hubAddress ? [] : (digestIn(probe) ?? [])))
  const { expected } = compare(digestIn(seen.get(hubAddress)), digests)
  const believed = runners.find(
    ({ address }) => seen.get(address)?.state === 'answered' && digestIn(seen.get(address)) === expected,
  )
  if (!believed) return
  for (const digest of new Set(digests)) {
    // Its bytes are wanted, not its word: whoever says yes to everything would vouch for whoever lies.
    if (digest !== expected && (await guest(believed).manifest(digest)).ok) listener.genuine(digest)
  }
}
