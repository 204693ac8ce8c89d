/** What a container says that has no terminal, made fit for one. */

/**
 * Takes the engine's two streams apart and puts them together as they came. Source: Docker Engine API, ContainerAttach,
 * "Stream format": eight bytes before each piece, its length in the last four.
 */
export function unframed(): (bytes: Buffer) => Buffer {
  let head = Buffer.alloc(0)
  let left = 0
  return (bytes) => {
    const said: Buffer[] = []
    for (let rest = bytes; rest.length > 0;) {
      if (left > 0) {
        const part = rest.subarray(0, left)
        said.push(part)
        left -= part.length
        rest = rest.subarray(part.length)
        continue
      }
      const missing = 8 - head.length
      head = Buffer.concat([head, rest.subarray(0, missing)])
      rest = rest.subarray(missing)
      if (head.length < 8) break
      left = head.readUInt32BE(4)
      head = Buffer.alloc(0)
    }
    return Buffer.concat(said)
  }
}

/** A terminal would have ended lines so. */
export const returned = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')

/** Keeps the first line for itself. */
export function withoutFirstLine(heard: (line: string) => void): (bytes: Buffer) => Buffer {
  let before: Buffer | undefined = Buffer.alloc(0)
  return (bytes) => {
    if (!before) return bytes
    const all = Buffer.concat([before, bytes])
    const end = all.indexOf('\n')
    before = end < 0 ? all : undefined
    if (end < 0) return Buffer.alloc(0)
    heard(all.subarray(0, end).toString().trim())
    return all.subarray(end + 1)
  }
}
