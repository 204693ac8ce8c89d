/** What a measure is, and how its outcome is told. */
import type { Stage } from './stage.ts'

export interface Outcome {
  readonly name: string
  /** What was measured: ms, bytes, or a count. */
  readonly value: number
  /** The same of what it is held against, from the same run; null where there is nothing. */
  readonly reference: number | null
  readonly goal: string
  readonly pass: boolean
  /** The outcome in a line for people, with units and where the time goes. */
  readonly says: string
}

export interface Measure {
  readonly name: string
  /** What it measures, against what. */
  readonly what: string
  run(stage: Stage): Promise<readonly Outcome[]>
}

export const ratioOf = ({ value, reference }: Outcome): number | null => (reference ? value / reference : null)

export function line(outcome: Outcome): string {
  return `${outcome.pass ? '✓' : '✗'} ${outcome.name}: ${outcome.says} (goal: ${outcome.goal})`
}

export function json(outcome: Outcome): string {
  const { name, value, reference, goal, pass } = outcome
  return JSON.stringify({ name, value, reference, ratio: ratioOf(outcome), goal, pass })
}

/** The value below which a share of all lies; half of them for the median. */
export function quantile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b)
  const value = sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]
  if (value === undefined) throw new Error('nothing was measured')
  return value
}

export const median = (values: readonly number[]): number => quantile(values, 0.5)

export const ms = (value: number): string => `${value < 100 ? value.toFixed(1) : Math.round(value)} ms`
export const times = (value: number): string => value.toFixed(2)
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
