/** Encodes and decodes Protobuf messages in gRPC frames, as far as the three calls of the content store need. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** @returns a framed message that has the text as a string in field 1 */
export const encodeText = (text: string): Buffer =>
  framed(new BinaryWriter().tag(1, WireType.LengthDelimited).string(text).finish())

/** A framed message without fields. */
export const emptyMessage = framed(new Uint8Array())

/** @see gRPC over HTTP2, "Length-Prefixed-Message": a compression flag, the length, the message. */
function framed(body: Uint8Array): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(body.length, 1)
  return Buffer.concat([header, body])
}

/** @returns the messages of a complete reply. Throws if a frame is compressed or incomplete. */
export function splitFrames(reply: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let offset = 0; offset < reply.length;) {
    if (reply[offset] !== 0) throw new Error('The gRPC reply is compressed, which Slipway does not accept')
    const start = offset + 5
    const end = start <= reply.length ? start + reply.readUInt32BE(offset + 1) : start
    if (end > reply.length) throw new Error('The gRPC reply ended in the middle of a message')
    messages.push(reply.subarray(start, end))
    offset = end
  }
  return messages
}

/** @returns the values of a repeated field of strings, bytes or messages. Throws if the message is incomplete. */
export const fields = (message: Buffer, fieldNumber: number): Buffer[] =>
  valuesOf(message, fieldNumber, WireType.LengthDelimited, (reader) => Buffer.from(reader.bytes()))

/** @returns the value of a field; undefined if the message does not have it. Throws if the message is incomplete. */
export const field = (message: Buffer, fieldNumber: number): Buffer | undefined => fields(message, fieldNumber).at(-1)

/** @returns the value of an int64 field. Protobuf omits zeros, so a missing field is 0. Throws like `fields`. */
export const integer = (message: Buffer, fieldNumber: number): number =>
  valuesOf(message, fieldNumber, WireType.Varint, (reader) => Number(reader.int64())).at(-1) ?? 0

function valuesOf<T>(message: Buffer, fieldNumber: number, type: WireType, read: (reader: BinaryReader) => T): T[] {
  const reader = new BinaryReader(message)
  const values: T[] = []
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag()
    if (number === fieldNumber && wireType === type) values.push(read(reader))
    else reader.skip(wireType, number)
  }
  return values
}
