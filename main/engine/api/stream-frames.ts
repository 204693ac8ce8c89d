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

/** Not typed by chance: a terminal shows it as ^^ where it is typed at all. */
export const mark = '\x1e'

/**
 * Keeps a line for itself that begins with the mark. What comes before it stays: the echo of what is typed early, or the
 * words of who was to say the line and could not.
 */
export function withoutMarked(heard: (line: string) => void): (bytes: Buffer) => Buffer {
  let held: Buffer | undefined = Buffer.alloc(0)
  return (bytes) => {
    if (!held) return bytes
    const all = Buffer.concat([held, bytes])
    const from = all.indexOf(mark)
    const end = from < 0 ? from : all.indexOf('\n', from)
    held = end < 0 ? all.subarray(from < 0 ? all.length : from) : undefined
    if (held) return all.subarray(0, all.length - held.length)
    heard(
      all
        .subarray(from + 1, end)
        .toString()
        .trim(),
    )
    return Buffer.concat([all.subarray(0, from), all.subarray(end + 1)])
  }
}
