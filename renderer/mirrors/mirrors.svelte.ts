/** State of the Mirrors screen: the Docker Hub mirrors, their test results and the user's choice. */
import {
  compareByResult,
  compareDigests,
  diagnose,
  digestIn,
  isCurrent,
  isUsable,
  type Content,
} from '../../model/mirrors/race.ts'
import { holdInPlace } from '../ui/hold-in-place.ts'
import { hubAddress, type Failure, type Mirror, type MirrorProbe, type Mirrors } from '../../preload/contract/index.ts'
import { maxMirrors } from '../../model/daemon-config/file.ts'
import { canonicalAddress, sameMirror } from '../../model/mirrors/address.ts'
import { Cursor } from '../ui/cursor.svelte.ts'

/** A second mirror is a fallback; each further mirror costs a timeout if it hangs. */
const maxSuggested = 2

interface FailedPull {
  readonly reference: string
  readonly platform?: string | undefined
}

class MirrorList {
  #snapshot = $state.raw<Mirrors>()
  #rows = $state.raw<readonly Mirror[]>([])
  /** The image for the test, as typed by the user; undefined to use main's suggestion. */
  #typedImage = $state<string>()
  failure = $state.raw<Failure>()
  /** The failed pull that led to this screen. */
  failedPull = $state.raw<FailedPull>()
  /** The hovered row, and whether the user has moved the cursor. The hovered row, else the cursor's, stays in place. */
  #hovered: string | undefined
  #cursorRowPinned = false

  /** Addresses in the order in which Docker tries them. */
  chosen = $state.raw<readonly string[]>([])

