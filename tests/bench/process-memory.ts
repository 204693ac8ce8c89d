/** Memory of a process and its descendants, from /proc. */
import { readFileSync, readdirSync } from 'node:fs'

/** The pids of a process and all its descendants. */
function processTree(root: number): number[] {
  const children = Map.groupBy(
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0),
    parentOf,
  )
  const pids = [root]
  for (const pid of pids) pids.push(...(children.get(pid) ?? []))
  return pids
}

/** Bytes of a process and all its descendants. Shared memory is divided among all processes that share it (PSS). */
export const memoryOfTree = (root: number): number =>
  processTree(root).reduce((sum, pid) => sum + readField(`/proc/${pid}/smaps_rollup`, 'Pss'), 0)

/** Resident bytes of one process. */
export const memoryOf = (pid: number): number => readField(`/proc/${pid}/status`, 'VmRSS')

/** @returns the field's value in bytes, or 0 if the process has ended */
function readField(file: string, name: string): number {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(readFile(file))?.[1]
  return Number(kilobytes ?? 0) * 1024
}

function parentOf(pid: number): number {
  // The process name in parentheses may itself contain parentheses and spaces.
  const [, parent] = readFile(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return Number(parent ?? 0)
}

/** @returns an empty string if the process has ended */
function readFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
