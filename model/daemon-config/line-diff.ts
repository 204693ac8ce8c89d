/** What of a text changes, line by line, for showing. One region changes, so what is equal around it needs no search. */

export interface DiffLine {
  readonly kind: 'same' | 'removed' | 'added'
  /** Without its line end. */
  readonly text: string
  /** Counted from 1, in the old text where it is removed, else in the new one. */
  readonly line: number
}

export function lineDiff(before: string, after: string): readonly DiffLine[] {
  const [old, now] = [lines(before), lines(after)]
  const shorter = Math.min(old.length, now.length)
  let head = 0
  while (head < shorter && old[head] === now[head]) head += 1
  let tail = 0
  while (tail < shorter - head && old.at(-1 - tail) === now.at(-1 - tail)) tail += 1

  const show = (kind: DiffLine['kind'], all: readonly string[], from: number, to: number) =>
    all.slice(from, to).map((line, index): DiffLine => ({
      kind,
      text: line.replace(/[\r\n]+$/, ''),
      line: from + index + 1,
    }))
  return [
    ...show('same', now, 0, head),
    ...show('removed', old, head, old.length - tail),
    ...show('added', now, head, now.length - tail),
    ...show('same', now, now.length - tail, now.length),
  ]
}

/** Each with its line end, so that another one is a change too. */
const lines = (text: string) => text.match(/[^\r\n]*(?:\r\n|\n|\r)|[^\r\n]+$/g) ?? []
