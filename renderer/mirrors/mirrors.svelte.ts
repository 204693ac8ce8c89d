/** The mirrors of Docker Hub as main knows them, in the order in which they are of use. */
import { byFindings, compare, diagnose, digestIn, isFresh, isGood, type Content } from '../../model/mirrors/race.ts'
import { steadily } from '../ui/steady.ts'
import { hubAddress, type Failure, type Mirror, type MirrorProbe, type Mirrors } from '../../preload/contract/index.ts'
import { mostMirrors } from '../../model/daemon-config/file.ts'
import { canonical, sameMirror } from '../../model/mirrors/address.ts'
import { Cursor } from '../ui/cursor.svelte.ts'

/** A second one helps where the first fails; each more costs time where they hang. */
const suggested = 2

interface FailedPull {
  readonly reference: string
  readonly platform?: string | undefined
}

class MirrorList {
  #all = $state.raw<Mirrors>()
  #rows = $state.raw<readonly Mirror[]>([])
  /** What the user typed as the image to test with; until then the one that main names. */
  #typed = $state<string>()
  failure = $state.raw<Failure>()
  /** The pull whose failure led the user to this screen. */
  failedPull = $state.raw<FailedPull>()
  /** The row that the pointer is on, and whether the user has gone somewhere in the list: these stay where they are. */
  #pointed: string | undefined
  #touched = false

  /** By address, in the order in which Docker is to ask them. */
  chosen = $state.raw<readonly string[]>([])

