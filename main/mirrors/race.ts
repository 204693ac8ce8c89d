/** A race: probes all mirrors and Docker Hub for one image at once, and measures the speed of four at a time. */
import PQueue from 'p-queue'
import type { DigestConfirmations } from '../../model/mirrors/race.ts'
import type { Mirror, MirrorProbe } from '../../preload/contract/index.ts'
import { untrustedRegistry, type Http } from '../registry/index.ts'
import { probeMirror, type ProbeOptions } from './probe.ts'
import { digestsToCrossCheck } from './cross-check.ts'

/** A mirror, or Docker Hub itself. */
export interface Participant extends Pick<Mirror, 'address' | 'host'> {}

export interface RaceOptions extends ProbeOptions {
  /** The repository's path at Docker Hub: `library/nginx`. */
  readonly path: string
  readonly participants: readonly Participant[]
  /** Timeout in milliseconds: for each response, and between two chunks of a blob. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface RaceListener {
  onProbe(address: string, probe: MirrorProbe): void
  /**
   * Called with the verdict on a digest that differs from the expected one. `confirmed`: Docker Hub or a mirror with
   * other content has the digest as well; `unknown`: none of those asked has it. Not called if none gives an answer.
   */
  onCrossChecked(digest: string, verdict: keyof DigestConfirmations): void
}

/** More parallel downloads would slow each other down. */
const maxMeasurements = 4

/** Probes all participants, then cross-checks the digests that differ. Rejects only if the signal is aborted. */
export async function race(
  http: Http,
  { participants, path, timeoutMs, signal, ...probeOptions }: RaceOptions,
  listener: RaceListener,
) {
  const queue = new PQueue({ concurrency: maxMeasurements })
  const probes = new Map<string, MirrorProbe>()
  const openRegistry = ({ address, host }: Participant) =>
    untrustedRegistry(http, { address, host, path, timeoutMs, signal })
  const report = (address: string, probe: MirrorProbe) => {
    // After a cancellation the listener gets no more results.
    signal.throwIfAborted()
    probes.set(address, probe)
    listener.onProbe(address, probe)
  }
  await Promise.all(
    participants.map(async (participant) => {
      const { address } = participant
      const schedule = <T>(measure: () => Promise<T>) => queue.add(measure, { signal })
      const result = await probeMirror(
        openRegistry(participant),
        probeOptions,
        (probe) => report(address, probe),
        schedule,
      )
      report(address, result)
    }),
  )

  const crossChecks = digestsToCrossCheck(Object.fromEntries(probes))
  // One client for each participant, so that the token of a client is reused.
  const registries = new Map(participants.map((participant) => [participant.address, openRegistry(participant)]))
  await Promise.all(
    crossChecks.map(async ({ digest, addresses }) => {
      let unknown = false
      for (const address of addresses) {
        // A GET verifies the content. A mirror that accepts every digest would confirm a HEAD request.
        const fetched = await registries.get(address)!.manifest(digest)
        signal.throwIfAborted()
        if (fetched.ok) return listener.onCrossChecked(digest, 'confirmed')
        // Other failures do not show whether the mirror has the digest.
        unknown ||= fetched.error.code === 'reference-unknown'
      }
      if (unknown) listener.onCrossChecked(digest, 'unknown')
    }),
  )
}
