/** Limits as Docker's command reads them. */
import type { Bytes } from '../image/image.ts'

const units = 'kmgtp'

/** `512m` is binary: 536,870,912 bytes. Undefined for what is no size. Source: docker/go-units size.go, `RAMInBytes`. */
export function parseMemory(text: string): Bytes | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? []
  if (number === undefined) return undefined
  const power = unit === '' ? 0 : units.indexOf(unit.toLowerCase()) + 1
  const bytes = Math.trunc(Number(number) * 1024 ** power)
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}

/** In billionths; undefined for what is no number of processors. Source: docker/cli opts/opts.go, `ParseCPUs`. */
export function parseCpus(text: string): number | undefined {
  const [, whole = '', fraction = ''] = /^(?=\.?\d)(\d{0,5})(?:\.(\d{0,9}))?$/.exec(text) ?? []
  const nano = Number(whole) * 1e9 + Number(fraction.padEnd(9, '0'))
  return nano >= leastCpus ? nano : undefined
}

/** Less is refused, or fails in the kernel. Source: moby daemon/daemon_unix.go, `linuxMinMemory` and "Range of CPUs". */
export const leastMemory: Bytes = 6 * 1024 * 1024
const leastCpus = 1e7
