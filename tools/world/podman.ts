/** Podman with its Docker-compatible API, for a test. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Docker from 'dockerode'
import { terminate, hasExited } from './dockerd.ts'
import { podmanFolder, programs, worldFolder } from './paths.ts'
import { unmountUnder } from './processes.ts'

interface PodmanOptions {
  /** Registries without TLS: `127.0.0.1:PORT`. */
  readonly insecureRegistries?: readonly string[]
}

/**
 * Starts a Podman without images and waits until it answers. Containers have no network: their network mode is `none` or
 * `host`.
 */
export async function startPodman({ insecureRegistries = [] }: PodmanOptions = {}) {
  const root = mkdtempSync(join(worldFolder(), 'podman-'))
  const socket = join(root, 'podman.sock')
  const docker = new Docker({ socketPath: socket })
  // The world has an /etc of its own. Without a policy, Podman refuses to pull and to load.
  mkdirSync('/etc/containers', { recursive: true })
  writeFileSync('/etc/containers/policy.json', '{"default":[{"type":"insecureAcceptAnything"}]}')
  const registries = join(root, 'registries.conf')
  const insecure = insecureRegistries.map((host) => `[[registry]]\nlocation = "${host}"\ninsecure = true\n`)
  writeFileSync(registries, ['unqualified-search-registries = ["docker.io"]\n', ...insecure].join('\n'))
  const folders = ['--root', join(root, 'data'), '--runroot', join(root, 'run'), '--tmpdir', join(root, 'tmp')]
  // crun, Podman's default, refuses to start on machines with both versions of cgroups.
  const runtime = ['--runtime', join(programs('20.10'), 'runc'), '--conmon', join(podmanFolder, 'bin/conmon')]
  const options = ['--storage-driver', 'vfs', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file']
  const service = ['system', 'service', '--time', '0', `unix://${socket}`]
  // The kernel kills Podman when our process dies, for whatever reason.
  const program = join(podmanFolder, 'bin/podman')
  const args = ['--pdeathsig', 'KILL', program, ...folders, ...runtime, ...options, ...service]
  const child = spawn('setpriv', args, {
    stdio: 'ignore',
    detached: true,
    env: {
      ...process.env,
      LD_LIBRARY_PATH: join(podmanFolder, 'lib'),
      CONTAINERS_REGISTRIES_CONF: registries,
    },
  })
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
