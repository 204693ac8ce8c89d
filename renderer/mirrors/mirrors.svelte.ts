/** State of the screen Mirrors: the mirrors of Docker Hub, their test results, and those that the user has chosen. */
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
import { canonicalAddress, maxMirrors, sameMirror } from '../../model/mirrors/address.ts'
import { Cursor } from '../ui/cursor.svelte.ts'

/**
 * How many mirrors are preselected after a race. The second mirror is a fallback. Docker asks mirrors one after
 * another, so each further one that hangs costs a timeout.
 */
const maxPreselected = 2

interface FailedPull {
  readonly reference: string
  readonly platform?: string | undefined
}

class MirrorList {
  #snapshot = $state.raw<Mirrors>()
  #rows = $state.raw<readonly Mirror[]>([])
  /** The image for the test, as typed by the user; undefined to use main's suggestion. */
  #typedImage = $state<string>()
  /** Why the last race could not start. */
  failure = $state.raw<Failure>()
  /** The failed pull from which the user opened the screen. */
  failedPull = $state.raw<FailedPull>()
  /** Address of the hovered row, which stays in place while results arrive. */
  #hoveredAddress: string | undefined
  /** True once the user has moved the cursor since the race started. Its row then stays in place if none is hovered. */
  #cursorRowPinned = false

  /** Addresses of the mirrors that the user has chosen, in the order in which Docker will try them. */
  chosen = $state.raw<readonly string[]>([])

