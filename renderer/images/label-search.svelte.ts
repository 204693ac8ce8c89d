/** Finds images by label. Only main knows the labels, so it is queried after typing pauses. */
import type { ImageId } from '../../model/image/image.ts'

const debounceMs = 120

export class LabelSearch {
  #matchingIds = $state.raw<ReadonlyMap<string, ReadonlySet<ImageId>>>(new Map())
  #wanted: readonly string[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  readonly matches = (word: string, id: ImageId): boolean => this.#matchingIds.get(word)?.has(id) ?? false

  search(words: readonly string[]) {
    clearTimeout(this.#timer)
    this.#wanted = words
    if (words.length > 0) this.#timer = setTimeout(() => void this.#query(words), debounceMs)
    else if (this.#matchingIds.size > 0) this.#matchingIds = new Map()
  }

  async #query(words: readonly string[]) {
    const answer = await slipway.call('images.labelled', [...words])
    if (!answer.ok || words !== this.#wanted) return
    const matchingIds = words.map((word, at) => [word, new Set(answer.value[at])] as const)
    this.#matchingIds = new Map(matchingIds.filter(([, ids]) => ids.size > 0))
  }
}
