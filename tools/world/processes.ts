/** Cleans up what an engine leaves behind in the kernel: processes, mounts, control groups. Also suspends processes. */
import { existsSync, readFileSync, readdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { spawnSync } from 'node:child_process'
import { basename, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** The command lines of the engine's own processes contain its root; its containers are in its control group. */
function findEngineProcesses(root: string, group: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 1 && pid !== process.pid)
    .filter(
      (pid) =>
        readProcFile(`/proc/${pid}/cmdline`).includes(`${root}/`) ||
        readProcFile(`/proc/${pid}/cgroup`).includes(`:${group}/`),
    )
}

/** Kills all processes of an engine, without a clean shutdown. */
export async function killEngineProcesses(root: string, group: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const pids = findEngineProcesses(root, group)
    if (pids.length === 0) return
    for (const pid of pids) sendSignal(pid, 'SIGKILL')
    await sleep(20)
  }
  throw new Error(`Processes of ${root} cannot be killed: ${findEngineProcesses(root, group).join(', ')}`)
}

/** The mount points under a folder, innermost first. */
export const mountsUnder = (folder: string): string[] =>
  readProcFile('/proc/self/mounts')
    .split('\n')
    .map((line) => line.split(' ')[1] ?? '')
    .filter((point) => point.startsWith(`${folder}/`))
    .toReversed()

export function unmountUnder(folder: string): void {
  const points = mountsUnder(folder)
  if (points.length > 0) spawnSync('umount', ['--lazy', ...points])
}

/** With cgroup v1, a paused container cannot be killed before it is thawed. */
export function thawControlGroup(group: string): void {
  const folder = `/sys/fs/cgroup/freezer${group}`
  if (!existsSync(folder)) return
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' }))
    if (basename(name) === 'freezer.state') writeFileSync(join(folder, name), 'THAWED')
}

export function removeControlGroup(group: string): void {
  const hierarchies = ['', ...readdirSync('/sys/fs/cgroup').map((name) => `/${name}`)]
  for (const hierarchy of hierarchies) removeCgroupFolder(`/sys/fs/cgroup${hierarchy}${group}`)
}

// Only the folders are removed: the files of a control group disappear with them.
function removeCgroupFolder(folder: string): void {
  if (!existsSync(folder)) return
  for (const entry of readdirSync(folder, { withFileTypes: true }))
    if (entry.isDirectory()) removeCgroupFolder(join(folder, entry.name))
  rmdirSync(folder)
}

/** Stops a process with SIGSTOP. Resolves once all of its threads are stopped or have exited. */
export async function suspend(pid: number): Promise<void> {
  sendSignal(pid, 'SIGSTOP')
  const states = () => listThreads(pid).map((thread) => readProcFile(`/proc/${pid}/task/${thread}/status`))
  while (!states().every((status) => status === '' || /^State:\t[TZX]/m.test(status))) await sleep(5)
}

/** A process and its descendants. Processes whose parent has exited are not included. */
export function listProcessTree(pid: number): number[] {
  const children = listThreads(pid).flatMap(
    (thread) => readProcFile(`/proc/${pid}/task/${thread}/children`).match(/\d+/g) ?? [],
  )
  return [pid, ...children.map(Number).flatMap(listProcessTree)]
}

function listThreads(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return [] // the process has just exited
  }
}

/** Does nothing if the process has already exited. */
export function sendSignal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error
  }
}

function readProcFile(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return '' // the process has just exited
  }
}
