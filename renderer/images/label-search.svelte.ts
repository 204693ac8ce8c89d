/** Finds images by label. Only main knows the labels, so main is queried when the user pauses typing. */
import type { ImageId } from '../../model/image/image.ts'

const debounceMs = 120

export class LabelSearch {
  #matchingIds = $state.raw<ReadonlyMap<string, ReadonlySet<ImageId>>>(new Map())
  #latestWords: readonly string[] = []
  #timer: ReturnType<typeof setTimeout> | undefined

  readonly matches = (word: string, id: ImageId): boolean => this.#matchingIds.get(word)?.has(id) ?? false

  search(words: readonly string[]) {
    clearTimeout(this.#timer)
    this.#latestWords = words
    if (words.length > 0) this.#timer = setTimeout(() => void this.#query(words), debounceMs)
    else if (this.#matchingIds.size > 0) this.#matchingIds = new Map()
  }

  async #query(words: readonly string[]) {
    const answer = await slipway.call('images.findByLabel', [...words])
    if (!answer.ok || words !== this.#latestWords) return
    const idsByWord = words.map((word, index) => [word, new Set(answer.value[index])] as const)
    this.#matchingIds = new Map(idsByWord.filter(([, ids]) => ids.size > 0))
  }
}
