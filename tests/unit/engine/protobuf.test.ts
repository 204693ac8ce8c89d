import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { field, fields, integer, encodeText, emptyMessage, splitFrames } from '../../../main/engine/api/protobuf.ts'

/** One field of a message, as an engine may write it. */
type FieldSpec =
  | { readonly kind: 'text'; readonly number: number; readonly value: string }
  | { readonly kind: 'int64'; readonly number: number; readonly value: bigint }
  | { readonly kind: 'double' | 'float'; readonly number: number }
  | { readonly kind: 'group'; readonly number: number; readonly value: string }

const number = fc.integer({ min: 1, max: 40 })
const text = fc.string({ unit: 'binary', maxLength: 200 })
const fieldSpec: fc.Arbitrary<FieldSpec> = fc.oneof(
  fc.record({ kind: fc.constant('text' as const), number, value: text }),
  fc.record({ kind: fc.constant('int64' as const), number, value: fc.bigInt({ min: 0n, max: 2n ** 53n - 1n }) }),
  fc.record({ kind: fc.constantFrom('double' as const, 'float' as const), number }),
  fc.record({ kind: fc.constant('group' as const), number, value: text }),
)
const fieldSpecs = fc.array(fieldSpec, { maxLength: 8 })

/** @returns the encoded message, and the offsets at which a field ends */
function encode(fieldSpecs: readonly FieldSpec[]) {
  const ends = new Set([0])
  const encoded = fieldSpecs.map((fieldSpec) => Buffer.from(encodeField(fieldSpec).finish()))
  encoded.reduce((end, { length }) => (ends.add(end + length), end + length), 0)
  return { bytes: Buffer.concat(encoded), ends }
}

function encodeField(fieldSpec: FieldSpec): BinaryWriter {
  const writer = new BinaryWriter()
  switch (fieldSpec.kind) {
    case 'text':
      return writer.tag(fieldSpec.number, WireType.LengthDelimited).string(fieldSpec.value)
    case 'int64':
      return writer.tag(fieldSpec.number, WireType.Varint).int64(fieldSpec.value)
    case 'double':
      return writer.tag(fieldSpec.number, WireType.Bit64).double(1.5)
    case 'float':
      return writer.tag(fieldSpec.number, WireType.Bit32).float(1.5)
    case 'group':
      writer.tag(fieldSpec.number, WireType.StartGroup).tag(1, WireType.LengthDelimited).string(fieldSpec.value)
      return writer.tag(fieldSpec.number, WireType.EndGroup)
  }
}

function doesThrow(read: () => unknown): boolean {
  try {
    read()
    return false
  } catch {
    return true
  }
}

test('an encoded text is decoded to the same text', () => {
  fc.assert(
    fc.property(text, (value) => {
      const [body, ...others] = splitFrames(encodeText(value))
      expect(others).toEqual([])
      expect(String(field(body!, 1))).toBe(value)
      expect(field(body!, 2)).toBeUndefined()
    }),
  )
})

test('a text whose length takes more than one byte is decoded', () => {
  const value = 'sha256:'.padEnd(20_000, 'é')
  expect(String(field(splitFrames(encodeText(value))[0]!, 1))).toBe(value)
})

test('the encoding is that of the specification', () => {
  expect(encodeText('a')).toEqual(Buffer.from([0, 0, 0, 0, 3, 0x0a, 1, 0x61]))
  expect(emptyMessage).toEqual(Buffer.from([0, 0, 0, 0, 0]))
  // Examples from protobuf.dev, "Encoding": field 2 is "testing"; field 1 is 150, a varint of two bytes.
  expect(String(field(Buffer.from('120774657374696e67', 'hex'), 2))).toBe('testing')
  expect(integer(Buffer.from('089601', 'hex'), 1)).toBe(150)
})

test('a field is found among fields of every kind', () => {
  fc.assert(
    fc.property(fieldSpecs, number, (specs, fieldNumber) => {
      const { bytes } = encode(specs)
      const specsOf = (kind: FieldSpec['kind']) =>
        specs.filter((fieldSpec) => fieldSpec.kind === kind && fieldSpec.number === fieldNumber)
      const texts = specsOf('text').map((fieldSpec) => 'value' in fieldSpec && fieldSpec.value)
      const lastInt64 = specsOf('int64').at(-1)
      expect(fields(bytes, fieldNumber).map(String)).toEqual(texts)
      expect(integer(bytes, fieldNumber)).toBe(lastInt64 && 'value' in lastInt64 ? Number(lastInt64.value) : 0)
    }),
  )
})

test('a message that ends inside a field is an error, whichever field is read', () => {
  fc.assert(
    fc.property(fieldSpecs, number, (specs, fieldNumber) => {
      const { bytes, ends } = encode(specs)
      for (let length = 0; length < bytes.length; length++) {
        const truncated = bytes.subarray(0, length)
        for (const read of [field, fields, integer])
          expect(doesThrow(() => read(truncated, fieldNumber))).toBe(!ends.has(length))
      }
    }),
    { numRuns: 30 },
  )
})

test('a reply of several frames is split into its messages, and a reply that ends inside a frame is an error', () => {
  fc.assert(
    fc.property(fc.array(text, { maxLength: 4 }), (texts) => {
      const frames = texts.map((value) => encodeText(value))
      const reply = Buffer.concat([...frames, emptyMessage])
      expect(splitFrames(reply)).toHaveLength(frames.length + 1)
      const ends = [0, ...frames.map((_, index) => Buffer.concat(frames.slice(0, index + 1)).length)]
      for (let length = 0; length < reply.length; length++)
        expect(doesThrow(() => splitFrames(reply.subarray(0, length)))).toBe(!ends.includes(length))
    }),
    { numRuns: 30 },
  )
})

test('the error message for a reply that ends inside a frame says that the reply ended early', () => {
  expect(() => splitFrames(encodeText('a').subarray(0, 7))).toThrow('The gRPC reply ended in the middle of a message')
})

test('a reply without frames has no messages', () => {
  expect(splitFrames(Buffer.alloc(0))).toEqual([])
})

test('a compressed frame is refused, also after an uncompressed frame', () => {
  const compressed = encodeText('a')
  compressed[0] = 1
  expect(() => splitFrames(compressed)).toThrow('The gRPC reply is compressed')
  expect(() => splitFrames(Buffer.concat([encodeText('a'), compressed]))).toThrow('compressed')
})
