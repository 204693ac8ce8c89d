/** Fetches the data of the row under the cursor, once the cursor has stayed on that row for a moment. */
import type { Failure, Result } from '../../preload/contract/index.ts'

/** The delay before a request. While an arrow key is held down, the cursor moves on before the delay ends. */
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

  /** Fetches the data of the current id again, after a failure. */
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
    // The previous data stays until the answer arrives, so that nothing flickers. A previous failure is cleared.
    this.failure = undefined
    if (id) this.#timer = setTimeout(() => void this.#read(id), debounceMs)
    else this.value = undefined
  }

  async #read(id: string) {
    const answer = await this.#fetch(id)
    if (id !== this.#latestId) return
    this.value = answer.ok ? answer.value : undefined
    this.failure = answer.ok ? undefined : answer.error
  }
}
