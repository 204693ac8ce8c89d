import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matches, parseQuery, type FilterableImage } from '../../../model/image/query.ts'

const image = (overrides: Partial<FilterableImage> = {}): FilterableImage => ({
  id: 'sha256:0',
  text: 'nginx:1.27 sha256:0',
  size: 192_000_000,
  created: Date.UTC(2024, 11, 31, 23, 59) / 1000,
  used: 0,
  dangling: false,
  ...overrides,
})
const isMatch = (query: string, overrides: Partial<FilterableImage> = {}) =>
  matches(parseQuery(query), image(overrides), () => false)

test('all words must be found, in any order and case', () => {
  expect(isMatch('1.27 NGINX')).toBe(true)
  expect(isMatch('nginx 1.25')).toBe(false)
})

test('words are searched in labels too', () => {
  const withLabel = matches(parseQuery('nginx maintainer'), image(), (word) => word === 'maintainer')
  expect(withLabel).toBe(true)
})

test('sizes are compared in the units that the list shows', () => {
  expect(isMatch('size>100MB')).toBe(true)
  expect(isMatch('size>0.2GB')).toBe(false)
  expect(isMatch('size<200')).toBe(true)
  expect(isMatch('size=192MB', { size: 192_300_000 })).toBe(true)
  expect(isMatch('size=192MB', { size: 193_000_000 })).toBe(false)
})

test('a date condition covers the whole year, month or day, and never matches an image without a date', () => {
  expect(isMatch('created<2025-01')).toBe(true)
  expect(isMatch('created<2024')).toBe(false)
  expect(isMatch('created>2024-12-30')).toBe(true)
  expect(isMatch('created>2024-12-31')).toBe(false)
  expect(isMatch('created=2024-12')).toBe(true)
  expect(isMatch('created<2025', { created: 0 })).toBe(false)
})

test('unused, used and dangling are conditions, in Chinese as well', () => {
  expect(isMatch('unused')).toBe(true)
  expect(isMatch('未使用', { used: 1 })).toBe(false)
  expect(isMatch('used', { used: 1 })).toBe(true)
  expect(isMatch('悬空', { dangling: true })).toBe(true)
  expect(isMatch('大小＞100MB')).toBe(true)
  expect(isMatch('创建<2025')).toBe(true)
})

test('an incomplete condition hides nothing', () => {
  for (const incomplete of ['size>', 'size>5x', 'created<', 'created<20', 'created<2025-'])
    expect(isMatch(incomplete)).toBe(true)
})

test('any text is a valid query, and two queries together find no more than each of them alone', () => {
  const text = fc.oneof(
    fc.string(),
    fc.constantFrom('size>1MB', 'created<2025', 'unused', 'nginx', 'size<', '=', '1.27', 'dangling'),
  )
  const imageFields = fc.record({
    text: fc.constantFrom('nginx:1.27', 'redis:7', ''),
    size: fc.nat(),
    created: fc.nat(),
    used: fc.nat(2),
    dangling: fc.boolean(),
  })
  fc.assert(
    fc.property(text, text, imageFields, (a, b, overrides) => {
      const [both, eachAlone] = [isMatch(`${a} ${b}`, overrides), isMatch(a, overrides) && isMatch(b, overrides)]
      expect(both).toBe(both && eachAlone)
    }),
  )
})
