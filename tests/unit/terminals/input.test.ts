import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scrollByKey, terminalKey } from '../../../renderer/terminals/keys.ts'
import { minContrast, themes } from '../../../renderer/terminals/theme.ts'
import { linesOf, sanitizePaste, splitText } from '../../../renderer/terminals/input.ts'

test('a long text is split between characters, and the pieces make up the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 7 }), (text, most) => {
      const parts = [...splitText(text, most)]
      expect(parts.join('')).toBe(text)
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(most)
        expect(part.isWellFormed()).toBe(true)
      }
    }),
  )
})

test.each([
  ['ls -l', 'ls -l'],
  ['ls\n', 'ls'],
  ['a\r\nb\rc\n', 'a\nb\nc\n'],
  ['tab\tstays, bell\x07 goes', 'tab\tstays, bell goes'],
  // The end of a bracketed paste: the program would take what follows as typed.
  ['ok\x1b[201~rm -rf /\x9b', 'ok[201~rm -rf /'],
  ['你好 👩‍👩‍👧', '你好 👩‍👩‍👧'],
  ['', ''],
])('pasted: %j → %j', (text, clean) => expect(sanitizePaste(text)).toBe(clean))

test('lines are counted as they are read', () => {
  expect(linesOf('one').length).toBe(1)
  expect(linesOf('one\ntwo\n\n').length).toBe(2)
  expect(linesOf('one\n\nthree').length).toBe(3)
})

const key = (written: string) => {
  const names = written.split('+')
  return {
    key: names.at(-1)!,
    ...{ ctrlKey: names.includes('Ctrl'), shiftKey: names.includes('Shift') },
    ...{ altKey: names.includes('Alt'), metaKey: names.includes('Meta') },
  }
}

test.each([
  ['Ctrl+Shift+W', 'close'],
  ['Ctrl+PageUp', 'previous-tab'],
  ['Ctrl+PageDown', 'next-tab'],
  ['Ctrl+Shift+F', 'find'],
  ['Ctrl+Shift+C', 'copy'],
  ['Ctrl+Shift+V', 'paste'],
  ['Shift+Insert', 'paste'],
  ['Ctrl+v', 'paste'],
  ['Ctrl+Shift+Escape', 'focus-tabs'],
  ['Ctrl+-', 'app'],
] as const)('%s is not for the program: %s', (written, meaning) =>
  expect(terminalKey(key(written), false)).toBe(meaning),
)

test.each(
  ['a', '?', '/', 'j', 'Tab', 'Escape', 'F6', 'F10', 'PageUp', 'Shift+PageUp', 'Alt+w', 'Ctrl+Alt+v'].concat(
    [...'abcdefghijklmnopqrstuwxyz[]'].map((letter) => `Ctrl+${letter}`),
  ),
)('%s is for the program', (written) => expect(terminalKey(key(written), false)).toBeUndefined())

test('an editor gets its Ctrl+V', () => expect(terminalKey(key('Ctrl+v'), true)).toBeUndefined())

test('a text that nobody writes in is gone through by the usual keys', () => {
  const done: string[] = []
  const text = {
    scrollLines: (n: number) => void done.push(`lines ${n}`),
    scrollPages: (n: number) => void done.push(`pages ${n}`),
    scrollToTop: () => void done.push('top'),
    scrollToBottom: () => void done.push('bottom'),
  }
  const keys = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'Tab']
  expect(keys.filter((name) => !scrollByKey(text, name))).toEqual(['Tab'])
  expect(done).toEqual(['lines -1', 'lines 1', 'pages -1', 'pages 1', 'top', 'bottom'])
})

const coloured = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan'] as const
const written = [
  'foreground',
  'brightBlack',
  ...coloured,
  ...coloured.map((name) => `bright${name[0]!.toUpperCase()}${name.slice(1)}` as `bright${Capitalize<typeof name>}`),
] as const

test.each(Object.entries(themes))('%s: text in colour stands out', (_, theme) => {
  for (const name of written)
    expect(contrast(theme[name], theme.background), `${name} ${theme[name]}`).toBeGreaterThanOrEqual(minContrast)
})

/** Source: WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = parseInt(colour.slice(at, at + 2), 16) / 255
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}
