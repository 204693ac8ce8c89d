/** Numbers the units that images hold: layers, and blobs of compressed content. */
import type { ByteRange } from '../../model/layers/sizes.ts'

export class Units {
  #numbers = new Map<string, number>()
  #sizes: ByteRange[] = []

  get count(): number {
    return this.#sizes.length
  }

  /** @returns undefined if there is no unit of this name */
  find(name: string): number | undefined {
    return this.#numbers.get(name)
  }

  /** @returns the number of the unit; adds the unit with this size if it does not exist */
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
   * Drops unused units once more than half are unused, so that the cost is proportional to the number of changes.
   * @returns the new numbers by the old ones; undefined if no number changes
   */
  dropUnused(used: Iterable<readonly number[]>): ReadonlyMap<number, number> | undefined {
    const isUsed = new Uint8Array(this.#sizes.length)
    let usedCount = 0
    for (const units of used)
      for (const unit of units) {
        if (!isUsed[unit]) usedCount++
        isUsed[unit] = 1
      }
    if (this.#sizes.length <= 2 * usedCount) return undefined
    const remaining = [...this.#numbers].filter(([, unit]) => isUsed[unit])
    this.#sizes = remaining.map(([, unit]) => this.#sizes[unit]!)
    this.#numbers = new Map(remaining.map(([name], at) => [name, at]))
    return new Map(remaining.map(([, unit], at) => [unit, at]))
  }
}
