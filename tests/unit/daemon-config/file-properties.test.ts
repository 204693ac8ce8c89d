import { isDeepStrictEqual } from 'node:util'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withMirrors } from '../../../model/daemon-config/file.ts'
import { scanObject } from '../../../model/daemon-config/json-text.ts'
import { edited, fault, fileWith, mirrorLists, others, scattered, settings, spaces, stroke, struck } from './texts.ts'

test('set, then set back, gives the same bytes, in whatever hand the file is written', () => {
  fc.assert(
    fc.property(mirrorLists(0), mirrorLists(0), (before, between) =>
      fc.assert(
        fc.property(fileWith(fc.constant(before)), ({ text }) => {
          expect(edited(edited(text, between), before)).toBe(text)
        }),
        { numRuns: 5 },
      ),
    ),
    { numRuns: 200 },
  )
})

test('the result has exactly these mirrors, and every other setting as it was', () => {
  const file = fileWith(fc.oneof(fc.constant(undefined), mirrorLists(0)))
  fc.assert(
    fc.property(file, mirrorLists(0), ({ text }, mirrors) => {
      const { 'registry-mirrors': _, ...before } = JSON.parse(text) as Record<string, unknown>
      const { 'registry-mirrors': now, ...after } = JSON.parse(edited(text, mirrors)) as Record<string, unknown>
      expect(now).toEqual(mirrors)
      expect(after).toEqual(before)
      expect(Object.keys(after)).toEqual(Object.keys(before))
      expect(settings(edited(text, mirrors))).toMatchObject({ hasMirrors: true, mirrors })
    }),
    { numRuns: 500 },
  )
})

test('wherever the list is in the file, nothing else changes', () => {
  fc.assert(
    fc.property(others, mirrorLists(1), fc.nat(4), spaces, mirrorLists(0), (others, list, place, spaces, mirrors) => {
      const members: (readonly [string, unknown])[] = [...others]
      members.splice(Math.min(place, members.length), 0, ['registry-mirrors', list])
      const text = scattered(Object.fromEntries(members), spaces)
      const result = edited(text, mirrors)
      const scan = scanObject(text)
      const { start, end } = (scan.ok ? scan.object.members : []).find(({ key }) => key === 'registry-mirrors')!.value
      expect(result.startsWith(text.slice(0, start))).toBe(true)
      expect(result.endsWith(text.slice(end))).toBe(true)
      expect(JSON.parse(result.slice(start, result.length - (text.length - end)))).toEqual(mirrors)

      const without = scattered(Object.fromEntries(others), spaces)
      const added = JSON.parse(edited(without, mirrors))
      expect(added).toEqual({ ...JSON.parse(without), 'registry-mirrors': mirrors })
    }),
    { numRuns: 500 },
  )
})

test('a fault is reported in its own line', () => {
  fc.assert(
    fc.property(fileWith(mirrorLists(1)), fc.nat(), ({ text }, where) => {
      const starts = [0, ...[...text.matchAll(/\r\n|[\n\r]/g)].map(({ index, 0: end }) => index + end.length)]
      const line = where % starts.length
      const broken = `${text.slice(0, starts[line])}@ ${text.slice(starts[line])}`
      expect(fault(broken)).toEqual(['syntax', `${line + 1}:1`, expect.stringMatching(/^@ /)])
    }),
    { numRuns: 300 },
  )
})

test('what JSON refuses is never edited, what it takes is understood, and nothing throws: 2,000 broken or odd files', () => {
  const file = fileWith(fc.oneof(fc.constant(undefined), mirrorLists(0))).map(({ text }) => text)
  const odd = fc.oneof(
    fc.tuple(file, fc.array(stroke, { minLength: 1, maxLength: 3 })).map(([text, strokes]) => struck(text, strokes)),
    fc.json(),
    fc.string({ unit: 'binary' }),
    file.map((text) => `\ufeff${text}`),
  )
  const parsed = (text: string): unknown => {
    try {
      return JSON.parse(text)
    } catch {
      return undefined
    }
  }
  const stricter = new Set(['duplicate-key', 'wrong-type', 'key-case'])
  let refused = 0
  fc.assert(
    fc.property(odd, mirrorLists(0), (text, mirrors) => {
      const result = withMirrors(text, mirrors)
      const value = parsed(text)
      if (result.ok) {
        const wanted = { ...(value as object | undefined), 'registry-mirrors': mirrors }
        return isDeepStrictEqual(parsed(result.text), wanted) && (value !== undefined || text.trim() === '')
      }
      refused += 1
      const { code } = result.fault
      const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
      if (code === 'not-object') return value !== undefined && !isObject
      return value === undefined || (isObject && stricter.has(code)) || code === 'encoding'
    }),
    { numRuns: 2000 },
  )
  expect(refused).toBeGreaterThan(300)
})
