/** A removal between the wish and the deed: the plan that main made, the user's choices, and what is saved first. */
import type { ContainerId, ImageId } from '../../model/image/image.ts'
import type { Blocked, Choice, Deletion, WishRow } from '../../model/removal/plan.ts'
import type { Failure, KeptPlan } from '../../preload/contract/index.ts'

export class Removal {
  kept = $state.raw<KeptPlan>()
  failure = $state.raw<Failure>()
  /** The world moved while the user read: what is shown now is the new plan. */
  moved = $state(false)
  working = $state(false)
  /** A newer plan is on its way. */
  planning = $state(false)
  /** Main still keeps the plan that is shown: it can be applied. */
  usable = $state(false)
  #latestRequest = 0
  readonly #rows: readonly WishRow[]
  #choices: Readonly<Record<ContainerId, Choice>> = {}
  /** Whether copies are saved of what has a name, and of what has none. */
  copyNamed = $state(true)
  copyNameless = $state(false)

  constructor(rows: readonly WishRow[]) {
    this.#rows = rows
    void this.#plan()
  }

  readonly plan = $derived(this.kept?.plan)
  readonly named: readonly Deletion[] = $derived(this.#copied('ticked'))
  readonly nameless: readonly Deletion[] = $derived(this.#copied('offered'))
  readonly copies: readonly Deletion[] = $derived([
    ...(this.copyNamed ? this.named : []),
    ...(this.copyNameless ? this.nameless : []),
  ])
  readonly copyBytes = $derived(this.copies.reduce((sum, { size }) => sum + size, 0))
  /** Each with a choice, and all choices alike: then one choice serves for all. */
  readonly choosable: readonly Blocked[] = $derived(
    (this.plan?.blocked ?? []).filter(({ choices }) => choices.length > 1),
  )
  readonly empty = $derived(this.plan !== undefined && this.plan.deletes.length + this.plan.untags.length === 0)

  #copied(copy: Deletion['copy']): readonly Deletion[] {
    return (this.plan?.deletes ?? []).filter((deletion) => deletion.copy === copy)
  }

  async #plan() {
    const request = ++this.#latestRequest
    this.planning = true
    this.usable = false
    const answer = await slipway.call('removal.plan', { rows: this.#rows.map(plainRow), choices: this.#choices })
    if (request !== this.#latestRequest) return
    this.planning = false
    this.usable = answer.ok
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.kept = answer.value
  }

  async choose(blocked: readonly Blocked[], keep: boolean) {
    const chosen = blocked.flatMap(({ by, choices }): (readonly [ContainerId, Choice])[] =>
      by.kind === 'container' ? [[by.id, keep ? 'keep' : (choices.at(-1) ?? 'keep')]] : [],
    )
    this.#choices = { ...this.#choices, ...Object.fromEntries(chosen) }
    await this.#plan()
  }

  async chooseFolder() {
    const answer = await slipway.call('removal.chooseFolder')
    if (answer.ok && this.kept) this.kept = { ...this.kept, copies: answer.value }
    else if (!answer.ok) this.failure = answer.error
  }

  /** True when the work has begun. */
  async apply(): Promise<boolean> {
    if (!this.kept || !this.usable || this.working) return false
    this.working = true
    this.failure = undefined
    const copies: ImageId[] = this.copies.map(({ image }) => image)
    const answer = await slipway.call('removal.apply', { planId: this.kept.id, copies })
    this.working = false
    if (answer.ok) return true
    this.moved = answer.error.code === 'plan-moved' || answer.error.code === 'plan-unknown'
    if (this.moved) await this.#plan()
    else this.failure = answer.error
    return false
  }
}

const plainRow = ({ image, reference }: WishRow) => (reference === undefined ? { image } : { image, reference })
