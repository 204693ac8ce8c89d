/** One instance for each user data folder: a lock, and a letter box for those that come later. */
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
 * Whether this process is the first. The first hears of each later one; a later one has left its letter when this returns:
 * it usually quits at once, so nothing may be left to be done then.
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

/** A link is made by one process only, however many try at once. */
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
        // Moved, not removed: of two that find it forsaken, one moves it and the other fails and looks again.
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
    // another was faster
  }
}

/** Its id alone would not do: ids are given again. Field 22 of stat is when the process began (proc_pid_stat(5)). */
function birthOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return undefined
  }
}

/** Written aside and renamed, so that no half letter is read. */
function post(folder: string, letter: Letter): void {
  const draft = join(folder, `draft-${process.pid}`)
  writeFileSync(draft, JSON.stringify(letter))
  renameSync(draft, join(folder, `letter-${process.pid}-${Date.now()}`))
}

const letters = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('letter-'))
    .map((name) => join(folder, name))
