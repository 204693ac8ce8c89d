import fc from 'fast-check'
import { expect, test } from 'vitest'
import { scanObject } from '../../../model/daemon-config/json-text.ts'
import { mendText } from '../../../model/daemon-config/mend.ts'
import { planRepair } from '../../../model/daemon-config/repair.ts'
import { hasSameContent } from '../../../model/daemon-config/same-content.ts'
import { applyDamages, damage, filesWith, formatJson, jsonStyles, mirrorLists } from './file-arbitraries.ts'

test('a mended text is JSON with the same words, whatever the damage; a text that parses keeps its values', () => {
  const damaged = fc
    .tuple(filesWith(mirrorLists(0)), fc.array(damage, { maxLength: 3 }))
    .map(([{ text }, damages]) => applyDamages(text, damages))
  let mendedCount = 0
  fc.assert(
    fc.property(fc.oneof(damaged, fc.string({ unit: 'binary' })), (text) => {
      const mended = mendText(text)
      if (mended === undefined) return true
      if (mended !== text) mendedCount += 1
      return hasSameContent(text, mended) && scanObject(mended).ok
    }),
    { numRuns: 3000 },
  )
  expect(mendedCount).toBeGreaterThan(200)
})

/** What people do to a file, and what does not change the words. */
const slips: readonly ((text: string) => string)[] = [
  (text) => text.replace(/"(\s*)([\]}])/, '",$1$2'),
  (text) => text.replace(/",(\s*)"/, '"$1"'),
  (text) => text.replaceAll('"', '“'),
  (text) => text.replace(/"([^"]*)"/, '“$1”'),
  (text) => text.replaceAll('":', '"：').replaceAll('",', '"，'),
  (text) => text.replaceAll('[', '【').replaceAll(']', '】'),
  (text) => text.replaceAll('"', "'"),
  (text) => text.replace(']', ']]'),
  (text) => text.replace(/\}(\s*)$/, '}}$1'),
  (text) => text.replace(/\}(\s*)$/, '$1'),
  (text) => text.replace(/\](\s*)\}/, '$1}'),
  (text) => text.replace(/"([a-z-]+)":/g, '$1:'),
  (text) => text.replace(/("[a-z-]+"):/, '$1'),
  (text) => text.replaceAll('"', ''),
  (text) => text.replace('{', '{\u00a0'),
  (text) => `\ufeff${text}`,
]

test('a slip of punctuation is mended to the settings that were meant', () => {
  const settings = fc.record({
    'registry-mirrors': fc.constantFrom(['https://a.example'], ['https://a.example', 'http://b.example:5000']),
    'log-driver': fc.constantFrom('json-file', 'local'),
    'data-root': fc.constantFrom('/data/docker', '/mnt/x-1'),
    'insecure-registries': fc.constantFrom(['10.0.0.5:5000'], ['10.0.0.0/8', 'h.example']),
  })
  fc.assert(
    fc.property(settings, jsonStyles, fc.constantFrom(...slips), (value, style, slip) => {
      const text = formatJson(value, style)
      const mended = mendText(slip(text))
      expect(mended === undefined ? slip(text) : JSON.parse(mended)).toEqual(value)
    }),
    { numRuns: 1000 },
  )
})

test.each([
  ['a comment', '{"debug": true, // ours\n"ipv6": false}'],
  ['Python’s True', '{"debug": True}'],
  ['a semicolon', '{"debug": true; "ipv6": false}'],
  ['a string that swallows the next key', '{"log-driver": "local, "debug": true}'],
  ['two objects with the same key', '{"debug": true}\n{"debug": false}'],
  ['backslashes before the quotes', '{\\"debug\\": true}'],
  ['a web page', '<!DOCTYPE html><html></html>'],
  ['a line of a shell', 'registry-mirrors = https://a.example'],
  ['merge marks', '<<<<<<< HEAD\n{"debug": true}\n=======\n{"debug": false}\n>>>>>>> x'],
])('what punctuation cannot mend is not mended: %s', (_, text) => {
  expect(mendText(text)).toBeUndefined()
  expect(planRepair(text, { major: 26 })).toMatchObject({ isMend: false })
  expect(planRepair(text, { major: 26 }).change).toBeUndefined()
})

test('texts with other words, or with words that are joined or split, have another content', () => {
  expect(hasSameContent('{"a": "b c"}', "{'a'：【b,c】}")).toBe(true)
  expect(hasSameContent('{"a": "b c"}', '{"a": "bc"}')).toBe(false)
  expect(hasSameContent('{"ab": 1}', '{"a": "b", "1": []}')).toBe(false)
  expect(hasSameContent('{"a": 1}', '{"a": 2}')).toBe(false)
  expect(hasSameContent('{"a": 1, "b": 2}', '{"b": 2, "a": 1}')).toBe(false)
})
