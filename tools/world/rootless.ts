/**
 * A user's own engine, as rootless Docker lays it: dockerd in a user namespace of nobody's, who has no other rights.
 * RootlessKit, which would give it a network too, is left out.
 */
import { spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, readdirSync } from 'node:fs'
import { join, relative } from 'node:path'
import { enginesFolder } from './paths.ts'

/** User and group, who own nothing on the machine. */
export const nobody = 65_534

/** Where the user's things are: the folders that the environment of their session names, and what is in them. */
export function ownPlaces(root: string) {
  const [home, runtime] = [join(root, 'home'), join(root, 'run')]
  return {
    env: { HOME: home, XDG_RUNTIME_DIR: runtime },
    socket: join(runtime, 'docker.sock'),
    pid: join(runtime, 'docker.pid'),
    config: join(home, '.config/docker/daemon.json'),
  }
}

/** Makes these folders, and the user's. */
export function layOwnPlaces(root: string): void {
  for (const folder of ['data', 'run', 'home', 'home/.config', 'home/.config/docker']) {
    mkdirSync(join(root, folder), { mode: 0o700 })
    giveToNobody(join(root, folder))
  }
  // What the engine has there beside its configuration lies in a folder of its namespace's.
  mkdirSync('/etc/docker', { recursive: true })
}

export const giveToNobody = (path: string): void => chownSync(path, nobody, nobody)

/** A folder of the machine's that nobody can read, whatever folders it lies in. */
export function readable(folder: string, at: string): string {
  if (existsSync(at) && readdirSync(at).length > 0) return at
  mkdirSync(at, { recursive: true, mode: 0o755 })
  const { status, stderr } = spawnSync('mount', ['--bind', folder, at], { encoding: 'utf8' })
  if (status !== 0) throw new Error(`mount ${folder}: ${stderr}`)
  return at
}

/** What is run as nobody to start it. */
export function rootlessCommand(root: string, programs: string): readonly [string, ...string[]] {
  const own = ownPlaces(root)
  const folder = join(readable(enginesFolder, '/opt/slipway-engines'), relative(enginesFolder, programs))
  const empty = 'mount -t tmpfs none /run && mount -t tmpfs none /etc/docker && PATH="$0:$PATH" exec dockerd "$@"'
  return [
    ...(['unshare', '--user', '--map-root-user', '--mount', 'sh', '-c', empty, folder] as const),
    ...['--config-file', own.config, '--data-root', join(root, 'data'), '--exec-root', join(root, 'run/docker')],
    ...['--pidfile', own.pid, '--host', `unix://${own.socket}`, '--storage-driver', 'vfs'],
    ...['--bridge', 'none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
  ]
}
