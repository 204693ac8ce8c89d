import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatters } from '../../../renderer/ui/format.ts'

const en = formatters('en')
const zh = formatters('zh-CN')
const day = 86_400

test('sizes have three significant digits in decimal units, like those of docker images', () => {
  expect([0, 512, 4_620, 4_260_000, 74_800_000, 192_000_000, 1_204_000_000].map(en.size)).toEqual([
    '0 B', '512 B', '4.62 kB', '4.26 MB', '74.8 MB', '192 MB', '1.20 GB',
  ]) // prettier-ignore
  expect(en.size(999_999)).toBe('1.00 MB')
})

test('an age is shown in a single unit, and in days up to two weeks', () => {
  const now = 1_800_000_000
  expect([60, 3600, day, 10 * day, 21 * day, 65 * day, 800 * day].map((seconds) => en.ago(now - seconds, now))).toEqual([
    '1 minute ago', '1 hour ago', 'yesterday', '10 days ago', '3 weeks ago', '2 months ago', '2 years ago',
  ]) // prettier-ignore
  expect(zh.ago(now - 5 * day, now)).toBe('5天前')
})

test('a date in the future is shown as now, not as a negative age', () => {
  expect(en.ago(2_000_000_000, 1_800_000_000)).toBe('now')
})

test('any number can be formatted', () => {
  const numbers = fc.oneof(fc.double(), fc.integer(), fc.constantFrom(Number.MAX_SAFE_INTEGER, 8.64e12, -8.64e12))
  fc.assert(
    fc.property(numbers, fc.constantFrom(en, zh), (number, format) => {
      for (const text of [
        format.dateTime(number),
        format.ago(number),
        format.size(number),
        format.duration(number),
        format.count(number),
      ])
        expect(text).not.toBe('')
    }),
  )
  expect([NaN, 1_790_000_000_000_000].map(en.dateTime)).toEqual(['–', '–'])
})
