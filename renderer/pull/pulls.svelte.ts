/** Pulls that begin on this screen, and why some did not. */
import type { Failure, Job } from '../../preload/contract/index.ts'
import { jobs } from '../jobs/jobs.svelte.ts'

/** A registry that takes longer is not waited for: the engine may have another way to the image. */
const patience = 4_000

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

  /** Asks the registry whether there is such an image, and has it pulled. */
  async pull(reference: string) {
    this.#checking = new Set([...this.#checking, reference])
    this.#failures = new Map([...this.#failures].filter(([name]) => name !== reference))
    const failure = (await this.#check(reference)) ?? (await this.begin(reference, { platform: this.platform }))
    this.#checking = new Set([...this.#checking].filter((name) => name !== reference))
    if (failure) this.#failures = new Map([...this.#failures, [reference, failure]])
  }

  /**
   * Has an image pulled without asking the registry first. `anyway`: also if the disk seems too full for it.
   * @returns why it was not begun
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

  /** Only a plain no counts: a registry that does not answer the app may answer the engine. */
  async #check(reference: string): Promise<Failure | undefined> {
    const silence = new Promise<undefined>((resolve) => setTimeout(resolve, patience, undefined))
    const answer = await Promise.race([slipway.call('search.check', reference), silence])
    if (!answer || answer.ok) return undefined
    return ['reference-unknown', 'reference-wrong'].includes(answer.error.code) ? answer.error : undefined
  }
}

export const pulls = new Pulls()
