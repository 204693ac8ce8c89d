/** Docker's daemon as a child process: its command line, its start, its end. */
import { spawn, type ChildProcess } from 'node:child_process'
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type Docker from 'dockerode'
import { endAll } from './processes.ts'
import { nobody, ownPlaces, rootlessCommand } from './rootless.ts'

/** Where an engine has its things. All but the programs are its own. */
export interface Place {
  readonly root: string
  /** The control group that its containers are in. */
  readonly group: string
  readonly programs: string
  readonly bridge: string | undefined
  /** Where it listens beside its socket. */
  readonly hosts: readonly string[]
  readonly env: Readonly<Record<string, string>>
  /** Its configuration and its pid are where an installed Docker has them. */
  readonly asInstalled: boolean
  /** It is a user's own. */
  readonly rootless: boolean
}

/** Where an installed Docker has its things. In a world these are the world's own. */
export const usual = { config: '/etc/docker/daemon.json', pid: '/run/docker.pid', socket: '/run/docker.sock' }

export const files = (root: string) => ({
  socket: join(root, 'docker.sock'),
  config: join(root, 'daemon.json'),
  log: join(root, 'dockerd.log'),
})

/** Starts dockerd and waits until it answers. If it does not, nothing of it is left but its root. */
export async function startDockerd(place: Place, docker: Docker): Promise<ChildProcess> {
  const child = run(place)
  const patience = Date.now() + 30_000
  while (!(await answers(docker))) {
    if (hasEnded(child) || Date.now() > patience) {
      await endAll(place.root, place.group)
      throw new Error(`dockerd does not start in ${place.root}:\n${tail(readLog(place.root))}`)
    }
    await sleep(25)
  }
  return child
}

export const hasEnded = (child: ChildProcess): boolean =>
  child.pid === undefined || child.exitCode !== null || child.signalCode !== null

/** Sends a signal and waits for the end, though not for ever. */
export async function end(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL', patience: number): Promise<void> {
  if (hasEnded(child)) return
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()))
  child.kill(signal)
  await Promise.race([ended, sleep(patience, undefined, { ref: false })])
}

export function readLog(root: string): string {
  const { log } = files(root)
  return existsSync(log) ? readFileSync(log, 'utf8') : ''
}

function run(place: Place): ChildProcess {
  const { root, programs, env, rootless } = place
  const [program, ...args] = rootless ? rootlessCommand(root, programs) : command(place)
  const output = openSync(files(root).log, 'a')
  const child = spawn(program, args, {
    env: {
      ...process.env,
      PATH: `${programs}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
      ...(rootless && ownPlaces(root).env),
      ...env,
    },
    stdio: ['ignore', output, output],
    // Not in the terminal's group: Ctrl+C is for whoever started it, who then ends it in order.
    detached: true,
    ...(rootless && { uid: nobody, gid: nobody }),
  })
  child.on('error', () => {}) // seen as an end without a pid
  closeSync(output)
  return child
}

function command({
  root,
  group,
  programs,
  bridge = 'none',
  hosts,
  asInstalled,
}: Place): readonly [string, ...string[]] {
  const { socket, config } = files(root)
  const args = [
    // By default it may be missing; one that is named must be there.
    asInstalled ? [] : ['--config-file', config],
    ['--data-root', join(root, 'data')],
    ['--exec-root', join(root, 'exec')],
    ['--pidfile', asInstalled ? usual.pid : join(root, 'dockerd.pid')],
    ...[`unix://${socket}`, ...(asInstalled ? [`unix://${usual.socket}`] : []), ...hosts].map((host) => [
      '--host',
      host,
    ]),
    ['--bridge', bridge],
    // A world has only loopback, so there is nowhere to forward to; ports are published by docker-proxy.
    ['--iptables=false', '--ip6tables=false'],
    // systemd would be asked for scopes of processes that it does not see.
    ['--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', group],
  ].flat()
  return [join(programs, 'dockerd'), ...args]
}

async function answers(docker: Docker): Promise<boolean> {
  try {
    await docker.ping()
    return true
  } catch {
    return false
  }
}

const tail = (log: string): string => log.trimEnd().split('\n').slice(-15).join('\n')
