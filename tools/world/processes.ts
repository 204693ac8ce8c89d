/** What an engine leaves behind in the kernel, found by its root, ended and undone. */
import { existsSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** Processes of the engine itself name its root; those of its containers are in its control group. */
function processesOf(root: string, group: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid)
    .filter(
      (pid) => read(`/proc/${pid}/cmdline`).includes(`${root}/`) || read(`/proc/${pid}/cgroup`).includes(`:${group}/`),
    )
}

/** Ends all processes of an engine at once: its root is thrown away, so there is nothing to be put in order. */
export async function endAll(root: string, group: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const left = processesOf(root, group)
    if (left.length === 0) return
    for (const pid of left) signal(pid, 'SIGKILL')
    await sleep(20)
  }
  throw new Error(`Processes of ${root} do not end: ${processesOf(root, group).join(', ')}`)
}

/** The mount points under a folder, innermost first. */
export const mountsUnder = (folder: string): string[] =>
  read('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`))
    .toReversed()

export function unmountUnder(folder: string): void {
  const points = mountsUnder(folder)
  if (points.length > 0) spawnSync('umount', ['--lazy', ...points])
}

/** A paused container cannot be ended before it is thawed, on control groups of version 1. */
export function thaw(group: string): void {
  const folder = `/sys/fs/cgroup/freezer${group}`
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (basename(name) === 'freezer.state') writeFileSync(join(folder, name), 'THAWED')
}

export function removeControlGroup(group: string): void {
  const hierarchies = ['', ...readdirSync('/sys/fs/cgroup').map((name) => `/${name}`)]
  for (const hierarchy of hierarchies) removeFolders(`/sys/fs/cgroup${hierarchy}${group}`)
}

// The files of a control group cannot be removed, nor need they be.
function removeFolders(folder: string): void {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeFolders(join(folder, entry.name))
  rmdirSync(folder)
}

/** Stops a process, and waits until none of its threads runs any more: each is stopped, or has ended. */
export async function stopped(pid: number): Promise<void> {
  signal(pid, 'SIGSTOP')
  const states = () => threads(pid).map((thread) => read(`/proc/${pid}/task/${thread}/status`))
  while (!states().every((status) => status === '' || /^State:\t[TZX]/m.test(status))) await sleep(5)
}

/** A process and all that it started, directly or not. Those whose starter has ended are no longer among them. */
export function processTree(pid: number): number[] {
  const children = threads(pid).flatMap((thread) => read(`/proc/${pid}/task/${thread}/children`).match(/\d+/g) ?? [])
  return [pid, ...children.map(Number).flatMap(processTree)]
}

function threads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // the process has just ended
  }
}

/** Sends a signal to a process that may have ended on its own. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process has just ended
  }
}
