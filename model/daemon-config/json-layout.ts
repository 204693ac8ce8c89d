/** A list put into an object of JSON in the file's own hand: its indentation, line ends and spaces. */
import type { JsonObject, Span } from './json-text.ts'

/** A line end, and the indentation of what stands behind it; of several the last. */
const lastBreak = /(\r\n|\n|\r)([ \t]*)[^\r\n]*$/
const firstEnd = /\r\n|\n|\r/
const item = /"(?:[^"\\]|\\.)*"/g

interface Break {
  readonly end: string
  readonly indent: string
}

/** The text with this list as the value of a key: in place of the old value, or at the object's end. */
export function withList(
  text: string,
  object: JsonObject,
  key: string,
  list: readonly string[],
  end = firstEnd.exec(text)?.[0] ?? '\n',
): string {
  const { members } = object
  const index = members.findIndex((member) => member.key === key)
  const name = JSON.stringify(key)
  const items = list.map((each) => JSON.stringify(each))
  if (members.length === 0) {
    const value = fresh(items, { end, indent: '  ' }, '  ', ' ')
    return replaced(text, object, `{${end}  ${name}: ${value}${end}}`)
  }

  const at = index < 0 ? members.length - 1 : index
  const { name: beside, value } = members[at]!
  const from = at === 0 ? object.start + 1 : members[at - 1]!.value.end
  const lead = text.slice(from, beside.start)
  const closing = breakIn(text.slice(members.at(-1)!.value.end, object.end - 1))?.indent ?? ''
  const here = breakIn(lead)
  const step = here && (here.indent.startsWith(closing) ? here.indent.slice(closing.length) : here.indent)
  const between = text.slice(beside.end, value.start)
  const colon = firstEnd.test(between) ? ': ' : between
  const gap = colon.slice(colon.indexOf(':') + 1)
  if (index >= 0) {
    const old = text.slice(value.start, value.end)
    return replaced(text, value, likewise(old, items, gap) ?? fresh(items, here, step, gap))
  }
  // The first member has no comma before it, and on one line perhaps a space that belongs to the brace.
  const separator = at > 0 ? lead : `,${here ? lead : gap}`
  const added = `${separator}${name}${colon}${fresh(items, here, step, gap)}`
  return replaced(text, { start: value.end, end: value.end }, added)
}

const replaced = (text: string, { start, end }: Span, by: string) => text.slice(0, start) + by + text.slice(end)

function breakIn(text: string): Break | undefined {
  const [, end, indent] = lastBreak.exec(text) ?? []
  return end === undefined || indent === undefined ? undefined : { end, indent }
}

/** A list written as the object is: each item on its own line where each member is. */
function fresh(items: readonly string[], line: Break | undefined, step = '', gap = ''): string {
  if (items.length === 0) return '[]'
  if (!line) return `[${items.join(`,${gap}`)}]`
  const { end, indent } = line
  const inner = end + indent + step
  return `[${inner}${items.join(`,${inner}`)}${end}${indent}]`
}

/** A list written as the one before it; undefined where that has no items to go by. */
function likewise(old: string, items: readonly string[], gap: string): string | undefined {
  const [first, second] = old.matchAll(item)
  if (!first || items.length === 0) return undefined
  const open = old.slice(1, first.index)
  const close = /[^"]*$/.exec(old)![0]
  const separator = second
    ? old.slice(first.index + first[0].length, second.index)
    : `,${firstEnd.test(open) ? open : gap || open}`
  return `[${open}${items.join(separator)}${close}`
}
