import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { field, fields, integer, encodeText, emptyMessage, unframe } from '../../../main/engine/api/protobuf.ts'

/** One field of a message, as some engine may write it. */
type Part =
  | { readonly kind: 'text'; readonly number: number; readonly value: string }
  | { readonly kind: 'int64'; readonly number: number; readonly value: bigint }
  | { readonly kind: 'double' | 'float'; readonly number: number }
  | { readonly kind: 'group'; readonly number: number; readonly value: string }

const number = fc.integer({ min: 1, max: 40 })
const text = fc.string({ unit: 'binary', maxLength: 200 })
const part: fc.Arbitrary<Part> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), number, value: text }),
  fc.record({ kind: fc.constant('int64' as const), number, value: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }) }),
  fc.record({ kind: fc.constantFrom('double' as const, 'float' as const), number }),
  fc.record({ kind: fc.constant('group' as const), number, value: text }),
)
const parts = fc.array(part, { maxLength: 8 })

/** The message, and after which of its bytes a field ends. */
function written(parts: readonly Part[]) {
  const ends = new Set([0])
  const each = parts.map((part) => Buffer.from(writtenPart(part).finish()))
  each.reduce((end, { length }) => (ends.add(end + length), end + length), 0)
  return { bytes: Buffer.concat(each), ends }
}

function writtenPart(part: Part): BinaryWriter {
  const writer = new BinaryWriter()
  switch (part.kind) {
    case 'text':
      return writer.tag(part.number, WireType.LengthDelimited).string(part.value)
    case 'int64':
      return writer.tag(part.number, WireType.Varint).int64(part.value)
    case 'double':
      return writer.tag(part.number, WireType.Bit64).double(1.5)
    case 'float':
      return writer.tag(part.number, WireType.Bit32).float(1.5)
    case 'group':
      writer.tag(part.number, WireType.StartGroup).tag(1, WireType.LengthDelimited).string(part.value)
      return writer.tag(part.number, WireType.EndGroup)
  }
}

function throws(read: () => unknown): boolean {
  try {
    read()
    return false
  } catch {
    return true
  }
}

test('a text that is written is read again', () => {
  fc.assert(
    fc.property(text, (value) => {
      const [body, ...others] = unframe(encodeText(value))
      expect(others).toEqual([])
      expect(String(field(body!, 1))).toBe(value)
      expect(field(body!, 2)).toBeUndefined()
    }),
  )
})

test('a text longer than one byte of length can say is read again', () => {
  const value = 'sha256:'.padEnd(20_000, 'é')
  expect(String(field(unframe(encodeText(value))[0]!, 1))).toBe(value)
})

test('the bytes on the wire are those of the specification', () => {
  // protobuf.dev, "Encoding": field 2 is "testing", and a number of two bytes is 150.
  expect(encodeText('a')).toEqual(Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x61]))
  expect(emptyMessage).toEqual(Buffer.from([0, 0, 0, 0, 0]))
  expect(String(field(Buffer.from('120774657374696e67', 'hex'), 2))).toBe('testing')
  expect(integer(Buffer.from('089601', 'hex'), 1)).toBe(150)
})

test('a wanted field is found among fields of every kind, and unknown ones are skipped', () => {
  fc.assert(
    fc.property(parts, number, (all, wanted) => {
      const { bytes } = written(all)
      const of = (kind: Part['kind']) => all.filter((part) => part.kind === kind && part.number === wanted)
      const texts = of('text').map((part) => 'value' in part && part.value)
      const last = of('int64').at(-1)
      expect(fields(bytes, wanted).map(String)).toEqual(texts)
      expect(integer(bytes, wanted)).toBe(last && 'value' in last ? Number(last.value) : 0)
    }),
  )
})

test('a message that was cut inside a field is an error, whichever field is wanted', () => {
  fc.assert(
    fc.property(parts, number, (all, wanted) => {
      const { bytes, ends } = written(all)
      for (let length = 0; length < bytes.length; length++) {
        const cut = bytes.subarray(0, length)
        for (const read of [field, fields, integer]) expect(throws(() => read(cut, wanted))).toBe(!ends.has(length))
      }
    }),
    { numRuns: 30 },
  )
})

test('a reply of several frames gives its messages, and a reply cut inside a frame is an error', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      const frames = texts.map((value) => encodeText(value))
      const reply = Buffer.concat([...frames, emptyMessage])
      expect(unframe(reply)).toHaveLength(frames.length + 1)
      const ends = [0, ...frames.map((_, at) => Buffer.concat(frames.slice(0, at + 1)).length)]
      for (let length = 0; length < reply.length; length++)
        expect(throws(() => unframe(reply.subarray(0, length)))).toBe(!ends.includes(length))
    }),
    { numRuns: 30 },
  )
})

test('a reply cut inside a frame says so', () => {
  expect(() => unframe(encodeText('a').subarray(0, 7))).toThrow('The gRPC reply ended in the middle of a message')
})

test('a reply without frames has no messages', () => {
  expect(unframe(Buffer.alloc(0))).toEqual([])
})

test('a compressed frame is refused, also after one that is not', () => {
  const compressed = encodeText('a')
  compressed[0] = 1
  expect(() => unframe(compressed)).toThrow('The gRPC reply is compressed')
  expect(() => unframe(Buffer.concat([encodeText('a'), compressed]))).toThrow('compressed')
})
