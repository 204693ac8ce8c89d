import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasHidden, plain, withoutHidden } from '../../../model/text/plain.ts'

test('characters that could reorder or hide a text are shown as code points', () => {
  expect(plain('safe\u202Egnp.exe')).toBe('safe⟨U+202E⟩gnp.exe')
  expect(plain('a\u0000b\u001b[31mc\u200bd')).toBe('a⟨U+0000⟩b⟨U+001B⟩[31mc⟨U+200B⟩d')
})

test('ordinary text in any language stays as it is, line ends, tabs, emoji and Indic conjuncts too', () => {
  const emoji = ['👩\u200d🚀', '👩🏽\u200d🚀', '❤\ufe0f\u200d🔥', '1\ufe0f\u20e3', '☎\ufe0e', '👍🏿']
  const texts = ['nginx', '你好，镜像', 'line\nend\ttab', 'שלום', 'ක්\u200dරි', 'مرحبا', '<b onclick=alert(1)>', ...emoji]
  for (const text of texts) {
    expect(plain(text)).toBe(text)
    expect(withoutHidden(text)).toBe(text)
    expect(hasHidden(text)).toBe(false)
  }
})

test.each([
  ['a joiner between letters', 'ngi\u200dnx', 'ngi⟨U+200D⟩nx'],
  ['a selector after a letter', 'a\ufe0f', 'a⟨U+FE0F⟩'],
  ['a second selector', '❤\ufe0f\ufe0f', '❤\ufe0f⟨U+FE0F⟩'],
  ['a selector after a digit that is no keycap', '1\ufe0f:', '1⟨U+FE0F⟩:'],
  ['a tag', 'x\u{e0041}', 'x⟨U+E0041⟩'],
  ['a Hangul filler', 'x\u3164', 'x⟨U+3164⟩'],
  ['a byte order mark', '\ufeffx', '⟨U+FEFF⟩x'],
  ['a C1 control character', 'x\u009b31m', 'x⟨U+009B⟩31m'],
  ['a carriage return', 'a\rb', 'a⟨U+000D⟩b'],
  ['an Arabic letter mark', 'a\u061cb', 'a⟨U+061C⟩b'],
  ['half of a surrogate pair', 'x\ud83d', 'x⟨U+D83D⟩'],
])('%s is shown as a code point', (_, text, shown) => {
  expect(plain(text)).toBe(shown)
  expect(hasHidden(text)).toBe(true)
})

/** Ranges of code points that no text may have that is shown or copied. */
const forbidden = [
  ...[
    [0x00, 0x08],
    [0x0b, 0x1f],
    [0x7f, 0x9f],
    [0x061c, 0x061c],
    [0x200b, 0x200c],
    [0x200e, 0x200f],
  ],
  ...[
    [0x2028, 0x202e],
    [0x2060, 0x206f],
    [0xd800, 0xdfff],
    [0xfeff, 0xfeff],
    [0xe0000, 0xe007f],
  ],
] as const
const isForbidden = (character: string) =>
  forbidden.some(([first, last]) => character.codePointAt(0)! >= first! && character.codePointAt(0)! <= last!)
const anyText = fc.string({
  unit: fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
    fc.constantFrom(
      ...forbidden.flat().map((code) => String.fromCodePoint(code!)),
      '\u200d',
      '\ufe0f',
      '👩',
      '🏽',
      '1',
      'ක්',
    ),
  ),
})

test('what is shown or copied has no hidden character, and is shown and copied as it is', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      for (const result of [plain(text), withoutHidden(text)]) {
        expect([...result].filter(isForbidden)).toEqual([])
        expect(plain(result)).toBe(result)
        expect(withoutHidden(result)).toBe(result)
        expect(hasHidden(result)).toBe(false)
      }
    }),
  )
})

test('what is copied is what is shown without the code points', () => {
  fc.assert(
    fc.property(anyText, (text) => {
      expect(plain(text).replace(/⟨U\+[0-9A-F]{4,6}⟩/g, '')).toBe(withoutHidden(text))
    }),
  )
})
