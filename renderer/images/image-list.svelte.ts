/** State of the image list: filter, sort order, groups, cursor and selection. */
import type { ImageId } from '../../model/image/image.ts'
import { matches, parseQuery } from '../../model/image/query.ts'
import type { SetSharing } from '../../model/layers/sharing.ts'
import { layers } from '../layers/layers.svelte.ts'
import { live } from '../engine/live.svelte.ts'
import { Cursor } from '../ui/cursor.svelte.ts'
import { Selection } from '../ui/selection.svelte.ts'
import { groupsOf, olderThanNewest, toLines } from './groups.ts'
import { LabelSearch } from './label-search.svelte.ts'
import { imagesOf, linesOf, sizeOf, type GroupLine, type ImageLine, type Line } from './lines.ts'
import { sortedBy, sortedGroups, startsDescending, type Column, type Order } from './order.ts'
import { isInPreset, countPresets, monthsBefore, type Preset } from './presets.ts'

export class ImageList {
  query = $state('')
  preset = $state<Preset>('all')
  /** Images created more than this many months ago count as old. */
  months = $state(6)
  order = $state.raw<Order>({ column: 'size', descending: true })
  grouped = $state(false)
  #openKeys = $state.raw<ReadonlySet<string>>(new Set())
  readonly #labelSearch = new LabelSearch()

  /** `used` of an image without a listed container: 0, or undefined if the list of containers is incomplete. */
  readonly #defaultUse = $derived(live.containersFailure === undefined ? 0 : undefined)
  readonly all: readonly ImageLine[] = $derived(
    live.images.flatMap((image) => linesOf(image, live.containersByImage.get(image.id)?.length ?? this.#defaultUse)),
  )
  // Sorting comes before filtering, so that a keystroke only filters again.
  readonly #sorted = $derived(sortedBy(this.all, this.order))
  readonly #query = $derived(parseQuery(this.query))
  readonly #oldBefore = $derived(monthsBefore(new Date(), this.months))
  readonly #inPreset = $derived(
    this.preset === 'all'
      ? this.#sorted
      : this.#sorted.filter((line) => isInPreset(this.preset, line, this.#oldBefore)),
  )
  /** The lines that match the filters, sorted. */
  readonly filtered: readonly ImageLine[] = $derived(
    this.#query.words.length + this.#query.conditions.length === 0
      ? this.#inPreset
      : this.#inPreset.filter((line) => matches(this.#query, line, this.#labelSearch.matches)),
  )
  readonly #groups: readonly GroupLine[] = $derived(
    this.grouped ? sortedGroups(groupsOf(this.filtered), this.order) : [],
  )
  /** The rows of the grid: groups and lines. */
  readonly lines: readonly Line[] = $derived(this.grouped ? toLines(this.#groups, this.#openKeys) : this.filtered)

  readonly cursor = new Cursor<Line>(
    () => this.lines,
    ({ key }) => key,
  )
  readonly selection = new Selection()
  readonly selected: readonly ImageLine[] = $derived(
    this.selection.keys.size === 0 ? [] : this.all.filter(({ key }) => this.selection.has(key)),
  )
  readonly selectedImages = $derived(imagesOf(this.selected))
  /** What removing the selection frees. An image that keeps an unselected tag is not removed and frees nothing. */
  readonly sharing: SetSharing = $derived.by(() => {
    const byImage = Map.groupBy(this.selected, ({ id }) => id)
    return layers.sharingOfSet(
      [...byImage].flatMap(([id, lines]) => (lines.length > lines[0]!.otherTags.length ? [id] : [])),
    )
  })
  /** Number of selected lines that the filters hide. */
  readonly hiddenCount: number = $derived.by(() => {
    if (this.selected.length === 0) return 0
    return this.selected.length - this.filtered.filter(({ key }) => this.selection.has(key)).length
  })

  readonly imageCount = $derived(live.images.length)
  readonly presetCounts = $derived(countPresets(this.all, this.#oldBefore))
  readonly isFiltered = $derived(this.query.trim() !== '' || this.preset !== 'all')
  readonly maxSize = $derived(live.images.reduce((max, { size }) => Math.max(max, size), 1))
  readonly maxGroupSize = $derived(this.#groups.reduce((max, { size }) => Math.max(max, size), 1))
  /** Total size of all images in bytes, as if no layers were shared. */
  readonly totalSize = $derived(sizeOf(live.images))

  /** Searches labels for the words of the query. Call this in an effect. */
  searchLabels() {
    this.#labelSearch.search(this.#query.words)
  }

  /** All lines of a preset, regardless of the current filter. */
  linesInPreset(preset: Preset): readonly ImageLine[] {
    return this.all.filter((line) => isInPreset(preset, line, this.#oldBefore))
  }

  /** Moves the cursor to an image. If filters or a collapsed group hide it, clears the filters and the grouping. */
  moveTo(id: ImageId) {
    if (!this.lines.some((line) => line.kind === 'image' && line.id === id)) {
      this.clearFilters()
      this.grouped = false
    }
    this.cursor.moveTo(this.lines.findIndex((line) => line.kind === 'image' && line.id === id))
  }

  clearFilters() {
    this.query = ''
    this.preset = 'all'
  }

  sortBy(column: Column) {
    const descending = this.order.column === column ? !this.order.descending : startsDescending(column)
    this.order = { column, descending }
  }

  setOpen(group: GroupLine, open: boolean) {
    const next = new Set(this.#openKeys)
    if (open) next.add(group.key)
    else next.delete(group.key)
    this.#openKeys = next
  }

  /** @returns the index of the group that contains the cursor's line; -1 if there is none */
  groupIndex(): number {
    const line = this.cursor.row
    return this.lines.findIndex((other) => other.kind === 'group' && other.repository === line?.repository)
  }

  /** @returns the key of the image line at an index, or the keys of all lines of the group at the index */
  readonly keysAt = (index: number): readonly string[] => {
    const line = this.lines[index]
    if (line === undefined) return []
    return line.kind === 'image' ? [line.key] : line.lines.map(({ key }) => key)
  }

  selectAll() {
    this.selection.replace(this.filtered.map(({ key }) => key))
  }

  /** Selects the lines of all images of a group except the newest `keepCount`. */
  selectOlderThanNewest(group: GroupLine, keepCount: number) {
    this.selection.replace(olderThanNewest(group, keepCount).map(({ key }) => key))
  }
}
