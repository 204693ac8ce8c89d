import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hasHidden } from '../../../model/text/plain.ts'
import { operands, shellQuote, splitShellWords } from '../../../model/text/shell.ts'

test('a command is split as a shell splits it', () => {
  expect(splitShellWords('nginx -g "daemon off;"')).toEqual(['nginx', '-g', 'daemon off;'])
  expect(splitShellWords(`  sh -c 'echo "it"' \t a\\ b ""\n`)).toEqual(['sh', '-c', 'echo "it"', 'a b', ''])
  expect(splitShellWords('a"b"\'c\'\\d')).toEqual(['abcd'])
  expect(splitShellWords('"\\"\\\\\\$\\n" "a\\\nb" c\\\nd')).toEqual(['"\\$\\n', 'ab', 'cd'])
  expect(splitShellWords('')).toEqual([])
  expect(splitShellWords('$HOME *.txt | x; y # z')).toEqual(['$HOME', '*.txt', '|', 'x;', 'y', '#', 'z'])
})

test.each([`"`, `it's`, `a \\`, `"a\\"`, `'a\\''`])(
  'an unclosed quote or a trailing backslash is refused: %s',
  (text) => {
    expect(splitShellWords(text)).toBeUndefined()
  },
)

const word = fc.string({ unit: fc.oneof(fc.constantFrom(...`'"\\ \n\t$\`*;&|#~=,:`), fc.string({ maxLength: 2 })) })
const text = word.filter((word) => !word.includes('\0'))

test('quoted words are split into the same words again', () => {
  const visible = text.filter((word) => !hasHidden(word))
  fc.assert(
    fc.property(fc.array(visible), (words) => {
      expect(splitShellWords(words.map(shellQuote).join(' '))).toEqual(words)
    }),
  )
})

test('a real shell reads quoted words unchanged', () => {
  const hostile = fc.constantFrom(
    ...`'"\\ \n\r\t$\`!=-~`,
    '\u202e',
    '\u200b',
    '\u001b',
    '\u{e0041}',
    '$(id)',
    '7',
    'f',
    '文',
  )
  const word = fc.oneof(text, fc.string({ unit: hostile }))
  fc.assert(
    fc.property(fc.array(word, { minLength: 1 }), (words) => {
      const output = execFileSync('bash', ['-c', `printf '%s\\0' ${words.map(shellQuote).join(' ')}`], {
        encoding: 'utf8',
      })
      expect(output.split('\0').slice(0, -1)).toEqual(words.map((word) => word.toWellFormed()))
    }),
    { numRuns: 50 },
  )
})

test('a quoted word has no hidden characters', () => {
  expect(shellQuote('a\nb')).toBe("'a\nb'")
  expect(shellQuote("it's\u202e!\t\n\\")).toBe(`$'it\\047s\\342\\200\\256\\041\\t\\n\\134'`)
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (word) => {
      expect(hasHidden(shellQuote(word))).toBe(false)
    }),
  )
})

test('an operand with a hyphen at its start is not taken for an option', () => {
  expect(operands(['nginx', 'redis'])).toEqual(['nginx', 'redis'])
  expect(operands(['nginx', '-f'])).toEqual(['--', 'nginx', '-f'])
})

test('a real shell splits a text into the same words if there is nothing to expand', () => {
  // Characters that have a further meaning for a shell are left out.
  const unit = fc.constantFrom('a', 'b', ' ', '\t', '\\ ', "'", '"', '\\"', "\\'", '\\\\', '-', '文')
  fc.assert(
    fc.property(fc.string({ unit }), (typed) => {
      const words = splitShellWords(typed)
      if (!words || words.length === 0) return
      const output = execFileSync('sh', ['-c', `printf '%s\\0' ${typed}`], { encoding: 'utf8' })
      expect(output.split('\0').slice(0, -1)).toEqual(words)
    }),
    { numRuns: 200 },
  )
})

test('a word is quoted only if a shell would change it', () => {
  expect(['nginx:1.27', "it's", 'a b', '', '=ls', '$(id)'].map(shellQuote)).toEqual([
    ...['nginx:1.27', `'it'\\''s'`, "'a b'", "''", "'=ls'", "'$(id)'"],
  ])
})
