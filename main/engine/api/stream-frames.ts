/** Converts a container's output to the form that a terminal shows. */

/**
 * Removes the frame headers from multiplexed output, so that stdout and stderr are mixed in order of arrival. Source:
 * Docker Engine API, ContainerAttach, "Stream format": each frame has an 8-byte header that ends with the length.
 * @returns a stateful filter, to be called with consecutive chunks
 */
export function demultiplexer(): (bytes: Buffer) => Buffer {
  let header = Buffer.alloc(0)
  let payloadBytesLeft = 0
  return (bytes) => {
    const payloads: Buffer[] = []
    for (let input = bytes; input.length > 0;) {
      if (payloadBytesLeft > 0) {
        const payload = input.subarray(0, payloadBytesLeft)
        payloads.push(payload)
        payloadBytesLeft -= payload.length
        input = input.subarray(payload.length)
        continue
      }
      const headerBytesLeft = 8 - header.length
      header = Buffer.concat([header, input.subarray(0, headerBytesLeft)])
      input = input.subarray(headerBytesLeft)
      if (header.length < 8) break
      payloadBytesLeft = header.readUInt32BE(4)
      header = Buffer.alloc(0)
    }
    return Buffer.concat(payloads)
  }
}

/** Replaces LF by CRLF, as a TTY does. */
export const withCarriageReturns = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString('latin1').replace(/\r?\n/g, '\r\n'), 'latin1')

/**
 * The first character of the line with which a shell reports its PID: the ASCII record separator (Ctrl+^). If a user
 * types this character, the terminal echoes it as ^^, so the echo does not match.
 */
export const mark = '\x1e'

/**
 * Removes the first mark and the rest of its line, and passes this rest to `onLine`. Earlier output is not removed: it may
 * be the echo of early input, or the error message of a shell that failed to print the line.
 * @returns a stateful filter, to be called with consecutive chunks
 */
export function extractMarkedLine(onLine: (line: string) => void): (bytes: Buffer) => Buffer {
  let pending: Buffer | undefined = Buffer.alloc(0)
  return (bytes) => {
    if (!pending) return bytes
    const all = Buffer.concat([pending, bytes])
    const start = all.indexOf(mark)
    const end = start < 0 ? start : all.indexOf('\n', start)
    pending = end < 0 ? all.subarray(start < 0 ? all.length : start) : undefined
    if (pending) return all.subarray(0, all.length - pending.length)
    onLine(
      all
        .subarray(start + 1, end)
        .toString()
        .trim(),
    )
    return Buffer.concat([all.subarray(0, start), all.subarray(end + 1)])
  }
}
