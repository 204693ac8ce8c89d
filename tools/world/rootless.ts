/**
 * A rootless engine: dockerd runs as root of a user namespace. Outside of it, its user is the unprivileged `nobody`.
 * Real rootless Docker also uses RootlessKit for networking; the world does not.
 */
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { enginesFolder } from './paths.ts'

/** The user id and group id of `nobody`, who owns no files on the machine. */
export const nobody = 65_534

/** The user's environment, and the paths that rootless Docker derives from it. */
export function rootlessPaths(root: string) {
  const [home, runtimeFolder] = [join(root, 'home'), join(root, 'run')]
  return {
    env: { HOME: home, XDG_RUNTIME_DIR: runtimeFolder },
    socket: join(runtimeFolder, 'docker.sock'),
    pid: join(runtimeFolder, 'docker.pid'),
    config: join(home, '.config/docker/daemon.json'),
  }
}

/** Creates the folders of `rootlessPaths` and the data folder, owned by `nobody`. */
export function createRootlessFolders(root: string): void {
  for (const folder of ['data', 'run', 'home', 'home/.config', 'home/.config/docker']) {
    mkdirSync(join(root, folder), { mode: 0o700 })
    chownToNobody(join(root, folder))
  }
  // The mount point of the tmpfs in which dockerd writes its other files (rootlessCommand).
  mkdirSync('/etc/docker', { recursive: true })
}

export const chownToNobody = (path: string): void => chownSync(path, nobody, nobody)

/**
 * Bind-mounts a folder, so that `nobody` can read it even if it cannot enter the folder's parents.
 * Does nothing if the mount point already has content.
 * @returns the mount point
 */
export function bindMount(folder: string, mountPoint: string): string {
  if (existsSync(mountPoint) && readdirSync(mountPoint).length > 0) return mountPoint
  mkdirSync(mountPoint, { recursive: true, mode: 0o755 })
  const { status, stderr } = spawnSync('mount', ['--bind', folder, mountPoint], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`mount ${folder}: ${stderr}`)
  return mountPoint
}

/** The command that starts dockerd in a user namespace. Run it as `nobody`. */
export function rootlessCommand(root: string, programs: string): readonly [string, ...string[]] {
  const { config, pid, socket } = rootlessPaths(root)
  const programsFolder = join(bindMount(enginesFolder, '/opt/slipway-engines'), relative(enginesFolder, programs))
  const script = 'mount -t tmpfs none /run && mount -t tmpfs none /etc/docker && PATH="$0:$PATH" exec dockerd "$@"'
  return [
    ...(['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', script, programsFolder] as const),
    ...['--config-file', config, '--data-root', join(root, 'data'), '--exec-root', join(root, 'run/docker')],
    ...['--pidfile', pid, '--host', `unix://${socket}`, '--storage-driver', 'vfs'],
    ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
  ]
}
