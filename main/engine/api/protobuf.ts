/** Protobuf messages in gRPC's frames, as far as the content store's three calls need them. */
import { BinaryReader, BinaryWriter, WireType } from '@bufbuild/protobuf/wire'

/** A framed message with one text in its first field. */
export const message = (text: string): Buffer =>
  framed(new BinaryWriter().tag(1, WireType.LengthDelimited).string(text).finish())

/** A framed message without fields. */
export const noMessage = framed(new Uint8Array())

/** @see gRPC over HTTP2, "Length-Prefixed-Message": a compression flag, the length, the message. */
function framed(body: Uint8Array): Buffer {
  const header = Buffer.alloc(5)
  header.writeUInt32BE(body.length, 1)
  return Buffer.concat([header, body])
}

/** The messages of a whole reply. Throws if a frame is compressed or incomplete. */
export function unframed(reply: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at < reply.length;) {
    if (reply[at] !== 0) throw new Error('The gRPC reply is compressed, which Slipway does not accept')
    const start = at + 5
    const end = start <= reply.length ? start + reply.readUInt32BE(at + 1) : start
    if (end > reply.length) throw new Error('The gRPC reply ended in the middle of a message')
    messages.push(reply.subarray(start, end))
    at = end
  }
  return messages
}

/** The texts, bytes or messages of a field that repeats. Throws if the message is incomplete. */
export const fields = (message: Buffer, wanted: number): Buffer[] =>
  valuesOf(message, wanted, WireType.LengthDelimited, (reader) => Buffer.from(reader.bytes()))

/** @returns undefined if the message does not have the field. Throws if the message is incomplete. */
export const field = (message: Buffer, wanted: number): Buffer | undefined => fields(message, wanted).at(-1)

/** An int64 field. Protobuf leaves out a field that is 0. Throws if the message is incomplete. */
export const integer = (message: Buffer, wanted: number): number =>
  valuesOf(message, wanted, WireType.Varint, (reader) => Number(reader.int64())).at(-1) ?? 0

function valuesOf<T>(message: Buffer, wanted: number, type: WireType, read: (reader: BinaryReader) => T): T[] {
  const reader = new BinaryReader(message)
  const values: T[] = []
  while (reader.pos < reader.len) {
    const [number, found] = reader.tag()
    if (number === wanted && found === type) values.push(read(reader))
    else reader.skip(found, number)
  }
  return values
}
