/** Writes a list into the text of a JSON object, following the file's indentation, line ends and spacing. */
import type { JsonObject, Span } from './json-text.ts'

/** The last line end, with the indentation after it. */
const lastBreak = /(\r\n|\n|\r)([ \t]*)[^\r\n]*$/
const firstLineEnd = /\r\n|\n|\r/
const stringItem = /"(?:[^"\\]|\\.)*"/g

interface LineBreak {
  readonly end: string
  readonly indent: string
}

/** The text with the list as the value of `key`: replaces the old value, or appends the key to the object. */
export function withList(
  text: string,
  object: JsonObject,
  key: string,
  list: readonly string[],
  end = firstLineEnd.exec(text)?.[0] ?? '\n',
): string {
  const { members } = object
  const index = members.findIndex((member) => member.key === key)
  const name = JSON.stringify(key)
  const items = list.map((value) => JSON.stringify(value))
  if (members.length === 0) {
    const value = formatList(items, { end, indent: '  ' }, '  ', ' ')
    return replaceSpan(text, object, `{${end}  ${name}: ${value}${end}}`)
  }

  // The neighbor is the member to replace or, for a new key, the last member. Its layout is copied.
  const neighborIndex = index < 0 ? members.length - 1 : index
  const { name: neighbor, value } = members[neighborIndex]!
  const from = neighborIndex === 0 ? object.start + 1 : members[neighborIndex - 1]!.value.end
  const textBeforeName = text.slice(from, neighbor.start)
  const closingIndent = lastBreakIn(text.slice(members.at(-1)!.value.end, object.end - 1))?.indent ?? ''
  const lineBreak = lastBreakIn(textBeforeName)
  const step =
    lineBreak &&
    (lineBreak.indent.startsWith(closingIndent) ? lineBreak.indent.slice(closingIndent.length) : lineBreak.indent)
  const betweenNameAndValue = text.slice(neighbor.end, value.start)
  const colon = firstLineEnd.test(betweenNameAndValue) ? ': ' : betweenNameAndValue
  const gap = colon.slice(colon.indexOf(':') + 1)
  if (index >= 0) {
    const old = text.slice(value.start, value.end)
    return replaceSpan(text, value, formatLikeOldList(old, items, gap) ?? formatList(items, lineBreak, step, gap))
  }
  // The text before the first member cannot be copied as a separator: it has no comma, and on a single line a space in
  // it belongs to the brace.
  const separator = neighborIndex > 0 ? textBeforeName : `,${lineBreak ? textBeforeName : gap}`
  const added = `${separator}${name}${colon}${formatList(items, lineBreak, step, gap)}`
  return replaceSpan(text, { start: value.end, end: value.end }, added)
}

const replaceSpan = (text: string, { start, end }: Span, replacement: string) =>
  text.slice(0, start) + replacement + text.slice(end)

function lastBreakIn(text: string): LineBreak | undefined {
  const [, end, indent] = lastBreak.exec(text) ?? []
  return end === undefined || indent === undefined ? undefined : { end, indent }
}

/** Formats a list like the object around it: one item per line if the object has one member per line. */
function formatList(items: readonly string[], line: LineBreak | undefined, step = '', gap = ''): string {
  if (items.length === 0) return '[]'
  if (!line) return `[${items.join(`,${gap}`)}]`
  const { end, indent } = line
  const inner = end + indent + step
  return `[${inner}${items.join(`,${inner}`)}${end}${indent}]`
}

/** Formats a list like the old one; undefined if one of the two lists is empty. */
function formatLikeOldList(old: string, items: readonly string[], gap: string): string | undefined {
  const [first, second] = old.matchAll(stringItem)
  if (!first || items.length === 0) return undefined
  const open = old.slice(1, first.index)
  const close = /[^"]*$/.exec(old)![0]
  const separator = second
    ? old.slice(first.index + first[0].length, second.index)
    : `,${firstLineEnd.test(open) ? open : gap || open}`
  return `[${open}${items.join(separator)}${close}`
}
