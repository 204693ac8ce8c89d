/** What is asked of main about the image under the cursor, once the cursor rests on it. */
import type { ImageId } from '../../model/image.ts'
import type { Failure, Result } from '../../preload/contract/index.ts'

/** Long enough that running down the list with the arrow key asks for nothing on the way. */
const rest = 60

export class Resting<Answer> {
  value = $state.raw<Answer>()
  failure = $state.raw<Failure>()
  readonly #ask: (id: ImageId) => Promise<Result<Answer>>
  #wanted: ImageId | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  constructor(ask: (id: ImageId) => Promise<Result<Answer>>) {
    this.#ask = ask
  }

  show(id: ImageId | undefined) {
    if (id === this.#wanted) return
    this.#wanted = id
    clearTimeout(this.#timer)
    if (id) this.#timer = setTimeout(() => void this.#read(id), rest)
    else this.value = this.failure = undefined
  }

  async #read(id: ImageId) {
    const answer = await this.#ask(id)
    if (id !== this.#wanted) return
    this.value = answer.ok ? answer.value : undefined
    this.failure = answer.ok ? undefined : answer.error
  }
}
