/** Podman with its Docker-compatible API, for a test. tools/setup.sh does not install it: see `hasPodman`. */
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { terminate, hasExited } from './dockerd.ts'
import { worldFolder } from './paths.ts'
import { unmountUnder } from './processes.ts'

const program = '/usr/bin/podman'

export const hasPodman = (): boolean => existsSync(program)

let podmanCount = 0

/** Starts a Podman without images and waits until it answers. Containers can be created, but not started. */
export async function startPodman() {
  const root = join(worldFolder(), `podman-${++podmanCount}`)
  mkdirSync(root)
  const socket = join(root, 'podman.sock')
  const docker = new Docker({ socketPath: socket })
  const folders = ['--root', join(root, 'data'), '--runroot', join(root, 'run'), '--tmpdir', join(root, 'tmp')]
  const options = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file']
  const service = ['system', 'service', '--time', '0', `unix://${socket}`]
  // The kernel kills Podman when our process dies, for whatever reason.
  const args = ['--pdeathsig', 'KILL', program, ...folders, ...options, ...service]
  const child = spawn('setpriv', args, { stdio: 'ignore', detached: true })
  child.on('error', () => {}) // hasExited() reports a failed start

  async function stop() {
    await terminate(child, 'SIGKILL', 2_000)
    unmountUnder(root)
    rmSync(root, { recursive: true, force: true })
  }
  const isReachable = () =>
    docker.ping().then(
      () => true,
      () => false,
    )
  for (const deadline = Date.now() + 30_000; !(await isReachable()); await sleep(50)) {
    if (!hasExited(child) && Date.now() < deadline) continue
    await stop()
    throw new Error('podman does not start')
  }
  return { socket, docker, stop }
}
