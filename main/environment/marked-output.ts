/** Finds the text between two markers in a shell's output, which may contain anything else. */
import { randomUUID } from 'node:crypto'

/** Linux limits the arguments and the environment of a program to a quarter of the stack, which is usually 2 MB. */
const maxTextBytes = 2 << 20

export interface MarkedOutput {
  /**
   * A command for any shell that prints the environment between the markers. The markers are printed in two halves, so
   * that a shell that prints the command itself (`set -x`) prints no marker.
   */
  readonly command: string
  /** @returns the text between the markers once it is complete */
  push(chunk: Buffer): string | undefined
}

export function markedOutput(): MarkedOutput {
  const [first, second] = [randomUUID(), randomUUID()]
  const begin = Buffer.from(`${first}${second}`)
  const end = Buffer.from(`${second}${first}`)
  let output = Buffer.alloc(0)
  let hasBegun = false
  return {
    // The programs are named by their paths and run by /bin/sh, because the user's aliases, functions and PATH may be odd.
    command: `exec /bin/sh -c 'printf %s%s ${first} ${second}; /usr/bin/env -0; printf %s%s ${second} ${first}'`,
    push(chunk) {
      output = Buffer.concat([output, chunk])
      if (!hasBegun) {
        const at = output.indexOf(begin)
        hasBegun = at >= 0
        output = output.subarray(hasBegun ? at + begin.length : Math.max(0, output.length - begin.length))
      }
      const at = hasBegun ? output.indexOf(end) : -1
      if (at >= 0) return output.subarray(0, at).toString('utf8')
      if (output.length > maxTextBytes) {
        output = Buffer.alloc(0)
        hasBegun = false
      }
      return undefined
    },
  }
}
