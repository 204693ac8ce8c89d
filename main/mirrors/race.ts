/** A race: all mirrors and Docker Hub are asked for one image at once, and four at a time show how fast they are. */
import PQueue from 'p-queue'
import type { Vouched } from '../../model/mirrors/race.ts'
import type { Mirror, MirrorProbe } from '../../preload/contract/index.ts'
import { guestOf, type Http } from '../registry/index.ts'
import { look, type Wish } from './look.ts'
import { witnessesIn } from './witnesses.ts'

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
  /** Whether other content for the tag is known to those who have another. */
  vouched(digest: string, what: keyof Vouched): void
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

  const questions = witnessesIn(Object.fromEntries(seen))
  // A guest for each of them, not for each question: it keeps the token that it was given.
  const guests = new Map(runners.map((runner) => [runner.address, guest(runner)]))
  await Promise.all(
    questions.map(async ({ digest, witnesses }) => {
      let unknown = false
      for (const address of witnesses) {
        // Its bytes are wanted, not its word: whoever says yes to everything would vouch for whoever lies.
        const told = await guests.get(address)!.manifest(digest)
        signal.throwIfAborted()
        if (told.ok) return listener.vouched(digest, 'genuine')
        // Any other fault says nothing of what it has.
        unknown ||= told.error.code === 'reference-unknown'
      }
      if (unknown) listener.vouched(digest, 'unknown')
    }),
  )
}
