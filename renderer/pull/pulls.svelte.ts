/** Starts pulls, and stores the failures of pulls that could not start. */
import type { Failure, Job } from '../../preload/contract/index.ts'
import { jobs } from '../jobs/jobs.svelte.ts'

interface FailedPull {
  readonly reference: string
  readonly platform?: string | undefined
  readonly failure: Failure
}

interface StartOptions {
  readonly platform?: string | undefined
  readonly skipSpaceCheck?: boolean
}

class Pulls {
  /** The platform chosen on the screen Discover; empty for the engine's platform. */
  platform = $state('')
  /** References of the pulls that are being started. */
  #starting = $state.raw<ReadonlySet<string>>(new Set())
  /** By reference: the last pull, if it could not start. */
  #failures = $state.raw<ReadonlyMap<string, FailedPull>>(new Map())

  /** Starts a pull from the screen Discover. If the pull could not start, `failedPullOf` returns it. */
  async pull(reference: string, platform: string | undefined = this.platform) {
    const failure = await this.start(reference, { platform })
    if (failure) this.#failures = new Map([...this.#failures, [reference, { reference, platform, failure }]])
  }

  /**
   * Starts a pull, unless the registry reports that the image does not exist. A registry that fails prevents no pull.
   * @param options.skipSpaceCheck whether to start without checking the free space of the disk
   * @returns the failure if the pull could not start
   */
  async start(
    reference: string,
    { platform = '', skipSpaceCheck = false }: StartOptions,
  ): Promise<Failure | undefined> {
    this.#failures = new Map([...this.#failures].filter(([name]) => name !== reference))
    this.#starting = new Set([...this.#starting, reference])
    const answer = await slipway.call('pull.start', {
      reference,
      ...(platform && { platform }),
      ...(skipSpaceCheck && { skipSpaceCheck: true }),
    })
    this.#starting = new Set([...this.#starting].filter((name) => name !== reference))
    return answer.ok ? undefined : answer.error
  }

  /** Whether a pull of the reference is being started. This takes seconds if the registry is slow. */
  isStarting = (reference: string): boolean => this.#starting.has(reference)

  /** The newest pull job of a reference. */
  jobOf = (reference: string): Job | undefined =>
    jobs.all.find(({ subject }) => subject.kind === 'pull' && subject.reference === reference)

  /** The repository's last pull that could not start. If all could start: its newest pull, if that pull failed. */
  failedPullOf = (repository: string): FailedPull | undefined => {
    const isInRepository = (reference: string) =>
      reference.startsWith(`${repository}:`) || reference.startsWith(`${repository}@`)
    const unstarted = [...this.#failures.values()].findLast(({ reference }) => isInRepository(reference))
    if (unstarted) return unstarted
    const job = jobs.all.find(({ subject }) => subject.kind === 'pull' && isInRepository(subject.reference))
    const failure = job?.failure ?? job?.items.find((item) => item.failure)?.failure
    if (job?.subject.kind !== 'pull' || !failure) return undefined
    return { reference: job.subject.reference, platform: job.subject.platform, failure }
  }
}

export const pulls = new Pulls()
