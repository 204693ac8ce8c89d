import { execFileSync } from 'node:child_process'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { shellQuote, splitShellWords } from '../../../model/text/shell.ts'

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
  fc.assert(
    fc.property(fc.array(text), (words) => {
      expect(splitShellWords(words.map(shellQuote).join(' '))).toEqual(words)
    }),
  )
})

test('a real shell reads quoted words unchanged', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (words) => {
      const output = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(shellQuote).join(' ')}`], {
        encoding: 'utf8',
      })
      expect(output.split('\0').slice(0, -1)).toEqual(words.map((word) => word.toWellFormed()))
    }),
    { numRuns: 50 },
  )
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
  expect(['nginx:1.27', "it's", 'a b', ''].map(shellQuote)).toEqual(['nginx:1.27', `'it'\\''s'`, "'a b'", "''"])
})
