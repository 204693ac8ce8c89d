/** dockerd as a child process: its command line, start and end. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { killEngineProcesses } from './processes.ts'
import { nobody, rootlessPaths, rootlessCommand } from './rootless.ts'

export interface DockerdOptions {
  /** The folder of the engine's data and sockets. No other engine uses it. */
  readonly root: string
  /** The control group of the engine's containers. */
  readonly group: string
  /** The folder of dockerd and its helper programs. Engines of the same version share it. */
  readonly programs: string
  readonly bridge: string | undefined
  /** Additional addresses for `--host`, besides the socket in the root. */
  readonly hosts: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Use the configuration, pid file and socket of an installed Docker (`systemPaths`). */
  readonly asInstalled: boolean
  readonly rootless: boolean
}

/** Paths of an installed Docker. Each world has its own /etc and /run. */
export const systemPaths = { config: '/etc/docker/daemon.json', pid: '/run/docker.pid', socket: '/run/docker.sock' }

export const enginePaths = (root: string) => ({
  socket: join(root, 'docker.sock'),
  config: join(root, 'daemon.json'),
  log: join(root, 'dockerd.log'),
})

/**
 * Starts dockerd and waits until it answers.
 * Fails if dockerd exits or does not answer within 30 s; then all its processes are killed, but its folder stays.
 */
export async function startDockerd(options: DockerdOptions, docker: Docker): Promise<ChildProcess> {
  const child = spawnDockerd(options)
  const deadline = Date.now() + 30_000
  while (!(await isReachable(docker))) {
    if (hasExited(child) || Date.now() > deadline) {
      await killEngineProcesses(options.root, options.group)
      throw new Error(`dockerd does not start in ${options.root}:\n${lastLines(readLog(options.root))}`)
    }
    await sleep(25)
  }
  return child
}

/** Also true if the process could not be started. */
export const hasExited = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

/** Sends a signal to the process. Resolves when it has exited, or after the timeout. */
export async function terminate(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL', timeoutMs: number): Promise<void> {
  if (hasExited(child)) return
  const exited = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  child.kill(signal)
  await Promise.race([exited, sleep(timeoutMs, undefined, { ref: false })])
}

export function readLog(root: string): string {
  const { log } = enginePaths(root)
  return existsSync(log) ? readFileSync(log, 'utf8') : ''
}

function spawnDockerd(options: DockerdOptions): ChildProcess {
  const { root, programs, env, rootless } = options
  const [program, ...args] = rootless ? rootlessCommand(root, programs) : dockerdCommand(options)
  const output = openSync(enginePaths(root).log, 'a')
  const child = spawn(program, args, {
    env: {
      ...process.env,
      PATH: `${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      ...(rootless && rootlessPaths(root).env),
      ...env,
    },
    stdio: ['ignore', output, output],
    // In a process group of its own, so that Ctrl+C reaches only our process, which stops dockerd before it ends.
    detached: true,
    ...(rootless && { uid: nobody, gid: nobody }),
  })
  child.on('error', () => {}) // hasExited() reports a failed start
  closeSync(output)
  return child
}

function dockerdCommand({
  root,
  group,
  programs,
  bridge = 'none',
  hosts,
  asInstalled,
}: DockerdOptions): readonly [string, ...string[]] {
  const { socket, config } = enginePaths(root)
  const args = [
    // The default configuration file may be missing; a file named by --config-file must exist.
    asInstalled ? [] : ['--config-file', config],
    ['--data-root', join(root, 'data')],
    ['--exec-root', join(root, 'exec')],
    ['--pidfile', asInstalled ? systemPaths.pid : join(root, 'dockerd.pid')],
    ...[`unix://${socket}`, ...(asInstalled ? [`unix://${systemPaths.socket}`] : []), ...hosts].map((host) => [
      '--host',
      host,
    ]),
    ['--bridge', bridge],
    // A world has no network outside, so no iptables rules are needed: docker-proxy publishes the ports.
    ['--iptables=false', '--ip6tables=false'],
    // The systemd driver would fail: systemd does not see the processes of a world.
    ['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', group],
  ].flat()
  return [join(programs, 'dockerd'), ...args]
}

async function isReachable(docker: Docker): Promise<boolean> {
  try {
    await docker.ping()
    return true
  } catch {
    return false
  }
}

const lastLines = (log: string): string => log.trimEnd().split('\n').slice(-15).join('\n')