  readonly known = $derived(this.#all !== undefined)
  readonly asOf = $derived(this.#all?.asOf ?? '')
  readonly folded = $derived(this.#all?.folded ?? [])
  readonly race = $derived(this.#all?.race)
  readonly running = $derived(this.race !== undefined && this.race.ended === undefined)
  /** All were asked, to the end. */
  readonly #whole = $derived(this.race?.ended !== undefined && !this.race.cut)
  readonly cursor = new Cursor<Mirror>(() => this.#rows, keyOf)

  readonly probeOf = ({ address }: Mirror): MirrorProbe | undefined => this.race?.probes[address]
  readonly contentOf = (digest: string): Content => this.#compared.contentOf(digest)
  readonly #byFindings = byFindings<Mirror, Failure>(this.probeOf, this.contentOf)
  readonly isGood = (mirror: Mirror): boolean => {
    const probe = this.probeOf(mirror)
    return isGood(probe, this.contentOf(digestIn(probe) ?? ''))
  }
  readonly speedOf = (mirror: Mirror): number => {
    const probe = this.probeOf(mirror)
    return (probe?.state === 'answered' && probe.speed) || 0
  }

  readonly hub = $derived(this.race?.probes[hubAddress])
  /** Of the mirrors, those in force that are not on the list among them. */
  readonly #probes = $derived.by(() => {
    const { [hubAddress]: _, ...mirrors } = this.race?.probes ?? {}
    return Object.values(mirrors)
  })
  readonly #compared = $derived(
    compare(
      digestIn(this.hub),
      this.#probes.flatMap((probe) => digestIn(probe) ?? []),
      this.race,
      this.#whole,
    ),
  )
  readonly good = $derived(this.#rows.filter((mirror) => this.isGood(mirror)))
  readonly #fresh = $derived(
    this.good.filter((mirror) => isFresh(this.contentOf(digestIn(this.probeOf(mirror)) ?? ''))),
  )
  readonly topSpeed = $derived(Math.max(0, ...this.good.map((mirror) => this.speedOf(mirror))))
  readonly isFastest = (mirror: Mirror): boolean =>
    this.speedOf(mirror) > 0 &&
    this.#fresh.includes(mirror) &&
    this.#fresh.every((other) => this.speedOf(other) <= this.speedOf(mirror))
  /** Those on the list that are asked: others may have been added since. */
  readonly asked = $derived(this.#rows.filter((mirror) => this.probeOf(mirror) !== undefined))
  readonly done = $derived(
    this.asked.filter((mirror) => ['answered', 'failed'].includes(this.probeOf(mirror)?.state ?? '')).length,
  )
  /** When that was found, where some were given up: they may have been asked in an earlier race. */
  readonly since = $derived(
    Math.min(...Object.values(this.race?.probes ?? {}).flatMap((probe) => ('at' in probe ? probe.at : []))),
  )
  /** What is so with all of them, once they were asked. */
  readonly diagnosis = $derived(this.#whole ? diagnose(this.hub, this.#probes, this.contentOf) : undefined)

  /** The one at an address that Docker names, which may be on no list. */
  at(address: string): Mirror {
    const listed = [...this.#rows, ...this.folded].find((mirror) => sameMirror(mirror.address, address))
    const own = canonical(address)
    return listed ?? { address: own, host: own.replace(/^https?:\/\//, ''), own: true }
  }

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
    await this.refresh()
  }

  /** When the screen is entered: another image may have been wanted since. */
  async refresh() {
    this.#pointed = undefined
    const answer = await slipway.call('mirrors.get')
    if (answer.ok) this.#take(answer.value)
  }

  async start() {
    this.#touched = false
    const answer = await slipway.call('mirrors.race', this.image.trim())
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.#typed = undefined
  }

  /**
   * What was found good may be chosen; one's own also untested, as only the engine may reach it. What gives other
   * content may not.
   */
  mayChoose(mirror: Mirror): boolean {
    if (this.chosen.includes(mirror.address) || this.isGood(mirror)) return true
    const probe = this.probeOf(mirror)
    return mirror.own && probe?.state !== 'answered'
  }

  toggle(mirror: Mirror) {
    const { address } = mirror
    if (this.chosen.includes(address)) this.chosen = this.chosen.filter((one) => one !== address)
    else if (this.mayChoose(mirror) && this.chosen.length < mostMirrors) this.chosen = [...this.chosen, address]
  }

  moveChosen(address: string, by: -1 | 1) {
    const from = this.chosen.indexOf(address)
    const other = this.chosen[from + by]
    if (from >= 0 && other !== undefined) this.chosen = this.chosen.with(from, other).with(from + by, address)
  }

  /**
   * The one of the user's own beside it in the list that it may change places with. Where what was found orders them,
   * or is about to, the user's own order does not.
   */
  neighbour(mirror: Mirror, by: -1 | 1): Mirror | undefined {
    const other = this.#rows[this.#rows.indexOf(mirror) + by]
    const free = !this.running && mirror.own && other?.own && this.#byFindings(mirror, other) === 0
    return free ? other : undefined
  }

  move(mirror: Mirror, by: -1 | 1) {
    const other = this.neighbour(mirror, by)
    if (other) void slipway.call('mirrors.swap', [mirror.address, other.address])
  }

  cancel() {
    if (this.race) void slipway.call('jobs.cancel', this.race.job)
  }

  /** The user goes through the list. */
  touch() {
    this.#touched = true
  }

  /** The row that the pointer is on; where it has left the list, all come to their places. */
  point(address?: string) {
    this.#pointed = address
    if (address === undefined) this.#arrange(true)
  }

  #take(mirrors: Mirrors) {
    const ran = this.running
    this.#all = mirrors
    this.chosen = this.chosen.filter((address) => mirrors.tested.some((mirror) => mirror.address === address))
    // The last result of a race comes with its end: what is held is held then, too.
    this.#arrange(ran || this.running)
    // What a race has just found is what its user most likely wants.
    if (ran && !this.running && this.chosen.length === 0)
      this.chosen = this.#fresh.slice(0, suggested).map(({ address }) => address)
  }

  #arrange(holding: boolean) {
    const better = (this.#all?.tested ?? []).toSorted(this.#byFindings)
    const held = this.#pointed ?? (this.#touched ? this.cursor.row?.address : undefined)
    const same = better.length === this.#rows.length
    this.#rows = holding && same ? steadily(this.#rows, better, keyOf, held) : better
  }
}

const keyOf = ({ address }: Mirror) => address

export const mirrors = new MirrorList()
