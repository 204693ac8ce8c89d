/** Made files: JSON in many hands, and files that are broken or odd. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { readDaemonFile, withMirrors } from '../../../model/daemon-config/file.ts'

export const one = 'https://docker.1ms.run'
export const two = 'https://docker.m.daocloud.io'

export function edited(text: string | undefined, mirrors: readonly string[]): string {
  const result = withMirrors(text, mirrors)
  expect(result).toMatchObject({ ok: true })
  return (result as { text: string }).text
}
export function settings(text: string | undefined) {
  const file = readDaemonFile(text)
  return file.ok ? file.settings : file
}
/** What is at fault, where, and the line that is shown; nothing is edited then. */
export function fault(text: string) {
  const file = readDaemonFile(text)
  const refused = withMirrors(text, [one])
  expect(refused).toEqual(file)
  if (file.ok) return file
  const { code, place, key } = file.fault
  return [code, place && `${place.line}:${place.column}`, place?.text, ...(key === undefined ? [] : [key])]
}

/** How somebody writes: where lines break, how far they are indented, and what stands between. */
export interface Hand {
  readonly end: string
  /** Undefined: all on one line. */
  readonly indent: string | undefined
  readonly afterColon: string
  readonly afterComma: string
  readonly insideBraces: string
  readonly closing: string
}

const oneLine = fc.record({
  end: fc.constantFrom('\n', '\r\n'),
  indent: fc.constant(undefined),
  afterColon: fc.constantFrom('', ' '),
  insideBraces: fc.constantFrom('', ' '),
  closing: fc.constantFrom('', '\n', '\r\n'),
})
const manyLines = fc.record({
  end: fc.constantFrom('\n', '\r\n', '\r'),
  indent: fc.constantFrom('', '  ', '    ', '\t', ' '),
  afterColon: fc.constantFrom('', ' ', '\t'),
  insideBraces: fc.constant(''),
  closing: fc.constantFrom('', '\n', '\r\n', '\n\n', ' '),
})
export const hands: fc.Arbitrary<Hand> = fc
  .oneof(oneLine, manyLines)
  .map((hand) => ({ ...hand, afterComma: hand.afterColon }))

export function written(value: unknown, hand: Hand, depth = 0): string {
  const isList = Array.isArray(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const items = isList
    ? value.map((each) => written(each, hand, depth + 1))
    : Object.entries(value).map(
        ([key, each]) => `${JSON.stringify(key)}:${hand.afterColon}${written(each, hand, depth + 1)}`,
      )
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  if (items.length === 0) return open + close
  if (hand.indent === undefined) {
    const inside = isList ? '' : hand.insideBraces
    return open + inside + items.join(`,${hand.afterComma}`) + inside + close
  }
  const line = hand.end + hand.indent.repeat(depth)
  return `${open}${items.map((each) => line + hand.indent + each).join(',')}${line}${close}`
}

/** The same value with any white space at all between its parts. */
export function scattered(value: unknown, spaces: readonly string[]): string {
  let used = 0
  const gap = () => spaces[used++ % spaces.length] ?? ''
  const each = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return gap() + JSON.stringify(value) + gap()
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
    const items = Array.isArray(value)
      ? value.map(each)
      : Object.entries(value).map(([key, inner]) => `${gap()}${JSON.stringify(key)}${gap()}:${each(inner)}`)
    return gap() + open + (items.length === 0 ? gap() : items.join(',')) + close + gap()
  }
  return each(value)
}

const name = fc.oneof(
  fc.constantFrom('log-driver', 'data-root', 'features', 'dns', 'insecure-registries-x', '__proto__', '键', '', '"\\'),
  fc.string({ maxLength: 8 }),
)
const notOurs = (key: string) => !/^(?:registry-mirrors|insecure-registries)$/i.test(key)
const inner = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      // U+FFFD is what is left of bytes that are no text: a fault of its own.
      fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\ufffd', '')),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    // A key of the same name further in is nobody's list of mirrors.
    fc.dictionary(fc.oneof(name, fc.constant('registry-mirrors')), tie('value'), { maxKeys: 3 }),
  ),
})).value

/** The other settings, in an order that stays: keys that look like numbers would be sorted by the language. */
export const others: fc.Arbitrary<readonly (readonly [string, unknown])[]> = fc.uniqueArray(
  fc.tuple(
    name.filter((key) => notOurs(key) && !/^\d+$/.test(key) && key !== '__proto__'),
    inner,
  ),
  { maxLength: 4, selector: ([key]) => key },
)

export const mirrorLists = (least: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(
    fc
      .tuple(fc.constantFrom('http', 'https'), fc.domain())
      .map(([scheme, host]) => `${scheme}://${host.toLowerCase()}`),
    { minLength: least, maxLength: 3 },
  )

/** A file with other settings, and at some place among them the list of mirrors, where one is given. */
export const fileWith = (mirrors: fc.Arbitrary<readonly string[] | undefined>) =>
  fc.tuple(others, mirrors, fc.nat(4), hands).map(([others, list, place, hand]) => {
    const members: (readonly [string, unknown])[] = [...others]
    if (list) members.splice(Math.min(place, members.length), 0, ['registry-mirrors', list])
    return { text: written(Object.fromEntries(members), hand) + hand.closing, hand, others: Object.fromEntries(others) }
  })

export const spaces = fc.array(fc.constantFrom('', ' ', '\n', '\t', '\r\n', '\n  ', '\r', ' \n\n\t '), {
  maxLength: 20,
})

/** Strokes that a hand or a tool may do to a file: one part goes, is doubled, or something strange comes in. */
export const stroke = fc.record({
  at: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(6),
  by: fc.oneof(
    fc.constantFrom('', ',', '}', '{', ']', '[', ':', '"', "'", '“', '，', '//', '#', '\\', '\0', '\ufeff', '\ufffd'),
    fc.constantFrom('"registry-mirrors": [],', '"registry-mirrors": 1,', '"Registry-Mirrors": [],', '01', '-', 'NaN'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  ),
})
export const struck = (text: string, strokes: readonly { at: number; length: number; by: string }[]) =>
  strokes.reduce((text, { at, length, by }) => {
    const from = Math.floor(at * text.length)
    return text.slice(0, from) + by + text.slice(from + length)
  }, text)