  readonly asOf = $derived(this.#snapshot?.asOf ?? '')
  readonly untested = $derived(this.#snapshot?.untested ?? [])
  readonly race = $derived(this.#snapshot?.race)
  readonly running = $derived(this.race !== undefined && this.race.ended === undefined)
  /** Whether the race tested every mirror and was not cancelled. */
  readonly #complete = $derived(this.race?.ended !== undefined && !this.race.cancelled)
  readonly cursor = new Cursor<Mirror>(() => this.#rows, keyOf)

  readonly probeOf = ({ address }: Mirror): MirrorProbe | undefined => this.race?.probes[address]
  readonly contentOf = (digest: string): Content => this.#comparison.contentOf(digest)
  readonly #compareByResult = compareByResult<Mirror, Failure>(this.probeOf, this.contentOf)
  readonly isUsable = (mirror: Mirror): boolean => {
    const probe = this.probeOf(mirror)
    return isUsable(probe, this.contentOf(digestIn(probe) ?? ''))
  }
  readonly speedOf = (mirror: Mirror): number => {
    const probe = this.probeOf(mirror)
    return (probe?.state === 'answered' && probe.speed) || 0
  }

  readonly hub = $derived(this.race?.probes[hubAddress])
  /** Results of all mirrors, including configured ones that are not listed. */
  readonly #probes = $derived.by(() => {
    const { [hubAddress]: _, ...mirrors } = this.race?.probes ?? {}
    return Object.values(mirrors)
  })
  readonly #comparison = $derived(
    compareDigests(
      digestIn(this.hub),
      this.#probes.flatMap((probe) => digestIn(probe) ?? []),
      this.race,
      this.#complete,
    ),
  )
  readonly usable = $derived(this.#rows.filter((mirror) => this.isUsable(mirror)))
  readonly #current = $derived(
    this.usable.filter((mirror) => isCurrent(this.contentOf(digestIn(this.probeOf(mirror)) ?? ''))),
  )
  readonly maxSpeed = $derived(Math.max(0, ...this.usable.map((mirror) => this.speedOf(mirror))))
  readonly isFastest = (mirror: Mirror): boolean =>
    this.speedOf(mirror) > 0 &&
    this.#current.includes(mirror) &&
    this.#current.every((other) => this.speedOf(other) <= this.speedOf(mirror))
  /** Listed mirrors that take part in the race; others may have been added later. */
  readonly probed = $derived(this.#rows.filter((mirror) => this.probeOf(mirror) !== undefined))
  readonly endedCount = $derived(
    this.probed.filter((mirror) => ['answered', 'failed'].includes(this.probeOf(mirror)?.state ?? '')).length,
  )
  /** Time of the oldest result; a cancelled race keeps results of an earlier one. */
  readonly oldestResult = $derived(
    Math.min(...Object.values(this.race?.probes ?? {}).flatMap((probe) => ('at' in probe ? probe.at : []))),
  )
  /** Explains the outcome of a complete race; undefined until then. */
  readonly diagnosis = $derived(this.#complete ? diagnose(this.hub, this.#probes, this.contentOf) : undefined)

  /** @returns the mirror at an address from Docker's configuration, even if the mirror is not listed */
  mirrorAt(address: string): Mirror {
    const listed = [...this.#rows, ...this.untested].find((mirror) => sameMirror(mirror.address, address))
    const url = canonicalAddress(address)
    return listed ?? { address: url, host: url.replace(/^https?:\/\//, ''), own: true }
  }

  get rows(): readonly Mirror[] {
    return this.#rows
  }
  get expected(): string | undefined {
    return this.#comparison.expected
  }
  get image(): string {
    return this.#typedImage ?? this.#snapshot?.image ?? ''
  }
  set image(text: string) {
    this.#typedImage = text
    this.failure = undefined
  }

  /** Call this once at startup. */
  async load() {
    slipway.on('mirrors.changed', (mirrors) => this.#update(mirrors))
    await this.refresh()
  }

  /** Call this when the screen opens: the suggested image may have changed. */
  async refresh() {
    this.#hovered = undefined
    const answer = await slipway.call('mirrors.get')
    if (answer.ok) this.#update(answer.value)
  }

  async start() {
    this.#cursorRowPinned = false
    const answer = await slipway.call('mirrors.race', this.image.trim())
    this.failure = answer.ok ? undefined : answer.error
    if (answer.ok) this.#typedImage = undefined
  }

  /**
   * Mirrors that passed the test may be chosen. The user's own mirrors may also be chosen if they failed or were not
   * tested, because the engine may reach them when this computer cannot, but not if they serve different content.
   */
  mayChoose(mirror: Mirror): boolean {
    if (this.chosen.includes(mirror.address) || this.isUsable(mirror)) return true
    const probe = this.probeOf(mirror)
    return mirror.own && probe?.state !== 'answered'
  }

  toggle(mirror: Mirror) {
    const { address } = mirror
    if (this.chosen.includes(address)) this.chosen = this.chosen.filter((other) => other !== address)
    else if (this.mayChoose(mirror) && this.chosen.length < maxMirrors) this.chosen = [...this.chosen, address]
  }

  moveChosen(address: string, by: -1 | 1) {
    const from = this.chosen.indexOf(address)
    const other = this.chosen[from + by]
    if (from >= 0 && other !== undefined) this.chosen = this.chosen.with(from, other).with(from + by, address)
  }

  /**
   * @returns the row above (-1) or below (1) a mirror, if the two can swap places: both are the user's own, no test is
   * running, and test results do not decide their order
   */
  neighbour(mirror: Mirror, by: -1 | 1): Mirror | undefined {
    const other = this.#rows[this.#rows.indexOf(mirror) + by]
    const canSwap = !this.running && mirror.own && other?.own && this.#compareByResult(mirror, other) === 0
    return canSwap ? other : undefined
  }

  move(mirror: Mirror, by: -1 | 1) {
    const other = this.neighbour(mirror, by)
    if (other) void slipway.call('mirrors.swap', [mirror.address, other.address])
  }

  cancel() {
    if (this.race) void slipway.call('jobs.cancel', this.race.job)
  }

  /** Keeps the cursor's row in place while results arrive. Call this when the user moves the cursor. */
  pinCursorRow() {
    this.#cursorRowPinned = true
  }

  /** Sets the hovered row. When the pointer has left the list (no address), the rows are sorted again. */
  setHoveredRow(address?: string) {
    this.#hovered = address
    if (address === undefined) this.#sortRows(true)
  }

  #update(mirrors: Mirrors) {
    const wasRunning = this.running
    this.#snapshot = mirrors
    this.chosen = this.chosen.filter((address) => mirrors.tested.some((mirror) => mirror.address === address))
    // The last result arrives together with the end of the race, so a row is still held in place.
    this.#sortRows(wasRunning || this.running)
    // Preselect what the race found, unless the user has chosen mirrors.
    if (wasRunning && !this.running && this.chosen.length === 0)
      this.chosen = this.#current.slice(0, maxSuggested).map(({ address }) => address)
  }

  /** Sorts the rows by test results. @param holdRow whether the hovered or cursor's row stays in place */
  #sortRows(holdRow: boolean) {
    const sorted = (this.#snapshot?.tested ?? []).toSorted(this.#compareByResult)
    const heldKey = this.#hovered ?? (this.#cursorRowPinned ? this.cursor.row?.address : undefined)
    const hasSameLength = sorted.length === this.#rows.length
    this.#rows = holdRow && hasSameLength ? holdInPlace(this.#rows, sorted, keyOf, heldKey) : sorted
  }
}

const keyOf = ({ address }: Mirror) => address

export const mirrors = new MirrorList()
