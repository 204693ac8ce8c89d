/** A removal of build cache before it is applied: main's plan, and whether the plan can be applied. */
import type { Failure, StoredCachePlan } from '../../preload/contract/index.ts'

export class CacheRemoval {
  storedPlan = $state.raw<StoredCachePlan>()
  failure = $state.raw<Failure>()
  isPlanning = $state(true)
  isApplying = $state(false)
  /** Whether the plan was outdated when the user applied it; a new plan is shown instead. */
  planChanged = $state(false)

  readonly plan = $derived(this.storedPlan?.plan)
  readonly canApply = $derived(
    !this.isPlanning && !this.isApplying && this.failure === undefined && (this.plan?.deletes.length ?? 0) > 0,
  )

  constructor() {
    void this.#requestPlan()
  }

  async #requestPlan() {
    this.isPlanning = true
    const answer = await slipway.call('build-cache.plan')
    this.isPlanning = false
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.storedPlan = answer.value
  }

  /** @returns whether the removal job was started */
  async apply(): Promise<boolean> {
    if (!this.storedPlan || !this.canApply) return false
    this.isApplying = true
    const answer = await slipway.call('build-cache.apply', this.storedPlan.id)
    if (answer.ok) return true
    this.planChanged = answer.error.code === 'plan-outdated' || answer.error.code === 'plan-unknown'
    if (this.planChanged) await this.#requestPlan()
    else this.failure = answer.error
    this.isApplying = false
    return false
  }
}
