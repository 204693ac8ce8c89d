/** Types of benchmarks and their results, and how results are printed. */
import type { BenchEnvironment } from './environment.ts'

export interface BenchmarkResult {
  readonly name: string
  /** The measured value: milliseconds, bytes, or a count. */
  readonly value: number
  /** The same measurement of the baseline, from the same run; null if there is no baseline. */
  readonly reference: number | null
  readonly goal: string
  readonly pass: boolean
  /** The result in one line for people, with units and details. */
  readonly summary: string
}

export interface Benchmark {
  readonly name: string
  /** What is measured, and what it is compared with. */
  readonly description: string
  run(environment: BenchEnvironment): Promise<readonly BenchmarkResult[]>
}

export const ratioOf = ({ value, reference }: BenchmarkResult): number | null => (reference ? value / reference : null)

export function line(result: BenchmarkResult): string {
  return `${result.pass ? '✓' : '✗'} ${result.name}: ${result.summary} (goal: ${result.goal})`
}

export function json(result: BenchmarkResult): string {
  const { name, value, reference, goal, pass } = result
  return JSON.stringify({ name, value, reference, ratio: ratioOf(result), goal, pass })
}

/**
 * @returns the value at this fraction (0 to 1) of the sorted values; 0.5 is the median
 * @throws if there are no values
 */
export function quantile(values: readonly number[], fraction: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * fraction))]
  if (value === undefined) throw new Error('nothing was measured')
  return value
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export const formatMs = (ms: number): string => `${ms < 100 ? ms.toFixed(1) : Math.round(ms)} ms`
export const formatRatio = (ratio: number): string => ratio.toFixed(2)
export const formatMegabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
