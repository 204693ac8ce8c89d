/** Ends the processes that a shell has started. */
import { readdir, readFile } from 'node:fs/promises'
import { setTimeout as delay } from 'node:timers/promises'

const maxRounds = 50
const roundDelayMs = 20

/**
 * Kills every process of a session (setsid), also those in process groups of their own, as shells with job control create
 * them. A process that has begun a session of its own continues, as it does when a terminal is closed: an ssh-agent,
 * gpg-agent or tmux server may be in use by other programs.
 */
export async function endSession(session: number): Promise<void> {
  // A process may fork before it is killed, so the processes are listed again. One that waits for a disk ends later.
  for (let round = 0; round < maxRounds; round++) {
    const members = await sessionMembers(session)
    if (members.length === 0) return
    for (const pid of members) killIfRunning(pid)
    await delay(roundDelayMs)
  }
}

async function sessionMembers(session: number): Promise<number[]> {
  const pids = (await readdir('/proc').catch(() => [])).map(Number).filter(Number.isInteger)
  const members = await Promise.all(pids.map(async (pid) => ((await isMember(pid, session)) ? [pid] : [])))
  return members.flat()
}

async function isMember(pid: number, session: number): Promise<boolean> {
  // proc(5): `pid (comm) state ppid pgrp session …`; comm may contain spaces and parentheses.
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '')
  const [state = '', , , ofSession] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return Number(ofSession) === session && !'ZX'.includes(state)
}

function killIfRunning(pid: number) {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // The process has ended meanwhile.
  }
}
