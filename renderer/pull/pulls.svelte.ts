/** Starts pulls and remembers why some could not start. */
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
  /** The platform to pull; empty for the engine's platform. */
  platform = $state('')
  #starting = $state.raw<ReadonlySet<string>>(new Set())
  #failures = $state.raw<ReadonlyMap<string, Failure>>(new Map())

  /** Starts a pull from the Discover screen, which shows the failure if it could not start. */
  async pull(reference: string) {
    this.#failures = new Map([...this.#failures].filter(([name]) => name !== reference))
    const failure = await this.start(reference, { platform: this.platform })
    if (failure) this.#failures = new Map([...this.#failures, [reference, failure]])
  }

  /**
   * Main first checks that the registry has the image.
   * @param options.skipSpaceCheck whether to start even if the disk seems too full
   * @returns the failure if the pull could not start
   */
  async start(
    reference: string,
    { platform = '', skipSpaceCheck = false }: StartOptions,
  ): Promise<Failure | undefined> {
    this.#starting = new Set([...this.#starting, reference])
    const answer = await slipway.call('pull.start', {
      reference,
      ...(platform && { platform }),
      ...(skipSpaceCheck && { skipSpaceCheck: true }),
    })
    this.#starting = new Set([...this.#starting].filter((name) => name !== reference))
    return answer.ok ? undefined : answer.error
  }

  /** Whether a pull of the reference is about to start: a slow registry takes seconds to answer. */
  isStarting = (reference: string): boolean => this.#starting.has(reference)

  /** The latest pull job of a reference. */
  jobOf = (reference: string): Job | undefined =>
    jobs.all.find(({ subject }) => subject.kind === 'pull' && subject.reference === reference)

  /** The latest failed pull of a repository; undefined if a later pull succeeded. */
  failedPullOf = (repository: string): FailedPull | undefined => {
    const isOf = (reference: string) => reference.startsWith(`${repository}:`) || reference.startsWith(`${repository}@`)
    for (const [reference, failure] of [...this.#failures].toReversed())
      if (isOf(reference)) return { reference, failure }
    const job = jobs.all.find(({ subject }) => subject.kind === 'pull' && isOf(subject.reference))
    const failure = job?.failure ?? job?.items.find((item) => item.failure)?.failure
    if (job?.subject.kind !== 'pull' || !failure) return undefined
    return { reference: job.subject.reference, platform: job.subject.platform, failure }
  }
}

export const pulls = new Pulls()
