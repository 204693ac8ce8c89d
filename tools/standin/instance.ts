/** Single instance per user data folder: a lock, and a mailbox for later instances. */
import {
  type FSWatcher,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'

export interface Letter {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly data: unknown
}

let letterBox: FSWatcher | undefined

/**
 * @returns whether this process is the first instance. The first instance is notified of each later one. A later
 * instance has written its message when this returns, because it usually quits immediately.
 */
export function claim(userData: string, letter: Letter, hear: (letter: Letter) => void): boolean {
  const folder = join(userData, 'standin-instance')
  mkdirSync(folder, { recursive: true })
  const lock = join(folder, 'owner')
  if (!take(folder, lock)) {
    post(folder, letter)
    return false
  }
  for (const old of letters(folder)) rmSync(old)
  letterBox = watch(folder, { persistent: false }, () => {
    for (const file of letters(folder)) {
      const received = JSON.parse(readFileSync(file, 'utf8')) as Letter
      rmSync(file)
      hear(received)
    }
  })
  return true
}

export function release(userData: string): void {
  letterBox?.close()
  rmSync(join(userData, 'standin-instance', 'owner'), { force: true })
}

/** Creating a link is atomic: only one of several processes succeeds. */
function take(folder: string, lock: string): boolean {
  const own = join(folder, `candidate-${process.pid}`)
  writeFileSync(own, birthOf(process.pid) ?? '')
  try {
    for (;;) {
      try {
        linkSync(own, lock)
        return true
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
        if (isHeld(lock)) return false
        // Moved, not removed: if two processes find the lock stale, one moves it, and the other fails and tries again.
        moveAway(lock, `${own}-old`)
      }
    }
  } finally {
    rmSync(own, { force: true })
  }
}

function isHeld(lock: string): boolean {
  try {
    const birth = readFileSync(lock, 'utf8')
    return birth === birthOf(Number(birth.split(' ')[0]))
  } catch {
    return false
  }
}

function moveAway(lock: string, to: string): void {
  try {
    renameSync(lock, to)
    rmSync(to)
  } catch {
    // another process was faster
  }
}

/** Process ids are reused, so the start time is needed too: field 22 of stat, see proc_pid_stat(5). */
function birthOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return undefined
  }
}

/** Written to a temporary file and renamed, so that no partial message is read. */
function post(folder: string, letter: Letter): void {
  const draft = join(folder, `draft-${process.pid}`)
  writeFileSync(draft, JSON.stringify(letter))
  renameSync(draft, join(folder, `letter-${process.pid}-${Date.now()}`))
}

const letters = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('letter-'))
    .map((name) => join(folder, name))
