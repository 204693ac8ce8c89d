/** The plan of a removal of build cache, as the sheet shows it. */
import type { Failure, KeptCachePlan } from '../../preload/contract/index.ts'

export class CacheRemoval {
  kept = $state.raw<KeptCachePlan>()
  failure = $state.raw<Failure>()
  planning = $state(true)
  working = $state(false)
  /** The cache changed between the plan and the click. */
  moved = $state(false)

  readonly plan = $derived(this.kept?.plan)
  readonly usable = $derived(
    !this.planning && !this.working && this.failure === undefined && (this.plan?.deletes.length ?? 0) > 0,
  )

  constructor() {
    void this.#plan()
  }

  async #plan() {
    this.planning = true
    const answer = await slipway.call('build-cache.plan')
    this.planning = false
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.kept = answer.value
  }

  /** @returns whether the work has begun */
  async apply(): Promise<boolean> {
    if (!this.kept || !this.usable) return false
    this.working = true
    const answer = await slipway.call('build-cache.apply', this.kept.id)
    if (answer.ok) return true
    this.moved = answer.error.code === 'plan-moved' || answer.error.code === 'plan-unknown'
    if (this.moved) await this.#plan()
    else this.failure = answer.error
    this.working = false
    return false
  }
}
