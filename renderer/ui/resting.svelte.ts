/** What is asked of main about the thing under the cursor, once the cursor rests on it. */
import type { Failure, Result } from '../../preload/contract/index.ts'

/** Long enough that running down the list with the arrow key asks for nothing on the way. */
const rest = 60

export class Resting<Answer> {
  value = $state.raw<Answer>()
  failure = $state.raw<Failure>()
  readonly #ask: (id: string) => Promise<Result<Answer>>
  #wanted: string | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ask: (id: string) => Promise<Result<Answer>>) {
    this.#ask = ask
  }

  /** Asks again, where it failed. */
  again() {
    const id = this.#wanted
    this.show(undefined)
    this.show(id)
  }

  show(id: string | undefined) {
    if (id === this.#wanted) return
    this.#wanted = id
    clearTimeout(this.#timer)
    if (id) this.#timer = setTimeout(() => void this.#read(id), rest)
    else this.value = this.failure = undefined
  }

  async #read(id: string) {
    const answer = await this.#ask(id)
    if (id !== this.#wanted) return
    this.value = answer.ok ? answer.value : undefined
    this.failure = answer.ok ? undefined : answer.error
  }
}
