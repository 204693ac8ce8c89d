/**
 * What kind of engine an endpoint belongs to. The kind decides how the engine is started, who may use it, and whether its
 * files and its disk are this computer's.
 */

/** What starts the services of this computer. `other`: an init with the command `service`, as in WSL without systemd. */
export type ServiceManager = 'systemd' | 'openrc' | 'runit' | 'other'

/** Why the group `docker` does not help yet: the socket is not the group's, or the login is older than the membership. */
export type GroupProblem = 'missing' | 'login'

export type EngineKind =
  /** dockerd at the default socket. `installed`: dockerd was found on this computer. */
  | {
      readonly type: 'system'
      readonly manager: ServiceManager
      readonly installed: boolean
      readonly group?: GroupProblem
    }
  | { readonly type: 'snap'; readonly group?: GroupProblem }
  /** `managed`: this user's systemd can start it. */
  | { readonly type: 'rootless'; readonly managed: boolean }
  | { readonly type: 'podman'; readonly scope: 'system' | 'user'; readonly managed: boolean }
  /** Podman in a virtual machine. `name`: empty if only the default machine can be meant. */
  | { readonly type: 'podman-machine'; readonly name: string }
  /** Docker Desktop. `start`: by this user's systemd, by opening the app, or by opening it in Windows (WSL). */
  | { readonly type: 'desktop'; readonly start: 'systemd' | 'app' | 'windows' }
  | { readonly type: 'colima'; readonly profile: string }
  | { readonly type: 'lima'; readonly instance: string }
  | { readonly type: 'rancher' }
  | { readonly type: 'orbstack' }
  | { readonly type: 'ssh'; readonly host: string }
  /** `address`: host and port. */
  | { readonly type: 'tcp'; readonly host: string; readonly address: string }
  /** A socket of this computer behind which an engine of another computer or virtual machine answers. */
  | { readonly type: 'forwarded'; readonly host: string }
  /** A socket at an unusual path. Nothing shows what starts its engine. */
  | { readonly type: 'unknown' }

/** Facts of this computer, which main reads. */
export interface HostFacts {
  readonly hostName: string
  readonly manager: ServiceManager
  /** Whether this user's systemd runs. */
  readonly userManager: boolean
  /** `snap`: the snap package is the only Docker. */
  readonly dockerd: 'package' | 'snap' | 'none'
  /** Whether this is a Linux distribution in WSL. */
  readonly inWindows: boolean
  /** Whether Docker Desktop is installed in Windows, seen from WSL. */
  readonly desktopInWindows?: boolean
  readonly group?: GroupProblem
}

export interface EngineAddress {
  /** The name of the context. */
  readonly name: string
  readonly endpoint: string
  /** Where the socket leads if it is a symbolic link; else the socket itself. Empty for other protocols. */
  readonly socket: string
}

/** What a connected engine says about itself in `/info` and `/version`. */
export interface EngineReport {
  readonly product: 'Docker' | 'Podman'
  readonly operatingSystem: string
  /** The host name of the engine's computer; empty if unknown. */
  readonly name: string
  readonly rootDir: string
  readonly rootless: boolean
}

/** The kind of an engine that does not answer, by its address and the context's name. */
export function kindOfEndpoint({ name, endpoint, socket }: EngineAddress, host: HostFacts): EngineKind {
  if (!endpoint.startsWith('unix://')) return kindOfUrl(endpoint)
  return kindOfPath(socket, host) ?? kindOfName(name, host) ?? { type: 'unknown' }
}

/** The kind of a connected engine. What it says about itself corrects what its address looks like. */
export function kindOfConnected(kind: EngineKind, report: EngineReport, host: HostFacts): EngineKind {
  if (kind.type === 'ssh' || kind.type === 'tcp') return kind
  if (report.operatingSystem === 'Docker Desktop') return desktop(host)
  // Docker Desktop is supposed where no dockerd is in the usual folders, but its engine never has this computer's name.
  const isMistaken = kind.type === 'desktop' && report.name === host.hostName
  if (runsInVirtualMachine(kind) && !isMistaken) return kind
  // In WSL, its engine has the host name of all distributions, that of the Windows computer.
  if (report.operatingSystem.startsWith('Rancher Desktop ')) return { type: 'rancher' }
  if (report.name !== '' && report.name !== host.hostName) return kindOfOtherHost(report.name)
  const { rootless } = report
  if (report.product === 'Podman') return podman(rootless ? 'user' : 'system', host)
  if (report.rootDir.startsWith('/var/snap/docker/')) return snap(host)
  if (rootless) return { type: 'rootless', managed: host.userManager }
  return kind.type === 'snap' || kind.type === 'desktop' || (kind.type === 'system' && !kind.installed)
    ? system(host, true)
    : kind
}

/** Whether the engine runs in a virtual machine on this computer. It has its own disk. */
export const runsInVirtualMachine = ({ type }: EngineKind): boolean =>
  ['desktop', 'colima', 'lima', 'rancher', 'orbstack', 'podman-machine'].includes(type)

/** Whether the engine has the files, the disk and the users of this computer. */
export const sharesThisComputer = (kind: EngineKind): boolean =>
  !runsInVirtualMachine(kind) && otherHost(kind) === undefined

/** Whether `localhost` and private addresses are the same for the engine as for programs of this computer. */
export const sharesNetwork = (kind: EngineKind): boolean => sharesThisComputer(kind) && kind.type !== 'rootless'

