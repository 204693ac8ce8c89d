/** Which images have a label that holds a word. Main alone knows the labels, so it is asked, once the typing rests. */
import type { ImageId } from '../../model/image/image.ts'

const rest = 120

export class LabelSearch {
  #found = $state.raw<ReadonlyMap<string, ReadonlySet<ImageId>>>(new Map())
  #wanted: readonly string[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  readonly holds = (word: string, id: ImageId): boolean => this.#found.get(word)?.has(id) ?? false

  look(words: readonly string[]) {
    clearTimeout(this.#timer)
    this.#wanted = words
    if (words.length > 0) this.#timer = setTimeout(() => void this.#ask(words), rest)
    else if (this.#found.size > 0) this.#found = new Map()
  }

  async #ask(words: readonly string[]) {
    const answer = await slipway.call('images.labelled', [...words])
    if (!answer.ok || words !== this.#wanted) return
    const found = words.map((word, at) => [word, new Set(answer.value[at])] as const)
    this.#found = new Map(found.filter(([, ids]) => ids.size > 0))
  }
}
