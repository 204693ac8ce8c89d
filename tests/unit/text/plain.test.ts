import fc from 'fast-check'
import { expect, test } from 'vitest'
import { plain } from '../../../model/text/plain.ts'

test('characters that could reorder or hide a text are shown as code points', () => {
  expect(plain('safe\u202Egnp.exe')).toBe('safe⟨U+202E⟩gnp.exe')
  expect(plain('a\u0000b\u001b[31mc\u200bd')).toBe('a⟨U+0000⟩b⟨U+001B⟩[31mc⟨U+200B⟩d')
})

test('ordinary text in any language stays as it is, line ends, tabs and joined emoji too', () => {
  for (const text of ['nginx', '你好，镜像', 'line\nend\ttab', '👩‍🚀', 'שלום', '<b onclick=alert(1)>'])
    expect(plain(text)).toBe(text)
})

test('the result has no character that controls a terminal or the text direction', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(plain(text)).not.toMatch(/(?![\n\t])[\p{Cc}\p{Bidi_Control}]/u)
    }),
  )
})
