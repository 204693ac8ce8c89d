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
const text = word.filter((some) => !some.includes('\0'))

test('quoted words are read back unchanged', () => {
  fc.assert(
    fc.property(fc.array(text), (words) => {
      expect(splitShellWords(words.map(shellQuote).join(' '))).toEqual(words)
    }),
  )
})

test('a real shell reads the same', () => {
  fc.assert(
    fc.property(fc.array(text, { minLength: 1 }), (words) => {
      const said = execFileSync('sh', ['-c', `printf '%s\\0' ${words.map(shellQuote).join(' ')}`], { encoding: 'utf8' })
      expect(said.split('\0').slice(0, -1)).toEqual(words.map((some) => some.toWellFormed()))
    }),
    { numRuns: 50 },
  )
})

test('a real shell splits a text the same if there is nothing to expand', () => {
  // What would mean more to a shell than to Slipway is left out.
  const unit = fc.constantFrom('a', 'b', ' ', '\t', '\\ ', "'", '"', '\\"', "\\'", '\\\\', '-', '文')
  fc.assert(
    fc.property(fc.string({ unit }), (typed) => {
      const words = splitShellWords(typed)
      if (!words || words.length === 0) return
      const said = execFileSync('sh', ['-c', `printf '%s\\0' ${typed}`], { encoding: 'utf8' })
      expect(said.split('\0').slice(0, -1)).toEqual(words)
    }),
    { numRuns: 200 },
  )
})

test('a word is quoted only where a shell would read it otherwise', () => {
  expect(['nginx:1.27', "it's", 'a b', ''].map(shellQuote)).toEqual(['nginx:1.27', `'it'\\''s'`, "'a b'", "''"])
})
