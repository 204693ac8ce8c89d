import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withMirrors } from '../../../model/daemon-config/file.ts'
import { scanObject } from '../../../model/daemon-config/json-text.ts'
import {
  applyDamages,
  damage,
  edit,
  filesWith,
  mirrorLists,
  otherSettings,
  readFault,
  readSettings,
  spaceLists,
  withSpaces,
} from './file-arbitraries.ts'

test('setting mirrors gives the same bytes each time, whatever was set in between', () => {
  fc.assert(
    fc.property(mirrorLists(0), mirrorLists(0), (before, between) =>
      fc.assert(
        fc.property(filesWith(fc.constant(before)), ({ text }) => {
          const first = edit(text, between)
          expect(edit(edit(first, before), between)).toBe(first)
        }),
        { numRuns: 5 },
      ),
    ),
    { numRuns: 200 },
  )
})

test('an edited file has exactly the requested mirrors, and every other setting is unchanged', () => {
  const file = filesWith(fc.oneof(fc.constant(undefined), mirrorLists(0)))
  fc.assert(
    fc.property(file, mirrorLists(0), ({ text }, mirrors) => {
      const { 'registry-mirrors': _, ...before } = JSON.parse(text) as Record<string, unknown>
      const { 'registry-mirrors': writtenMirrors, ...after } = JSON.parse(edit(text, mirrors)) as Record<
        string,
        unknown
      >
      expect(writtenMirrors).toEqual(mirrors)
      expect(after).toEqual(before)
      expect(Object.keys(after)).toEqual(Object.keys(before))
      expect(readSettings(edit(text, mirrors))).toMatchObject({ hasMirrors: true, mirrors })
    }),
    { numRuns: 500 },
  )
})

test('replacing the list changes no other byte, wherever the list is, and adding a list changes no other setting', () => {
  fc.assert(
    fc.property(
      otherSettings,
      mirrorLists(1),
      fc.nat(4),
      spaceLists,
      mirrorLists(0),
      (others, list, index, spaces, mirrors) => {
        const members: (readonly [string, unknown])[] = [...others]
        members.splice(Math.min(index, members.length), 0, ['registry-mirrors', list])
        const text = withSpaces(Object.fromEntries(members), spaces)
        const result = edit(text, mirrors)
        const scan = scanObject(text)
        const { start, end } = (scan.ok ? scan.object.members : []).find(({ key }) => key === 'registry-mirrors')!.value
        expect(result.startsWith(text.slice(0, start))).toBe(true)
        expect(result.endsWith(text.slice(end))).toBe(true)
        expect(JSON.parse(result.slice(start, result.length - (text.length - end)))).toEqual(mirrors)

        const without = withSpaces(Object.fromEntries(others), spaces)
        const added = JSON.parse(edit(without, mirrors))
        expect(added).toEqual({ ...JSON.parse(without), 'registry-mirrors': mirrors })
      },
    ),
    { numRuns: 500 },
  )
})

test('a syntax error is reported with its line', () => {
  fc.assert(
    fc.property(filesWith(mirrorLists(1)), fc.nat(), ({ text }, seed) => {
      const starts = [0, ...[...text.matchAll(/\r\n|[\n\r]/g)].map(({ index, 0: end }) => index + end.length)]
      const line = seed % starts.length
      const broken = `${text.slice(0, starts[line])}@ ${text.slice(starts[line])}`
      expect(readFault(broken)).toEqual(['syntax', `${line + 1}:1`, expect.stringMatching(/^@ /)])
    }),
    { numRuns: 300 },
  )
})

test('only blank texts and valid JSON are edited, and a JSON object is refused only by stricter rules', () => {
  const file = filesWith(fc.oneof(fc.constant(undefined), mirrorLists(0))).map(({ text }) => text)
  const texts = fc.oneof(
    fc
      .tuple(file, fc.array(damage, { minLength: 1, maxLength: 3 }))
      .map(([text, damages]) => applyDamages(text, damages)),
    fc.json(),
    fc.string({ unit: 'binary' }),
    file.map((text) => `\ufeff${text}`),
  )
  const parseOrUndefined = (text: string): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      return undefined
    }
  }
  const stricterThanJson = new Set(['duplicate-key', 'wrong-type', 'key-case'])
  let refusedCount = 0
  fc.assert(
    fc.property(texts, mirrorLists(0), (text, mirrors) => {
      const result = withMirrors(text, mirrors)
      const value = parseOrUndefined(text)
      if (result.ok) {
        const expected = { ...(value as object | undefined), 'registry-mirrors': mirrors }
        return isDeepStrictEqual(parseOrUndefined(result.text), expected) && (value !== undefined || text.trim() === '')
      }
      refusedCount += 1
      const { code } = result.fault
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      if (code === 'not-object') return !isObject
      return value === undefined || (isObject && stricterThanJson.has(code)) || code === 'encoding'
    }),
    { numRuns: 2000 },
  )
  expect(refusedCount).toBeGreaterThan(300)
})
