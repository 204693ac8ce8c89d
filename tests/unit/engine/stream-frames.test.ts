import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mark, withCarriageReturns, demultiplexer, extractMarkedLine } from '../../../main/engine/api/stream-frames.ts'

/** Feeds a text in chunks that end at `cuts`. @returns the text that is shown, and the marked lines */
function feed(text: string, cuts: readonly number[] = []) {
  const markedLines: string[] = []
  const filter = extractMarkedLine((line) => markedLines.push(line))
  const bytes = Buffer.from(text)
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  const chunks = ends.map((end, index) => filter(bytes.subarray(ends[index - 1] ?? 0, end)))
  return { shown: Buffer.concat(chunks).toString(), markedLines }
}

const cuts = fc.array(fc.nat(), { maxLength: 4 })

test('a marked line is reported and hidden, and the text around it is shown, wherever the chunks end', () => {
  fc.assert(
    fc.property(
      fc.constantFrom('', 'ls\r\n', 'l', '^^'),
      fc.constantFrom('', '/ # ', `${mark}7\r\n`),
      cuts,
      (before, after, cuts) => {
        expect(feed(`${before}${mark}12\r\n${after}`, cuts)).toEqual({
          shown: `${before}${after}`,
          markedLines: ['12'],
        })
      },
    ),
  )
})

test('output without a marked line is shown unchanged', () => {
  const output = 'OCI runtime exec failed: exec failed: permission denied\r\n'
  fc.assert(
    fc.property(cuts, (positions) => {
      expect(feed(output, positions)).toEqual({ shown: output, markedLines: [] })
    }),
  )
})

test('frames are demultiplexed wherever the chunks end', () => {
  const frame = (kind: number, text: string) => {
    const head = Buffer.from([kind, 0, 0, 0, 0, 0, 0, 0])
    head.writeUInt32BE(Buffer.byteLength(text), 4)
    return Buffer.concat([head, Buffer.from(text)])
  }
  fc.assert(
    fc.property(fc.array(fc.string()), fc.integer({ min: 1, max: 20 }), (texts, chunkSize) => {
      const stream = Buffer.concat(texts.map((text, index) => frame(1 + (index % 2), text)))
      const demultiplex = demultiplexer()
      const output: Buffer[] = []
      for (let offset = 0; offset < stream.length; offset += chunkSize)
        output.push(demultiplex(stream.subarray(offset, offset + chunkSize)))
      expect(Buffer.concat(output).toString()).toBe(texts.map((text) => text.toWellFormed()).join(''))
    }),
  )
})

test('line ends become CRLF, and bytes that are not UTF-8 are unchanged', () => {
  expect(withCarriageReturns(Buffer.from('a\nb\r\n好\n')).toString()).toBe('a\r\nb\r\n好\r\n')
  const binary = Buffer.from([0xff, 0x00, 0xc3, 0x28])
  expect(withCarriageReturns(binary).equals(binary)).toBe(true)
})