/** @returns the name of the other computer that the engine runs on; undefined if the engine runs on this one */
export const otherHost = (kind: EngineKind): string | undefined => ('host' in kind ? kind.host : undefined)

/** The name of the program that the user starts. */
export function programName({ type }: EngineKind): string {
  switch (type) {
    case 'podman':
    case 'podman-machine':
      return 'Podman'
    case 'desktop':
      return 'Docker Desktop'
    case 'colima':
      return 'Colima'
    case 'lima':
      return 'Lima'
    case 'rancher':
      return 'Rancher Desktop'
    case 'orbstack':
      return 'OrbStack'
    default:
      return 'Docker'
  }
}

function kindOfUrl(endpoint: string): EngineKind {
  const parts = /^(ssh|tcp|https?):\/\/(?:[^/@]*@)?(\[[^\]]*\]|[^:/]*)(:\d+)?/.exec(endpoint)
  if (!parts) return { type: 'unknown' }
  const [, protocol, bracketed = '', port = ''] = parts
  const host = bracketed.replace(/^\[|\]$/g, '') || 'localhost'
  return protocol === 'ssh' ? { type: 'ssh', host } : { type: 'tcp', host, address: `${bracketed || host}${port}` }
}

/** @returns undefined if the path is not that of a known kind */
function kindOfPath(path: string, host: HostFacts): EngineKind | undefined {
  if (/^(?:\/var)?\/run\/docker\.sock$/.test(path)) return kindOfDefault(host)
  if (path.includes('/.docker/desktop/') || path.startsWith('/mnt/wsl/docker-desktop/')) return desktop(host)
  if (path.includes('/.rd/') || path.includes('/rancher-desktop/')) return { type: 'rancher' }
  if (path.includes('/.orbstack/')) return { type: 'orbstack' }
  // Colima: `~/.colima` or `~/.config/colima`, then `PROFILE/docker.sock` (before 0.4 without the profile).
  const colima =
    /(?<!^\/home)\/\.?colima\/(?:([^/]+)\/)?docker\.sock$/.exec(path) ?? /\/_lima\/(colima[^/]*)\/sock\//.exec(path)
  if (colima) return { type: 'colima', profile: (colima[1] ?? 'default').replace(/^colima-?/, '') || 'default' }
  const lima = /(?<!^\/home)\/\.?lima\/([^/]+)\/sock\/(?:docker|podman)\.sock$/.exec(path)
  if (lima) return { type: 'lima', instance: lima[1]! }
  const machine = /\/podman\/([^/]+)-api\.sock$/.exec(path) ?? /\/podman(?:\/machine|-sockets)\/([^/]+)\//.exec(path)
  // Since 4.5, the folder may have the name of the program that runs the machines, such as qemu.
  if (machine) return { type: 'podman-machine', name: machineProviders.has(machine[1]!) ? '' : machine[1]! }
  if (path.endsWith('/podman/podman.sock'))
    return podman(/^(?:\/var)?\/run\/podman\//.test(path) ? 'system' : 'user', host)
  if (/^(?:\/var)?\/run\/user\/\d+\/docker\.sock$/.test(path) || path.endsWith('/.docker/run/docker.sock'))
    return { type: 'rootless', managed: host.userManager }
  return /^\/(?:var\/snap\/docker|run\/snap\.docker)\//.test(path) ? snap(host) : undefined
}

function kindOfDefault(host: HostFacts): EngineKind {
  if (host.dockerd === 'snap') return snap(host)
  return host.dockerd === 'none' && host.desktopInWindows ? desktop(host) : system(host)
}

const machineProviders = new Set(['qemu', 'applehv', 'libkrun', 'hyperv', 'wsl'])

/** The contexts that installers create. They tell the kind even if the program's folder was moved. */
function kindOfName(name: string, host: HostFacts): EngineKind | undefined {
  if (name === 'desktop-linux') return desktop(host)
  if (name === 'rancher-desktop') return { type: 'rancher' }
  if (name === 'orbstack') return { type: 'orbstack' }
  if (name === 'rootless') return { type: 'rootless', managed: host.userManager }
  const colima = /^colima(?:-(.+))?$/.exec(name)
  return colima ? { type: 'colima', profile: colima[1] ?? 'default' } : undefined
}

/** Behind a socket of this computer, an engine with another host name answers. */
function kindOfOtherHost(hostName: string): EngineKind {
  if (hostName === 'lima-rancher-desktop') return { type: 'rancher' }
  if (hostName === 'orbstack') return { type: 'orbstack' }
  const colima = /^(?:lima-)?colima(?:-(.+))?$/.exec(hostName)
  if (colima) return { type: 'colima', profile: colima[1] ?? 'default' }
  const lima = /^lima-(.+)$/.exec(hostName)
  return lima ? { type: 'lima', instance: lima[1]! } : { type: 'forwarded', host: hostName }
}

const withGroup = ({ group }: HostFacts) => (group ? { group } : {})
const snap = (host: HostFacts): EngineKind => ({ type: 'snap', ...withGroup(host) })
const system = (host: HostFacts, installed = host.dockerd !== 'none'): EngineKind => ({
  ...{ type: 'system', manager: host.manager, installed },
  ...withGroup(host),
})
const podman = (scope: 'system' | 'user', host: HostFacts): EngineKind => ({
  ...{ type: 'podman', scope },
  managed: scope === 'system' ? host.manager === 'systemd' : host.userManager,
})
const desktop = ({ inWindows, userManager }: HostFacts): EngineKind => ({
  type: 'desktop',
  start: inWindows ? 'windows' : userManager ? 'systemd' : 'app',
})
