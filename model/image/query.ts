/** Parses the filter of the image list: words, and conditions in English or Chinese. */
import type { Bytes, ImageId, UnixTime } from './image.ts'

type Condition = (image: FilterableImage) => boolean

export interface Query {
  /** In lower case. An image matches only if it contains all words. */
  readonly words: readonly string[]
  readonly conditions: readonly Condition[]
}

/** The fields of an image that a query uses. */
export interface FilterableImage {
  readonly id: ImageId
  /** Repository, tag, id and digests, in lower case. */
  readonly text: string
  readonly size: Bytes
  readonly sizeUnknown?: true
  readonly created: UnixTime
  /** Number of containers that use the image; undefined if unknown. */
  readonly used: number | undefined
  readonly dangling: boolean
}

const signs = { '<': '<', '＜': '<', '>': '>', '＞': '>', '=': '=', ':': '=', '＝': '=', '：': '=' } as const
type Sign = (typeof signs)[keyof typeof signs]

const sizePattern = /^(?:size|大小)([<>=:＜＞＝：])(.*)$/
const createdPattern = /^(?:created|创建)([<>=:＜＞＝：])(.*)$/
const isUsed: Condition = ({ used = 0 }) => used > 0
const plainConditions: Readonly<Record<string, Condition>> = {
  unused: ({ used }) => used === 0,
  未使用: ({ used }) => used === 0,
  used: isUsed,
  使用中: isUsed,
  dangling: ({ dangling }) => dangling,
  悬空: ({ dangling }) => dangling,
}

/**
 * Parses text such as `team api size>500MB created<2025-01 unused`. Incomplete conditions (`size>`, `created<20`) are
 * ignored, so that the list is not empty while the user is still typing.
 */
export function parseQuery(text: string): Query {
  const words: string[] = []
  const conditions: Condition[] = []
  for (const part of text.toLowerCase().split(/\s+/).filter(Boolean)) {
    const size = sizePattern.exec(part)
    const created = createdPattern.exec(part)
    if (Object.hasOwn(plainConditions, part)) conditions.push(plainConditions[part]!)
    else if (size) conditions.push(...sizeCondition(signOf(size), size[2]!))
    else if (created) conditions.push(...createdCondition(signOf(created), created[2]!))
    else words.push(part)
  }
  return { words, conditions }
}

/** @param hasLabel whether a label of the image contains the word. Only the main process has the labels. */
export const matches = (
  { words, conditions }: Query,
  image: FilterableImage,
  hasLabel: (word: string, id: ImageId) => boolean,
): boolean =>
  conditions.every((isMet) => isMet(image)) &&
  words.every((word) => image.text.includes(word) || hasLabel(word, image.id))

const signOf = (match: RegExpExecArray): Sign => signs[match[1] as keyof typeof signs]

const units: Readonly<Record<string, number>> = {
  b: 1,
  k: 1e3,
  kb: 1e3,
  m: 1e6,
  mb: 1e6,
  g: 1e9,
  gb: 1e9,
  t: 1e12,
  tb: 1e12,
}

/** Parses a size in decimal units, as the list shows them. A number without a unit means megabytes. */
function sizeCondition(sign: Sign, text: string): Condition[] {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?)([a-z]*)$/.exec(text) ?? []
  const factor = units[unit || 'mb']
  if (number === undefined || factor === undefined) return []
  const bytes = Number(number) * factor
  if (sign === '>') return [({ size }) => size > bytes]
  if (sign === '<') return [({ size, sizeUnknown }) => size < bytes && !sizeUnknown]
  // An equal size is compared at the precision of the text: 192MB matches every size that the list shows as 192 MB.
  const precision = factor / 10 ** (number.split('.')[1]?.length ?? 0)
  return [({ size, sizeUnknown }) => Math.abs(size - bytes) <= precision / 2 && !sizeUnknown]
}

/**
 * Compares the creation date with a year, month or day in UTC: `<` means before its start, `>` after its end, `=` during
 * it. Images without a date never match.
 */
function createdCondition(sign: Sign, text: string): Condition[] {
  const [, year, month, day] = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2}))?)?$/.exec(text) ?? []
  if (year === undefined) return []
  const [y, m, d] = [Number(year), Number(month ?? 1) - 1, Number(day ?? 1)]
  const from = Date.UTC(y, m, d) / 1000
  const to = (day ? Date.UTC(y, m, d + 1) : month ? Date.UTC(y, m + 1, 1) : Date.UTC(y + 1, 0, 1)) / 1000
  if (sign === '<') return [({ created }) => created > 0 && created < from]
  if (sign === '>') return [({ created }) => created >= to]
  return [({ created }) => created >= from && created < to]
}
