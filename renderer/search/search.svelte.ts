/** State of the screen Discover: the query, its results, and the cursor. */
import { parseSearch } from '../../model/search/query.ts'
import { holdInPlace } from '../ui/hold-in-place.ts'
import type { Featured, FoundImage, SearchAnswer } from '../../preload/contract/index.ts'
import { Cursor } from '../ui/cursor.svelte.ts'

export class DiscoverState {
  text = $state('')
  readonly parsed = $derived(parseSearch(this.text))
  featured = $state.raw<Featured>()
  /** The best answer to the query so far. */
  answer = $state.raw<SearchAnswer>()
  /** The images of `answer`, with the cursor's row held in place. */
  #images = $state.raw<readonly FoundImage[]>([])
  /** True once the user has moved the cursor. Its row then stays in place when better results arrive. */
  #cursorRowPinned = false

  readonly rows: readonly FoundImage[] = $derived.by(() => {
    if (this.parsed.kind === 'nothing') return this.featured?.images ?? []
    if (this.parsed.kind === 'words') return this.#images
    if (this.parsed.kind === 'wrong') return []
    const { repository } = this.parsed.name
    return this.#images.filter((image) => image.repository === repository).length > 0
      ? this.#images.filter((image) => image.repository === repository)
      : [{ repository, description: '', official: !repository.includes('/') }]
  })
  readonly cursor = new Cursor<FoundImage>(() => this.rows, keyOf)

  /** Call this once at startup. */
  async load() {
    slipway.on('search.answered', (answer) => this.#update(answer))
    const answer = await slipway.call('search.featured')
    if (answer.ok) this.featured = answer.value
  }

  /** Sends the query to main, unless `answer` is already for this query. */
  async search() {
    const words = this.#words
    if (words === this.answer?.words) return
    this.#cursorRowPinned = false
    this.cursor.moveTo(0)
    const answer = await slipway.call('search.query', words)
    if (answer.ok && this.answer?.words !== words) this.#update(answer.value)
  }

  /** Keeps the cursor's row in place when better results arrive. Call this when the user moves the cursor. */
  pinCursorRow() {
    this.#cursorRowPinned = true
  }

  get #words(): string {
    if (this.parsed.kind === 'words') return this.parsed.words
    return this.parsed.kind === 'name' ? this.parsed.name.repository : ''
  }

  #update(answer: SearchAnswer) {
    if (answer.words !== this.#words) return
    const pinnedKey = this.#cursorRowPinned ? this.cursor.row?.repository : undefined
    const isSameQuery = this.answer?.words === answer.words
    this.#images = isSameQuery ? holdInPlace(this.#images, answer.images, keyOf, pinnedKey) : answer.images
    this.answer = answer
  }
}

const keyOf = ({ repository }: FoundImage) => repository
