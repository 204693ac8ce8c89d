/** Arbitrary texts of a daemon.json: JSON in many styles, and damaged files. Also helpers that read and edit them. */
import fc from 'fast-check'
import { expect } from 'vitest'
import { readDaemonFile, withMirrors } from '../../../model/daemon-config/file.ts'

export const mirrorA = 'https://docker.1ms.run'
export const mirrorB = 'https://docker.m.daocloud.io'

export function edit(text: string | undefined, mirrors: readonly string[]): string {
  const result = withMirrors(text, mirrors)
  expect(result).toMatchObject({ ok: true })
  return (result as { text: string }).text
}
export function readSettings(text: string | undefined) {
  const file = readDaemonFile(text)
  return file.ok ? file.settings : file
}
/** Checks that a faulty file is not edited. @returns the fault's code, position, shown line, and key if there is one */
export function readFault(text: string) {
  const file = readDaemonFile(text)
  const result = withMirrors(text, [mirrorA])
  expect(result).toEqual(file)
  if (file.ok) return file
  const { code, place, key } = file.fault
  return [code, place && `${place.line}:${place.column}`, place?.text, ...(key === undefined ? [] : [key])]
}

/** How a file is formatted: line ends, indentation, and the white space between tokens. */
export interface JsonStyle {
  readonly lineEnd: string
  /** Undefined: all on one line. */
  readonly indent: string | undefined
  readonly afterColon: string
  readonly afterComma: string
  readonly insideBraces: string
  readonly fileEnd: string
}

const oneLine = fc.record({
  lineEnd: fc.constantFrom('\n', '\r\n'),
  indent: fc.constant(undefined),
  afterColon: fc.constantFrom('', ' '),
  insideBraces: fc.constantFrom('', ' '),
  fileEnd: fc.constantFrom('', '\n', '\r\n'),
})
const manyLines = fc.record({
  lineEnd: fc.constantFrom('\n', '\r\n', '\r'),
  indent: fc.constantFrom('', '  ', '    ', '\t', ' '),
  afterColon: fc.constantFrom('', ' ', '\t'),
  insideBraces: fc.constant(''),
  fileEnd: fc.constantFrom('', '\n', '\r\n', '\n\n', ' '),
})
export const jsonStyles: fc.Arbitrary<JsonStyle> = fc
  .oneof(oneLine, manyLines)
  .map((style) => ({ ...style, afterComma: style.afterColon }))

export function formatJson(value: unknown, style: JsonStyle, depth = 0): string {
  const isList = Array.isArray(value)
  if (typeof value !== 'object' || value === null) return JSON.stringify(value)
  const items = isList
    ? value.map((item) => formatJson(item, style, depth + 1))
    : Object.entries(value).map(
        ([key, item]) => `${JSON.stringify(key)}:${style.afterColon}${formatJson(item, style, depth + 1)}`,
      )
  const [open, close] = isList ? ['[', ']'] : ['{', '}']
  if (items.length === 0) return open + close
  if (style.indent === undefined) {
    const inside = isList ? '' : style.insideBraces
    return open + inside + items.join(`,${style.afterComma}`) + inside + close
  }
  const lineBreak = style.lineEnd + style.indent.repeat(depth)
  return `${open}${items.map((item) => lineBreak + style.indent + item).join(',')}${lineBreak}${close}`
}

/** The value as JSON. The white space between its tokens is taken from `spaces`, one after the other. */
export function withSpaces(value: unknown, spaces: readonly string[]): string {
  let gapCount = 0
  const gap = () => spaces[gapCount++ % spaces.length] ?? ''
  const format = (value: unknown): string => {
    if (typeof value !== 'object' || value === null) return gap() + JSON.stringify(value) + gap()
    const [open, close] = Array.isArray(value) ? ['[', ']'] : ['{', '}']
    const items = Array.isArray(value)
      ? value.map(format)
      : Object.entries(value).map(([key, member]) => `${gap()}${JSON.stringify(key)}${gap()}:${format(member)}`)
    return gap() + open + (items.length === 0 ? gap() : items.join(',')) + close + gap()
  }
  return format(value)
}

const keys = fc.oneof(
  fc.constantFrom('log-driver', 'data-root', 'features', 'dns', 'insecure-registries-x', '__proto__', '键', '', '"\\'),
  fc.string({ maxLength: 8 }),
)
const isOtherKey = (key: string) => !/^(?:registry-mirrors|insecure-registries)$/i.test(key)
const values = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.oneof(
      // U+FFFD marks bytes that are not UTF-8, which is a fault of its own.
      fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\ufffd', '')),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
    ),
    fc.array(tie('value'), { maxLength: 3 }),
    // `registry-mirrors` in a nested object is not the list of mirrors.
    fc.dictionary(fc.oneof(keys, fc.constant('registry-mirrors')), tie('value'), { maxKeys: 3 }),
  ),
})).value

/**
 * Settings other than mirrors and insecure registries. Keys that look like numbers are left out, because JavaScript
 * would move them to the front.
 */
export const otherSettings: fc.Arbitrary<readonly (readonly [string, unknown])[]> = fc.uniqueArray(
  fc.tuple(
    keys.filter((key) => isOtherKey(key) && !/^\d+$/.test(key) && key !== '__proto__'),
    values,
  ),
  { maxLength: 4, selector: ([key]) => key },
)

export const mirrorLists = (minLength: number): fc.Arbitrary<string[]> =>
  fc.uniqueArray(
    fc
      .tuple(fc.constantFrom('http', 'https'), fc.domain())
      .map(([scheme, host]) => `${scheme}://${host.toLowerCase()}`),
    { minLength, maxLength: 3 },
  )

/** Files with other settings, and with a list from `mirrors` at any position among them. Undefined: no list. */
export const filesWith = (mirrors: fc.Arbitrary<readonly string[] | undefined>) =>
  fc.tuple(otherSettings, mirrors, fc.nat(4), jsonStyles).map(([others, mirrorList, index, style]) => {
    const members: (readonly [string, unknown])[] = [...others]
    if (mirrorList) members.splice(Math.min(index, members.length), 0, ['registry-mirrors', mirrorList])
    return { text: formatJson(Object.fromEntries(members), style) + style.fileEnd }
  })

export const spaceLists = fc.array(fc.constantFrom('', ' ', '\n', '\t', '\r\n', '\n  ', '\r', ' \n\n\t '), {
  maxLength: 20,
})

/** Damage that a person or a tool may do to a file: characters are removed, replaced or added. */
export const damage = fc.record({
  position: fc.double({ min: 0, max: 1, noNaN: true }),
  length: fc.nat(6),
  insert: fc.oneof(
    fc.constantFrom('', ',', '}', '{', ']', '[', ':', '"', "'", '“', '，', '//', '#', '\\', '\0', '\ufeff', '\ufffd'),
    fc.constantFrom('"registry-mirrors": [],', '"registry-mirrors": 1,', '"Registry-Mirrors": [],', '01', '-', 'NaN'),
    fc.string({ unit: 'binary', maxLength: 4 }),
  ),
})
export const applyDamages = (text: string, damages: readonly { position: number; length: number; insert: string }[]) =>
  damages.reduce((text, { position, length, insert }) => {
    const from = Math.floor(position * text.length)
    return text.slice(0, from) + insert + text.slice(from + length)
  }, text)
