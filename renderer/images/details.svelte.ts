/** The details of the image under the cursor, read when the cursor rests on it. */
import type { ImageId } from '../../model/image.ts'
import type { Failure, ImageDetails } from '../../preload/contract/index.ts'

/** Long enough that running down the list with the arrow key asks for nothing on the way. */
const rest = 60

export class DetailsState {
  details = $state.raw<ImageDetails>()
  failure = $state.raw<Failure>()
  #wanted: ImageId | undefined
  #timer: ReturnType<typeof setTimeout> | undefined

  show(id: ImageId | undefined) {
    if (id === this.#wanted) return
    this.#wanted = id
    clearTimeout(this.#timer)
    if (id) this.#timer = setTimeout(() => void this.#read(id), rest)
    else this.details = this.failure = undefined
  }

  /** Reads again what is shown: its image may have changed, or the engine have come back. */
  refresh() {
    if (this.#wanted) void this.#read(this.#wanted)
  }

  async #read(id: ImageId) {
    const answer = await slipway.call('images.details', id)
    if (id !== this.#wanted) return
    this.details = answer.ok ? answer.value : undefined
    this.failure = answer.ok ? undefined : answer.error
  }
}
