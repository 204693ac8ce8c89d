/** The little of protobuf and of gRPC's framing that two calls need. Source: protobuf.dev, "Encoding". */

/** A framed message with one text in its first field. */
export function message(text: string): Buffer {
  const bytes = Buffer.from(text)
  const body = Buffer.concat([Buffer.from([0x0a]), varint(bytes.length), bytes])
  const header = Buffer.alloc(5)
  header.writeUInt32BE(body.length, 1)
  return Buffer.concat([header, body])
}

/** A framed message without fields. */
export const noMessage = Buffer.alloc(5)

/** The messages in an answer. */
export function unframed(answer: Buffer): Buffer[] {
  const messages: Buffer[] = []
  for (let at = 0; at + 5 <= answer.length;) {
    const end = at + 5 + answer.readUInt32BE(at + 1)
    messages.push(answer.subarray(at + 5, end))
    at = end
  }
  return messages
}

/** A field of a message: a number, or bytes (a text, a message). */
export const field = (message: Buffer, wanted: number): bigint | Buffer | undefined => fields(message, wanted)[0]

/** All that a message has of a field that repeats. */
export function fields(message: Buffer, wanted: number): (bigint | Buffer)[] {
  const found: (bigint | Buffer)[] = []
  let at = 0
  const number = (): bigint => {
    let value = 0n
    for (let shift = 0n; at < message.length; shift += 7n) {
      const byte = message[at++]!
      value |= BigInt(byte & 0x7f) << shift
      if (byte < 0x80) break
    }
    return value
  }
  while (at < message.length) {
    const tag = Number(number())
    const [name, wire] = [tag >> 3, tag & 7]
    if (wire === 0) {
      const value = number()
      if (name === wanted) found.push(value)
    } else if (wire === 2) {
      const length = Number(number())
      if (name === wanted) found.push(message.subarray(at, at + length))
      at += length
    } else at += wire === 1 ? 8 : 4
  }
  return found
}

function varint(value: number): Buffer {
  const bytes: number[] = []
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80)
  return Buffer.from([...bytes, value])
}
