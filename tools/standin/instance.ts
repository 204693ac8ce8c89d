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

export interface InstanceMessage {
  readonly argv: readonly string[]
  readonly cwd: string
  readonly data: unknown
}

let mailboxWatcher: FSWatcher | undefined

/**
 * Makes this process the first instance, or else sends a message to the first instance. The message is written before
 * this function returns, because a later instance usually quits immediately.
 * @returns whether this process is the first instance
 */
export function acquireLock(
  userData: string,
  message: InstanceMessage,
  onMessage: (message: InstanceMessage) => void,
): boolean {
  const folder = join(userData, 'standin-instance')
  mkdirSync(folder, { recursive: true })
  const lock = join(folder, 'owner')
  if (!tryLock(folder, lock)) {
    sendMessage(folder, message)
    return false
  }
  for (const oldMessage of listMessages(folder)) rmSync(oldMessage)
  mailboxWatcher = watch(folder, { persistent: false }, () => {
    for (const file of listMessages(folder)) {
      const received = JSON.parse(readFileSync(file, 'utf8')) as InstanceMessage
      rmSync(file)
      onMessage(received)
    }
  })
  return true
}

export function releaseLock(userData: string): void {
  mailboxWatcher?.close()
  rmSync(join(userData, 'standin-instance', 'owner'), { force: true })
}

/** @returns false if another process has the lock. Creating a link is atomic: only one of several processes succeeds. */
function tryLock(folder: string, lock: string): boolean {
  const candidate = join(folder, `candidate-${process.pid}`)
  writeFileSync(candidate, readProcessIdentity(process.pid) ?? '')
  try {
    for (;;) {
      try {
        linkSync(candidate, lock)
        return true
      } catch (error) {
        if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
        if (isHeld(lock)) return false
        // Rename before removing: if two processes find the lock stale, only one rename succeeds, and both try again.
        removeStaleLock(lock, `${candidate}-old`)
      }
    }
  } finally {
    rmSync(candidate, { force: true })
  }
}

function isHeld(lock: string): boolean {
  try {
    const owner = readFileSync(lock, 'utf8')
    return owner === readProcessIdentity(Number(owner.split(' ')[0]))
  } catch {
    return false
  }
}

function removeStaleLock(lock: string, temporaryPath: string): void {
  try {
    renameSync(lock, temporaryPath)
    rmSync(temporaryPath)
  } catch {
    // another process was faster
  }
}

/** A process id and its start time (field 22 of stat, see proc_pid_stat(5)): process ids alone are reused. */
function readProcessIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return `${pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}`
  } catch {
    return undefined
  }
}

/** Writes the message to a temporary file and renames it, so that no partial message is read. */
function sendMessage(folder: string, message: InstanceMessage): void {
  const draft = join(folder, `draft-${process.pid}`)
  writeFileSync(draft, JSON.stringify(message))
  renameSync(draft, join(folder, `letter-${process.pid}-${Date.now()}`))
}

const listMessages = (folder: string): string[] =>
  readdirSync(folder)
    .filter((name) => name.startsWith('letter-'))
    .map((name) => join(folder, name))
