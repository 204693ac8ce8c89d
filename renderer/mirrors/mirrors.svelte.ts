/** The mirrors of Docker Hub as main knows them, in the order in which they are of use. */
import { compare, diagnose, digestIn, inOrder, isGood, type Content } from '../../model/mirror-race.ts'
import { steadily } from '../../model/steady.ts'
import { hubAddress, type Failure, type Mirror, type MirrorProbe, type Mirrors } from '../../preload/contract/index.ts'
import { Cursor } from '../ui/cursor.svelte.ts'

class MirrorList {
  #all = $state.raw<Mirrors>()
  #rows = $state.raw<readonly Mirror[]>([])
  /** What the user typed as the image to test with; until then the one that main names. */
  #typed = $state<string>()
  failure = $state.raw<Failure>()
  /** The row that the pointer is on, and whether the user has gone somewhere in the list: these stay where they are. */
  pointed = $state.raw<string>()
  #touched = false

  readonly known = $derived(this.#all !== undefined)
  readonly asOf = $derived(this.#all?.asOf ?? '')
  readonly folded = $derived(this.#all?.folded ?? [])
  readonly race = $derived(this.#all?.race)
  readonly running = $derived(this.race !== undefined && this.race.ended === undefined)
  readonly cursor = new Cursor<Mirror>(() => this.#rows, keyOf)

  readonly probeOf = ({ address }: Mirror): MirrorProbe | undefined => this.race?.probes[address]
  readonly contentOf = (digest: string): Content => this.#compared.contentOf(digest)
  readonly isGood = (mirror: Mirror): boolean => {
    const probe = this.probeOf(mirror)
    return isGood(probe, this.contentOf(digestIn(probe) ?? ''))
  }
  readonly speedOf = (mirror: Mirror): number => {
    const probe = this.probeOf(mirror)
    return (probe?.state === 'answered' && probe.speed) || 0
  }

  readonly #compared = $derived.by(() => {
    const { [hubAddress]: itself, ...others } = this.race?.probes ?? {}
    const digests = Object.values(others).flatMap((probe) => digestIn(probe) ?? [])
    return compare(digestIn(itself), digests, new Set(this.race?.genuine))
  })
  readonly hub = $derived(this.race?.probes[hubAddress])
  readonly good = $derived(this.#rows.filter((mirror) => this.isGood(mirror)))
  readonly fastest = $derived(Math.max(0, ...this.good.map((mirror) => this.speedOf(mirror))))
  readonly done = $derived(
    this.#rows.filter((mirror) => ['answered', 'failed'].includes(this.probeOf(mirror)?.state ?? '')).length,
  )
  /** What is so with all of them, once a race has ended. */
  readonly diagnosis = $derived(
    this.race?.ended === undefined ? undefined : diagnose(this.hub, this.#rows.map(this.probeOf), this.contentOf),
  )

  get rows(): readonly Mirror[] {
    return this.#rows
  }
  get expected(): string | undefined {
    return this.#compared.expected
  }
  get image(): string {
    return this.#typed ?? this.#all?.image ?? ''
  }
  set image(text: string) {
    this.#typed = text
    this.failure = undefined
  }

  /** Once, when the app begins. */
  async load() {
    slipway.on('mirrors.changed', (mirrors) => this.#take(mirrors))
    const answer = await slipway.call('mirrors.get')
    if (answer.ok) this.#take(answer.value)
  }

  async start() {
    this.#touched = false
    const answer = await slipway.call('mirrors.race', this.image.trim())
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.#typed = undefined
  }

  cancel() {
    if (this.race) void slipway.call('jobs.cancel', this.race.job)
  }

  /** The user goes through the list. */
  touch() {
    this.#touched = true
  }

  #take(mirrors: Mirrors) {
    this.#all = mirrors
    const better = inOrder(mirrors.tested, this.probeOf, this.contentOf)
    const held = this.pointed ?? (this.#touched ? this.cursor.row?.address : undefined)
    const same = better.length === this.#rows.length
    this.#rows = same && this.running ? steadily(this.#rows, better, keyOf, held) : better
  }
}

const keyOf = ({ address }: Mirror) => address

export const mirrors = new MirrorList()
