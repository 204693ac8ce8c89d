/** State of the Discover screen: the query, its results, and the cursor. */
import { parseSearch } from '../../model/search/query.ts'
import { holdInPlace } from '../ui/hold-in-place.ts'
import type { Featured, FoundImage, SearchAnswer } from '../../preload/contract/index.ts'
import { Cursor } from '../ui/cursor.svelte.ts'

export class Discover {
  text = $state('')
  readonly asked = $derived(parseSearch(this.text))
  featured = $state.raw<Featured>()
  /** The best answer to the query so far. */
  answer = $state.raw<SearchAnswer>()
  #found = $state.raw<readonly FoundImage[]>([])
  /** Whether the user has moved the cursor: then the cursor's row keeps its position. */
  #touched = false

  readonly rows: readonly FoundImage[] = $derived.by(() => {
    if (this.asked.kind === 'nothing') return this.featured?.images ?? []
    if (this.asked.kind === 'words') return this.#found
    if (this.asked.kind === 'wrong') return []
    const { repository } = this.asked.name
    return this.#found.filter((image) => image.repository === repository).length > 0
      ? this.#found.filter((image) => image.repository === repository)
      : [{ repository, description: '', official: !repository.includes('/') }]
  })
  readonly cursor = new Cursor<FoundImage>(() => this.rows, keyOf)

  /** Call this once at startup. */
  async load() {
    slipway.on('search.answered', (answer) => this.#update(answer))
    const answer = await slipway.call('search.featured')
    if (answer.ok) this.featured = answer.value
  }

  /** Runs the query. */
  async search() {
    const words = this.#words
    if (words === this.answer?.words) return
    this.#touched = false
    this.cursor.moveTo(0)
    const answer = await slipway.call('search.query', words)
    if (answer.ok && this.answer?.words !== words) this.#update(answer.value)
  }

  /** Call this when the user moves the cursor. */
  touch() {
    this.#touched = true
  }

  get #words(): string {
    if (this.asked.kind === 'words') return this.asked.words
    return this.asked.kind === 'name' ? this.asked.name.repository : ''
  }

  #update(answer: SearchAnswer) {
    if (answer.words !== this.#words) return
    const at = this.#touched ? this.cursor.row?.repository : undefined
    const same = this.answer?.words === answer.words
    this.#found = same ? holdInPlace(this.#found, answer.images, keyOf, at) : answer.images
    this.answer = answer
  }
}

const keyOf = ({ repository }: FoundImage) => repository
