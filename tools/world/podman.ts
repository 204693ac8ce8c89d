/** Debian's Podman behind Docker's API, for a test. It is not part of the set-up: see `hasPodman`. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { end, hasEnded } from './dockerd.ts'
import { worldFolder } from './paths.ts'
import { unmountUnder } from './processes.ts'

const program = '/usr/bin/podman'

export const hasPodman = (): boolean => existsSync(program)

let started = 0

/** Starts an empty Podman and waits until it answers. Containers can be created on it, and are not meant to run. */
export async function startPodman() {
  const root = join(worldFolder(), `podman-${++started}`)
  mkdirSync(root)
  const socket = join(root, 'podman.sock')
  const docker = new Docker({ socketPath: socket })
  const folders = ['--root', join(root, 'data'), '--runroot', join(root, 'run'), '--tmpdir', join(root, 'tmp')]
  const options = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file']
  const service = ['system', 'service', '--time', '0', `unix://${socket}`]
  // It ends with its starter, whatever ends that.
  const args = ['--pdeathsig', 'KILL', program, ...folders, ...options, ...service]
  const child = spawn('setpriv', args, { stdio: 'ignore', detached: true })
  child.on('error', () => {}) // shows as an end without a pid

  async function stop() {
    await end(child, 'SIGKILL', 2_000)
    unmountUnder(root)
    rmSync(root, { recursive: true, force: true })
  }
  const answers = () =>
    docker.ping().then(
      () => true,
      () => false,
    )
  for (const giveUpAt = Date.now() + 30_000; !(await answers()); await sleep(50)) {
    if (!hasEnded(child) && Date.now() < giveUpAt) continue
    await stop()
    throw new Error('podman does not start')
  }
  return { socket, docker, stop }
}
