/**
 * A line diff for display. Slipway changes only one region of the file, so comparing the common start and end is
 * enough.
 */

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added'
  /** The line without its line end. */
  readonly text: string
  /** Line number from 1: in the old text for a removed line, otherwise in the new text. */
  readonly line: number
}

export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [old, current] = [splitLines(before), splitLines(after)]
  const shorter = Math.min(old.length, current.length)
  let head = 0
  while (head < shorter && old[head] === current[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === current.at(-1 - tail)) tail += 1

  const toDiffLines = (kind: DiffLine['kind'], all: readonly string[], from: number, to: number) =>
    all.slice(from, to).map((line, index): DiffLine => ({
      kind,
      text: line.replace(/[\r\n]+$/, ''),
      line: from + index + 1,
    }))
  return [
    ...toDiffLines('same', current, 0, head),
    ...toDiffLines('removed', old, head, old.length - tail),
    ...toDiffLines('added', current, head, current.length - tail),
    ...toDiffLines('same', current, current.length - tail, current.length),
  ]
}

/** Splits a text into lines including their line ends, so that a different line end is a change. */
const splitLines = (text: string) => text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? []
