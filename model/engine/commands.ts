/** The shell commands that start or reload an engine, open it to its user, or clean it up, by the engine's kind. */
import { shellQuote } from '../text/shell.ts'
import type { EngineKind, ServiceManager } from './kind.ts'

/** @returns the command that starts the engine; undefined if it is an app, runs on another computer, or is unknown */
export function startCommand(kind: EngineKind): string | undefined {
  switch (kind.type) {
    case 'system':
      return serviceCommand(kind.manager, 'start')
    case 'snap':
      return 'sudo snap start docker'
    case 'rootless':
      return kind.managed ? 'systemctl --user start docker' : 'dockerd-rootless.sh'
    case 'podman': {
      const isSystem = kind.scope === 'system'
      if (kind.managed) return `${isSystem ? 'sudo systemctl' : 'systemctl --user'} start podman.socket`
      return `${isSystem ? 'sudo ' : ''}podman system service --time=0`
    }
    case 'podman-machine':
      return ['podman machine start', ...(kind.name === '' ? [] : [shellQuote(kind.name)])].join(' ')
    case 'desktop':
      return kind.start === 'systemd' ? 'systemctl --user start docker-desktop' : undefined
    case 'colima':
      return kind.profile === 'default' ? 'colima start' : `colima start ${shellQuote(kind.profile)}`
    case 'lima':
      return `limactl start ${shellQuote(kind.instance)}`
    default:
      return undefined
  }
}

/** @returns the command that restarts the engine; undefined if it is not a service of this computer */
export function restartCommand(kind: EngineKind): string | undefined {
  switch (kind.type) {
    case 'system':
      return serviceCommand(kind.manager, 'restart')
    case 'snap':
      return 'sudo snap restart docker'
    case 'rootless':
      return kind.managed ? 'systemctl --user restart docker' : undefined
    default:
      return undefined
  }
}

/**
 * @returns the command that has the engine read daemon.json again; undefined if it is an app, runs on another computer, or
 * is unknown
 */
export function reloadCommand(kind: EngineKind): string | undefined {
  switch (kind.type) {
    case 'system':
      return kind.manager === 'systemd' ? 'sudo systemctl reload docker' : hangUp('sudo ', '/run/docker.pid')
    case 'snap':
      return 'sudo snap restart docker'
    case 'rootless':
      return kind.managed ? 'systemctl --user reload docker' : hangUp('', '"$XDG_RUNTIME_DIR/docker.pid"')
    default:
      return undefined
  }
}

/** Docker reads its configuration again on SIGHUP. Not every service manager can send it. */
const hangUp = (sudo: string, pidFile: string) => `${sudo}kill -HUP "$(cat ${pidFile})"`

/**
 * @param socket the path of the engine's socket
 * @returns what to run after the socket has refused this user; undefined if no command helps
 */
export function permissionCommand(kind: EngineKind, socket: string): string | undefined {
  switch (kind.type) {
    case 'system':
      if (kind.group === 'login') return undefined
      return kind.group === undefined
        ? joinGroup
        : ['sudo groupadd -f docker', joinGroup, serviceCommand(kind.manager, 'restart')].join(' &&\n')
    case 'snap':
      if (kind.group === 'login') return undefined
      // Source: README of docker-snap. The snap gives the socket to the group when it starts.
      return kind.group === undefined
        ? joinGroup
        : ['sudo groupadd -f --system docker', joinGroup, 'sudo snap restart docker'].join(' &&\n')
    case 'podman':
      // The user's own Podman, instead of the system's.
      if (kind.scope === 'system') return startCommand({ ...kind, scope: 'user' })
      return listSocket(socket)
    default:
      return socket === '' ? undefined : listSocket(socket)
  }
}

export const pruneTargets = ['builder', 'container', 'volume'] as const
export type PruneTarget = (typeof pruneTargets)[number]

/**
 * @param flags the flags that select the engine in a `docker` command
 * @returns the command that removes what is unused; undefined if the engine's program has none
 */
export function pruneCommand(
  { kind, endpoint }: { readonly kind: EngineKind; readonly endpoint: string },
  target: PruneTarget,
  flags: readonly string[],
): string | undefined {
  if (kind.type !== 'podman' && kind.type !== 'podman-machine')
    return ['docker', ...flags.map(shellQuote), target, 'prune'].join(' ')
  // Podman keeps its build cache as images.
  if (target === 'builder') return undefined
  const isSystem = kind.type === 'podman' && kind.scope === 'system'
  // Without the address, Podman would use the storage of the user who runs the command. A machine's connection of its
  // own name may lead to another storage than its socket: that of the machine's user instead of root's.
  return `${isSystem ? 'sudo ' : ''}podman --url ${shellQuote(endpoint)} ${target} prune`
}

const joinGroup = 'sudo usermod -aG docker "$USER"'
const listSocket = (socket: string) => `ls -l ${shellQuote(socket)}`

function serviceCommand(manager: ServiceManager, action: 'start' | 'restart'): string {
  switch (manager) {
    case 'systemd':
      return `sudo systemctl ${action} docker`
    case 'openrc':
      return `sudo rc-service docker ${action}`
    case 'runit':
      return `sudo sv ${action} docker`
    case 'other':
      return `sudo service docker ${action}`
  }
}
