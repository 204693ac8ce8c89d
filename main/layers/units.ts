/** Units that images hold, by number: layers, and blobs of compressed content. */
import type { ByteRange } from '../../model/layers/sizes.ts'

export class Units {
  #numbers = new Map<string, number>()
  #sizes: ByteRange[] = []

  get count(): number {
    return this.#sizes.length
  }

  /** @returns undefined if no image has held a unit of this name yet. */
  find(name: string): number | undefined {
    return this.#numbers.get(name)
  }

  /** The unit's number; a new one with this size if there is none. */
  numberOf(name: string, size: ByteRange): number {
    const known = this.#numbers.get(name)
    if (known !== undefined) return known
    const unit = this.#sizes.push(size) - 1
    this.#numbers.set(name, unit)
    return unit
  }

  size(unit: number): ByteRange {
    return this.#sizes[unit]!
  }

  setSize(unit: number, size: ByteRange): void {
    this.#sizes[unit] = size
  }

  /**
   * Drops the units that are not used, once they are the most, so that the work is in proportion to what came and went.
   * @returns the new numbers by the old ones; undefined if all stay as they are.
   */
  dropUnused(used: Iterable<readonly number[]>): ReadonlyMap<number, number> | undefined {
    const marks = new Uint8Array(this.#sizes.length)
    let count = 0
    for (const units of used)
      for (const unit of units) {
        if (!marks[unit]) count++
        marks[unit] = 1
      }
    if (this.#sizes.length <= 2 * count) return undefined
    const kept = [...this.#numbers].filter(([, unit]) => marks[unit])
    this.#sizes = kept.map(([, unit]) => this.#sizes[unit]!)
    this.#numbers = new Map(kept.map(([name], at) => [name, at]))
    return new Map(kept.map(([, unit], at) => [unit, at]))
  }
}
