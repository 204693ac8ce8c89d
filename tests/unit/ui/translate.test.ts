import { expect, test } from 'vitest'
import { phrase } from '../../../resources/messages/index.ts'

test('the plural form follows the number, and numbers are grouped as in the language', () => {
  const text = { one: '{n} image', other: '{n} images' }
  expect([0, 1, 5000].map((n) => phrase(text, { n }, 'en'))).toEqual(['0 images', '1 image', '5,000 images'])
})

test('hidden characters of a value are shown as code points, in native dialogs too', () => {
  expect(phrase('“{name}”', { name: 'a\u202eb' }, 'en')).toBe('“a⟨U+202E⟩b”')
})

test('braces in a value are not taken for a parameter', () => {
  expect(phrase('“{query}” {n}', { query: '{n}', n: 1 }, 'en')).toBe('“{n}” 1')
})
