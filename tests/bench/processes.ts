/** What a process and all its descendants hold in memory. */
import { readFileSync, readdirSync } from 'node:fs'

/** The process and whatever it started, and what these started. */
function tree(root: number): number[] {
  const children = Map.groupBy(
    readdirSync('/proc')
      .map(Number)
      .filter((pid) => pid > 0),
    parentOf,
  )
  const found = [root]
  for (const pid of found) found.push(...(children.get(pid) ?? []))
  return found
}

/** Bytes of all processes of a tree, what several share counted once. */
export const memoryOfTree = (root: number): number =>
  tree(root).reduce((sum, pid) => sum + field(`/proc/${pid}/smaps_rollup`, 'Pss'), 0)

/** Bytes of one process. */
export const memoryOf = (pid: number): number => field(`/proc/${pid}/status`, 'VmRSS')

function field(file: string, name: string): number {
  const kilobytes = new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(read(file))?.[1]
  return Number(kilobytes ?? 0) * 1024
}

function parentOf(pid: number): number {
  // The name in parentheses may itself hold parentheses and spaces.
  const [, parent] = read(`/proc/${pid}/stat`)
    .replace(/^.*\) /s, '')
    .split(' ')
  return Number(parent ?? 0)
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process has just ended
  }
}
