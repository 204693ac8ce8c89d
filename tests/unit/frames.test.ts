import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mark, withoutMarked } from '../../main/containers/frames.ts'

/** What is shown, and what is heard, of bytes that come in pieces. */
function taken(text: string, cuts: readonly number[] = []) {
  const heard: string[] = []
  const shown = withoutMarked((line) => heard.push(line))
  const bytes = Buffer.from(text)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const parts = ends.map((end, at) => shown(bytes.subarray(ends[at - 1] ?? 0, end)))
  return { shown: Buffer.concat(parts).toString(), heard }
}

const cuts = fc.array(fc.nat(), { maxLength: 4 })

test('the marked line is heard, and all around it shown, however it comes', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', 'ls\r\n', 'l', '^^'),
      fc.constantFrom('', '/ # ', `${mark}7\r\n`),
      cuts,
      (before, after, at) => {
        expect(taken(`${before}${mark}12\r\n${after}`, at)).toEqual({ shown: `${before}${after}`, heard: ['12'] })
      },
    ),
  )
})

test('who says no such line is shown', () => {
  const said = 'OCI runtime exec failed: exec failed: permission denied\r\n'
  fc.assert(
    fc.property(cuts, (at) => {
      expect(taken(said, at)).toEqual({ shown: said, heard: [] })
    }),
  )
})
