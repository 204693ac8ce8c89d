/** Plans and applies a removal of build cache, for the dialog that shows the plan. */
import type { Failure, StoredCachePlan } from '../../preload/contract/index.ts'

export class CacheRemoval {
  stored = $state.raw<StoredCachePlan>()
  failure = $state.raw<Failure>()
  planning = $state(true)
  working = $state(false)
  /** The cache changed after the plan was made, so a new plan is shown. */
  planChanged = $state(false)

  readonly plan = $derived(this.stored?.plan)
  readonly canApply = $derived(
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
    if (answer.ok) this.stored = answer.value
  }

  /** @returns whether the removal job was started */
  async apply(): Promise<boolean> {
    if (!this.stored || !this.canApply) return false
    this.working = true
    const answer = await slipway.call('build-cache.apply', this.stored.id)
    if (answer.ok) return true
    this.planChanged = answer.error.code === 'plan-moved' || answer.error.code === 'plan-unknown'
    if (this.planChanged) await this.#plan()
    else this.failure = answer.error
    this.working = false
    return false
  }
}
