/** Assigns a number to each unit that images hold: a layer, or a blob of compressed content. */
import type { ByteRange } from '../../model/layers/sizes.ts'

export class Units {
  #numbers = new Map<string, number>()
  #sizes: ByteRange[] = []

  get count(): number {
    return this.#sizes.length
  }

  /** @returns undefined if no unit has this name */
  find(name: string): number | undefined {
    return this.#numbers.get(name)
  }

  /** @returns the number of the unit; adds the unit with this size if it does not exist */
  findOrAdd(name: string, size: ByteRange): number {
    const existing = this.#numbers.get(name)
    if (existing !== undefined) return existing
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
   * Drops the unused units, but only if more than half of all units are unused. This keeps the total cost of
   * renumbering proportional to the number of changes.
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
    this.#numbers = new Map(remaining.map(([name], newNumber) => [name, newNumber]))
    return new Map(remaining.map(([, unit], newNumber) => [unit, newNumber]))
  }
}

/** @returns the integers from `start` up to, but not including, `end` */
export const range = (start: number, end: number): number[] =>
  Array.from({ length: end - start }, (_, offset) => start + offset)