  readonly asOf = $derived(this.#snapshot?.asOf ?? '')
  readonly untested = $derived(this.#snapshot?.untested ?? [])
  readonly race = $derived(this.#snapshot?.race)
  /** Mirrors that Docker uses and that do not work. */
  readonly failing = $derived(this.#snapshot?.failing ?? [])
  readonly running = $derived(this.race !== undefined && this.race.ended === undefined)
  /** Whether the race has ended without being cancelled. */
  readonly #isComplete = $derived(this.race?.ended !== undefined && !this.race.cancelled)
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

  readonly hubProbe = $derived(this.race?.probes[hubAddress])
  /** Probes of all mirrors in the race, including mirrors of Docker's configuration that are not listed. */
  readonly #probes = $derived.by(() => {
    const { [hubAddress]: _, ...mirrors } = this.race?.probes ?? {}
    return Object.values(mirrors)
  })
  readonly #comparison = $derived(
    compareDigests(
      digestIn(this.hubProbe),
      this.#probes.flatMap((probe) => digestIn(probe) ?? []),
      this.race,
      this.#isComplete,
    ),
  )
  readonly usableMirrors = $derived(this.#rows.filter((mirror) => this.isUsable(mirror)))
  /** Usable mirrors with the current content of the image, in the order of the rows. */
  readonly #currentMirrors = $derived(
    this.usableMirrors.filter((mirror) => isCurrent(this.contentOf(digestIn(this.probeOf(mirror)) ?? ''))),
  )
  readonly maxSpeed = $derived(Math.max(0, ...this.usableMirrors.map((mirror) => this.speedOf(mirror))))
  readonly isFastest = (mirror: Mirror): boolean =>
    this.speedOf(mirror) > 0 &&
    this.#currentMirrors.includes(mirror) &&
    this.#currentMirrors.every((other) => this.speedOf(other) <= this.speedOf(mirror))
  /** Listed mirrors that take part in the race. A mirror that was added after the start does not. */
  readonly participants = $derived(this.#rows.filter((mirror) => this.probeOf(mirror) !== undefined))
  readonly endedCount = $derived(
    this.participants.filter((mirror) => ['answered', 'failed'].includes(this.probeOf(mirror)?.state ?? '')).length,
  )
  /** When the oldest result was measured: a cancelled race keeps results of an earlier race. */
  readonly oldestResult = $derived(
    Math.min(...Object.values(this.race?.probes ?? {}).flatMap((probe) => ('at' in probe ? probe.at : []))),
  )
  /** The outcome of the race; undefined if the race is still running or was cancelled. */
  readonly diagnosis = $derived(this.#isComplete ? diagnose(this.hubProbe, this.#probes, this.contentOf) : undefined)

  /** @returns the listed mirror with an address of Docker's configuration, or a mirror that is made from the address */
  mirrorAt(address: string): Mirror {
    const listed = [...this.#rows, ...this.untested].find((mirror) => sameMirror(mirror.address, address))
    const url = canonicalAddress(address)
    return listed ?? { address: url, host: url.replace(/^https?:\/\//, ''), own: true }
  }

  get rows(): readonly Mirror[] {
    return this.#rows
  }
  /**
   * The image's digest at Docker Hub. If Docker Hub did not answer: the most common digest of the mirrors, or undefined
   * if there is a tie.
   */
  get expectedDigest(): string | undefined {
    return this.#comparison.expected
  }
  /** The image for the test, as shown in the field. */
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

  /** Call this when the screen opens, because the suggested image may have changed. */
  async refresh() {
    this.#hoveredAddress = undefined
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
   * Whether the user may choose a mirror: a usable one, or one that the user added and that failed or was not tested,
   * because the engine may reach a mirror that this computer cannot. A chosen mirror can always be deselected.
   */
  mayChoose(mirror: Mirror): boolean {
    if (this.chosen.includes(mirror.address) || this.isUsable(mirror)) return true
    const probe = this.probeOf(mirror)
    return mirror.own && probe?.state !== 'answered'
  }

  /** Chooses a mirror, or deselects a chosen one. */
  toggle(mirror: Mirror) {
    const { address } = mirror
    if (this.chosen.includes(address)) this.chosen = this.chosen.filter((other) => other !== address)
    else if (this.mayChoose(mirror) && this.chosen.length < maxMirrors) this.chosen = [...this.chosen, address]
  }

  /** Moves a chosen mirror up (-1) or down (1) in the order in which Docker tries the mirrors. */
  moveChosen(address: string, offset: -1 | 1) {
    const from = this.chosen.indexOf(address)
    const other = this.chosen[from + offset]
    if (from >= 0 && other !== undefined) this.chosen = this.chosen.with(from, other).with(from + offset, address)
  }

  /**
   * @returns the row above (-1) or below (1) a mirror, if the two can be swapped: the user added both, no race is
   * running, and both have equal test results; undefined otherwise
   */
  neighbour(mirror: Mirror, offset: -1 | 1): Mirror | undefined {
    const other = this.#rows[this.#rows.indexOf(mirror) + offset]
    const canSwap = !this.running && mirror.own && other?.own && this.#compareByResult(mirror, other) === 0
    return canSwap ? other : undefined
  }

  /** Moves a mirror of the user up (-1) or down (1) in the list, if that is possible. */
  move(mirror: Mirror, offset: -1 | 1) {
    const other = this.neighbour(mirror, offset)
    if (other) void slipway.call('mirrors.swap', [mirror.address, other.address])
  }

  cancel() {
    if (this.race) void slipway.call('jobs.cancel', this.race.job)
  }

  /** Keeps the cursor's row in place while results arrive. Call this when the user moves the cursor. */
  pinCursorRow() {
    this.#cursorRowPinned = true
  }

  /** Sets the hovered row. Without an address, no row is hovered, and the rows are sorted again. */
  setHoveredRow(address?: string) {
    this.#hoveredAddress = address
    if (address === undefined) this.#sortRows(true)
  }

  #update(mirrors: Mirrors) {
    const wasRunning = this.running
    this.#snapshot = mirrors
    this.chosen = this.chosen.filter((address) => mirrors.tested.some((mirror) => mirror.address === address))
    // The last result arrives together with the end of the race, so a row is still held in place.
    this.#sortRows(wasRunning || this.running)
    // After a race, preselect its best mirrors, unless the user has chosen mirrors.
    if (wasRunning && !this.running && this.chosen.length === 0)
      this.chosen = this.#currentMirrors
        .toSorted(this.#compareByResult)
        .slice(0, maxPreselected)
        .map(({ address }) => address)
  }

  /** Sorts the rows by test results. @param holdRow whether the hovered row, else the cursor's row, stays in place */
  #sortRows(holdRow: boolean) {
    const sorted = (this.#snapshot?.tested ?? []).toSorted(this.#compareByResult)
    const heldKey = this.#hoveredAddress ?? (this.#cursorRowPinned ? this.cursor.row?.address : undefined)
    const hasSameLength = sorted.length === this.#rows.length
    this.#rows = holdRow && hasSameLength ? holdInPlace(this.#rows, sorted, keyOf, heldKey) : sorted
  }
}

const keyOf = ({ address }: Mirror) => address

export const mirrors = new MirrorList()
