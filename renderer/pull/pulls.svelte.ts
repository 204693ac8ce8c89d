/** Pulls that begin on this screen, and why some did not. */
import type { Failure, Job } from '../../preload/contract/index.ts'
import { jobs } from '../jobs/jobs.svelte.ts'

interface FailedPull {
  readonly reference: string
  readonly platform?: string | undefined
  readonly failure: Failure
}

interface BeginOptions {
  readonly platform?: string | undefined
  readonly anyway?: boolean
}

class Pulls {
  /** Another platform than the engine's own; empty where it is that. */
  platform = $state('')
  #checking = $state.raw<ReadonlySet<string>>(new Set())
  #failures = $state.raw<ReadonlyMap<string, Failure>>(new Map())

  /** Begins a pull on the screen Discover, which shows why it did not begin. */
  async pull(reference: string) {
    this.#checking = new Set([...this.#checking, reference])
    this.#failures = new Map([...this.#failures].filter(([name]) => name !== reference))
    const failure = await this.begin(reference, { platform: this.platform })
    this.#checking = new Set([...this.#checking].filter((name) => name !== reference))
    if (failure) this.#failures = new Map([...this.#failures, [reference, failure]])
  }

  /**
   * Main asks the registry first whether it has the image. `anyway`: also if the disk seems too full for it.
   * @returns why the pull did not begin
   */
  async begin(reference: string, { platform = '', anyway = false }: BeginOptions): Promise<Failure | undefined> {
    const answer = await slipway.call('pull.start', {
      reference,
      ...(platform && { platform }),
      ...(anyway && { anyway }),
    })
    return answer.ok ? undefined : answer.error
  }

  checking = (reference: string): boolean => this.#checking.has(reference)

  /** The last pull of it. */
  jobOf = (reference: string): Job | undefined =>
    jobs.all.find(({ subject }) => subject.kind === 'pull' && subject.reference === reference)

  /** Of the pulls of this repository, the newest that did not succeed, unless a newer one did. */
  failedOf = (repository: string): FailedPull | undefined => {
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
