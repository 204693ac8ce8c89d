/** A removal before it is applied: main's plan, the user's choices, and which images are saved first. */
import type { ContainerId, ImageId } from '../../model/image/image.ts'
import type { Blocked, Choice, Deletion, RemovalTarget } from '../../model/removal/plan.ts'
import type { Failure, StoredPlan } from '../../preload/contract/index.ts'

export class Removal {
  storedPlan = $state.raw<StoredPlan>()
  failure = $state.raw<Failure>()
  /** Whether the plan was outdated when the user applied it; a new plan is shown instead. */
  planChanged = $state(false)
  isApplying = $state(false)
  /** Whether main is computing a plan. */
  isPlanning = $state(false)
  /** Whether main still has the shown plan, so that it can be applied. */
  canApply = $state(false)
  #latestRequest = 0
  readonly #targets: readonly RemovalTarget[]
  #choices: Readonly<Record<ContainerId, Choice>> = {}
  /** Whether the images in `tagged` are saved first. */
  copyTagged = $state(true)
  /** Whether the images in `untagged` are saved first. */
  copyUntagged = $state(false)

  constructor(targets: readonly RemovalTarget[]) {
    this.#targets = targets
    void this.#requestPlan()
  }

  readonly plan = $derived(this.storedPlan?.plan)
  /** Tagged images that no registry is known to have. */
  readonly tagged: readonly Deletion[] = $derived(this.#deletionsWith('preselected'))
  /** Untagged images that no registry is known to have. */
  readonly untagged: readonly Deletion[] = $derived(this.#deletionsWith('offered'))
  /** The images to save first. */
  readonly copies: readonly Deletion[] = $derived([
    ...(this.copyTagged ? this.tagged : []),
    ...(this.copyUntagged ? this.untagged : []),
  ])
  readonly copyBytes = $derived(this.copies.reduce((sum, { size }) => sum + size, 0))
  /** Blocked images with more than one choice. */
  readonly choosable: readonly Blocked[] = $derived(
    (this.plan?.blocked ?? []).filter(({ choices }) => choices.length > 1),
  )
  readonly isEmpty = $derived(this.plan !== undefined && this.plan.deletes.length + this.plan.untags.length === 0)

  #deletionsWith(copy: Deletion['copy']): readonly Deletion[] {
    return (this.plan?.deletes ?? []).filter((deletion) => deletion.copy === copy)
  }

  async #requestPlan() {
    const request = ++this.#latestRequest
    this.isPlanning = true
    this.canApply = false
    const answer = await slipway.call('removal.plan', { rows: this.#targets.map(toRow), choices: this.#choices })
    if (request !== this.#latestRequest) return
    this.isPlanning = false
    this.canApply = answer.ok
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.storedPlan = answer.value
  }

  /** Chooses to keep these blocked images, or to remove the containers that block them, and plans again. */
  async choose(blocked: readonly Blocked[], keep: boolean) {
    const chosen = blocked.flatMap(({ blocker, choices }): (readonly [ContainerId, Choice])[] =>
      blocker.kind === 'container' ? [[blocker.id, keep ? 'keep' : (choices.at(-1) ?? 'keep')]] : [],
    )
    this.#choices = { ...this.#choices, ...Object.fromEntries(chosen) }
    await this.#requestPlan()
  }

  async chooseFolder() {
    const answer = await slipway.call('removal.chooseFolder')
    if (answer.ok && this.storedPlan) this.storedPlan = { ...this.storedPlan, copies: answer.value }
    else if (!answer.ok) this.failure = answer.error
  }

  /** @returns whether the removal job was started */
  async apply(): Promise<boolean> {
    if (!this.storedPlan || !this.canApply || this.isApplying) return false
    this.isApplying = true
    this.failure = undefined
    const copies: ImageId[] = this.copies.map(({ image }) => image)
    const answer = await slipway.call('removal.apply', { planId: this.storedPlan.id, copies })
    this.isApplying = false
    if (answer.ok) return true
    this.planChanged = answer.error.code === 'plan-outdated' || answer.error.code === 'plan-unknown'
    if (this.planChanged) await this.#requestPlan()
    else this.failure = answer.error
    return false
  }
}

const toRow = ({ image, reference }: RemovalTarget) => (reference === undefined ? { image } : { image, reference })
