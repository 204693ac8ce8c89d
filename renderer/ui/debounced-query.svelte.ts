/** Fetches data about the row under the cursor, once the cursor rests on it. */
import type { Failure, Result } from '../../preload/contract/index.ts'

/** Delay that prevents requests while the arrow key is held down. */
const debounceMs = 60

export class DebouncedQuery<Answer> {
  value = $state.raw<Answer>()
  failure = $state.raw<Failure>()
  readonly #fetch: (id: string) => Promise<Result<Answer>>
  #latestId: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(fetch: (id: string) => Promise<Result<Answer>>) {
    this.#fetch = fetch
  }

  /** Retries after a failure. */
  retry() {
    const id = this.#latestId
    this.request(undefined)
    this.request(id)
  }

  /** Fetches the data of an id after a short delay. Undefined clears the data. */
  request(id: string | undefined) {
    if (id === this.#latestId) return
    this.#latestId = id
    clearTimeout(this.#timer)
    if (id) this.#timer = setTimeout(() => void this.#read(id), debounceMs)
    else this.value = this.failure = undefined
  }

  async #read(id: string) {
    const answer = await this.#fetch(id)
    if (id !== this.#latestId) return
    this.value = answer.ok ? answer.value : undefined
    this.failure = answer.ok ? undefined : answer.error
  }
}
