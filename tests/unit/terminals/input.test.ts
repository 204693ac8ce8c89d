import fc from 'fast-check'
import { expect, test, vi } from 'vitest'
import { scrollByKey, terminalKey } from '../../../renderer/terminals/keys.ts'
import { minContrast, themes } from '../../../renderer/terminals/theme.ts'
import { firstChunk, InputQueue, linesOf, sanitizePaste } from '../../../renderer/terminals/input.ts'

test('the first chunk of a text ends between characters, and is the whole text if that is short', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.integer({ min: 2, max: 7 }), (text, maxLength) => {
      const chunk = firstChunk(text, maxLength)
      expect(text.startsWith(chunk)).toBe(true)
      expect(chunk.isWellFormed()).toBe(true)
      expect(chunk.length).toBeLessThanOrEqual(maxLength)
      expect(chunk.length).toBeGreaterThanOrEqual(Math.min(text.length, maxLength - 1))
    }),
  )
})

test('input is sent in order, one call at a time, and what was typed meanwhile goes together', async () => {
  const sent: string[] = []
  let inFlight = 0
  const queue = new InputQueue(async (text) => {
    expect(++inFlight).toBe(1)
    sent.push(text)
    await Promise.resolve()
    inFlight--
  })
  queue.write('l')
  expect(sent).toEqual(['l'])
  queue.write('s')
  queue.write('\r')
  const paste = '文'.repeat(10_000_000)
  queue.write(paste)
  queue.write('\x03')
  await vi.waitFor(() => expect(sent.at(-1)?.endsWith('\x03')).toBe(true))
  expect(sent.join('') === `ls\r${paste}\x03`).toBe(true)
  expect(sent).toHaveLength(22)
  expect(Math.max(...sent.map(({ length }) => length))).toBe(500_000)
})

test.each([
  ['ls -l', 'ls -l'],
  ['ls\n', 'ls'],
  ['a\r\nb\rc\n', 'a\nb\nc\n'],
  ['tab\tstays, bell\x07 goes', 'tab\tstays, bell goes'],
  // The end of a bracketed paste. The program would treat the text after it as typed.
  ['ok\x1b[201~rm -rf /\x9b', 'ok[201~rm -rf /'],
  ['你好 👩‍👩‍👧', '你好 👩‍👩‍👧'],
  ['', ''],
])('%j is pasted as %j', (text, clean) => expect(sanitizePaste(text)).toBe(clean))

test('line ends at the end of a text do not count as lines', () => {
  expect(linesOf('one').length).toBe(1)
  expect(linesOf('one\ntwo\n\n').length).toBe(2)
  expect(linesOf('one\n\nthree').length).toBe(3)
})

const keyEvent = (shortcut: string) => {
  const names = shortcut.split('+')
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
] as const)('%s is a shortcut of the app: %s', (shortcut, meaning) =>
  expect(terminalKey(keyEvent(shortcut), false)).toBe(meaning),
)

test.each(
  ['a', '?', '/', 'j', 'Tab', 'Escape', 'F6', 'F10', 'PageUp', 'Shift+PageUp', 'Alt+w', 'Ctrl+Alt+v'].concat(
    [...'abcdefghijklmnopqrstuwxyz[]'].map((letter) => `Ctrl+${letter}`),
  ),
)('%s goes to the program', (shortcut) => expect(terminalKey(keyEvent(shortcut), false)).toBeUndefined())

test('Ctrl+V goes to a full-screen program', () => expect(terminalKey(keyEvent('Ctrl+v'), true)).toBeUndefined())

test('a read-only text is scrolled by the usual keys', () => {
  const calls: string[] = []
  const text = {
    scrollLines: (n: number) => void calls.push(`lines ${n}`),
    scrollPages: (n: number) => void calls.push(`pages ${n}`),
    scrollToTop: () => void calls.push('top'),
    scrollToBottom: () => void calls.push('bottom'),
  }
  const keys = ['ArrowUp', 'ArrowDown', 'PageUp', 'PageDown', 'Home', 'End', 'Tab']
  expect(keys.filter((name) => !scrollByKey(text, name))).toEqual(['Tab'])
  expect(calls).toEqual(['lines -1', 'lines 1', 'pages -1', 'pages 1', 'top', 'bottom'])
})

const colourNames = ['red', 'green', 'yellow', 'blue', 'magenta', 'cyan'] as const
const textColours = [
  'foreground',
  'brightBlack',
  ...colourNames,
  ...colourNames.map((name) => `bright${name[0]!.toUpperCase()}${name.slice(1)}` as `bright${Capitalize<typeof name>}`),
] as const

test.each(Object.entries(themes))('%s: text in colour has enough contrast', (_, theme) => {
  for (const name of textColours)
    expect(contrast(theme[name], theme.background), `${name} ${theme[name]}`).toBeGreaterThanOrEqual(minContrast)
})

/** Source: WCAG 2.2, relative luminance and contrast ratio. */
function contrast(a: string, b: string): number {
  const [dark, light] = [luminance(a), luminance(b)].sort((x, y) => x - y)
  return (light! + 0.05) / (dark! + 0.05)
}
function luminance(colour: string): number {
  const [r, g, b] = [1, 3, 5].map((offset) => {
    const channel = parseInt(colour.slice(offset, offset + 2), 16) / 255
    return channel <= 0.04045 ? channel / 12.92 : ((channel + 0.055) / 1.055) ** 2.4
  })
  return 0.2126 * r! + 0.7152 * g! + 0.0722 * b!
}
