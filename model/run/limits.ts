/** Parses resource limits like the docker CLI. */
import type { Bytes } from '../image/image.ts'

const units = 'kmgtp'

/**
 * @returns bytes, with binary units: `512m` is 536,870,912. Undefined for an invalid size.
 * Source: docker/go-units size.go, `RAMInBytes`.
 */
export function parseMemory(text: string): Bytes | undefined {
  const [, number, unit = ''] = /^(\d+(?:\.\d+)?) ?([kmgtp]?)(?:i?b)?$/i.exec(text) ?? []
  if (number === undefined) return undefined
  const power = unit === '' ? 0 : units.indexOf(unit.toLowerCase()) + 1
  const bytes = Math.trunc(Number(number) * 1024 ** power)
  return Number.isSafeInteger(bytes) && bytes > 0 ? bytes : undefined
}

/** @returns billionths of a CPU; undefined for an invalid number. Source: docker/cli opts/opts.go, `ParseCPUs`. */
export function parseCpus(text: string): number | undefined {
  const [, whole = '', fraction = ''] = /^(?=\.?\d)(\d{0,5})(?:\.(\d{0,9}))?$/.exec(text) ?? []
  const nanoCpus = Number(whole) * 1e9 + Number(fraction.padEnd(9, '0'))
  return nanoCpus >= minNanoCpus ? nanoCpus : undefined
}

/** The engine or the kernel rejects less. Source: moby daemon/daemon_unix.go, `linuxMinMemory` and "Range of CPUs". */
export const minMemoryBytes: Bytes = 6 * 1024 * 1024
const minNanoCpus = 1e7
