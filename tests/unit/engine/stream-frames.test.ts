import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mark, withCarriageReturns, demultiplexer, withoutMarked } from '../../../main/engine/api/stream-frames.ts'

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

test('frames are taken apart wherever they are cut', () => {
  const frame = (kind: number, text: string) => {
    const head = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0])
    head.writeUInt32BE(Buffer.byteLength(text), 4)
    return Buffer.concat([head, Buffer.from(text)])
  }
  fc.assert(
    fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 20 }), (texts, cut) => {
      const all = Buffer.concat(texts.map((text, at) => frame(1 + (at % 2), text)))
      const take = demultiplexer()
      const said: Buffer[] = []
      for (let at = 0; at < all.length; at += cut) said.push(take(all.subarray(at, at + cut)))
      expect(Buffer.concat(said).toString()).toBe(texts.map((text) => text.toWellFormed()).join(''))
    }),
  )
})

test('lines end as in a terminal, and bytes that are no text stay what they are', () => {
  expect(withCarriageReturns(Buffer.from('a\nb\r\n好\n')).toString()).toBe('a\r\nb\r\n好\r\n')
  const odd = Buffer.from([0xff, 0x00, 0xc3, 0x28])
  expect(withCarriageReturns(odd).equals(odd)).toBe(true)
})
