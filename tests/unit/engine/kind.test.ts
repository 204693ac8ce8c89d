/**
 * Kinds of engines. The systemd, rootless and Podman cases have been seen on real engines. The others are fixtures: their
 * paths and names are from the programs' own sources and documents, and have not been tried on the real thing (Docker
 * Desktop, Colima, Lima, Rancher Desktop, OrbStack, Podman machines, the snap, WSL, OpenRC, runit).
 */
import { expect, test } from 'vitest'
import {
  permissionCommand,
  pruneCommand,
  reloadCommand,
  startCommand,
  type PruneTarget,
} from '../../../model/engine/commands.ts'
import { groupProblem } from '../../../model/engine/docker-group.ts'
import {
  kindOfConnected,
  kindOfEndpoint,
  otherHost,
  runsInVirtualMachine,
  sharesThisComputer,
  type EngineKind,
  type EngineReport,
  type HostFacts,
} from '../../../model/engine/kind.ts'
import { alpine, debian } from './hosts.ts'

const voidLinux: HostFacts = { ...debian, manager: 'runit', userManager: false }
const wsl: HostFacts = { ...debian, manager: 'other', userManager: false, inWindows: true }
const snapOnly: HostFacts = { ...debian, dockerd: 'snap' }

const kindAt = (endpoint: string, host = debian, name = 'default', socket = endpoint.slice('unix://'.length)) =>
  kindOfEndpoint({ name, endpoint, socket: endpoint.startsWith('unix://') ? socket : '' }, host)
const systemSocket = 'unix:///var/run/docker.sock'

test.each<[title: string, endpoint: string, host: HostFacts, kind: EngineKind['type'], command: string | undefined]>([
  ['systemd', systemSocket, debian, 'system', 'sudo systemctl start docker'],
  ['the same socket by its other path', 'unix:///run/docker.sock', debian, 'system', 'sudo systemctl start docker'],
  ['OpenRC', systemSocket, alpine, 'system', 'sudo rc-service docker start'],
  ['runit', systemSocket, voidLinux, 'system', 'sudo sv start docker'],
  ['WSL without systemd', systemSocket, wsl, 'system', 'sudo service docker start'],
  ['the snap', systemSocket, snapOnly, 'snap', 'sudo snap start docker'],
  ['rootless', 'unix:///run/user/1000/docker.sock', debian, 'rootless', 'systemctl --user start docker'],
  ['rootless without systemd', 'unix:///run/user/1000/docker.sock', alpine, 'rootless', 'dockerd-rootless.sh'],
  ['rootless, by hand', 'unix:///home/li/.docker/run/docker.sock', alpine, 'rootless', 'dockerd-rootless.sh'],
  ['Podman', 'unix:///run/user/1000/podman/podman.sock', debian, 'podman', 'systemctl --user start podman.socket'],
  ['the system’s Podman', 'unix:///run/podman/podman.sock', debian, 'podman', 'sudo systemctl start podman.socket'],
  ['Podman on Alpine', 'unix:///run/podman/podman.sock', alpine, 'podman', 'sudo podman system service --time=0'],
  [
    'a Podman machine',
    'unix:///run/user/1000/podman/podman-machine-default-api.sock',
    ...([debian, 'podman-machine', 'podman machine start podman-machine-default'] as const),
  ],
  [
    'Docker Desktop',
    'unix:///home/li/.docker/desktop/docker.sock',
    ...([debian, 'desktop', 'systemctl --user start docker-desktop'] as const),
  ],
  ['Docker Desktop without systemd', 'unix:///home/li/.docker/desktop/docker.sock', alpine, 'desktop', undefined],
  ['Colima', 'unix:///home/li/.colima/default/docker.sock', debian, 'colima', 'colima start'],
  [
    'Colima, the usual folder',
    'unix:///home/li/.config/colima/work/docker.sock',
    debian,
    'colima',
    'colima start work',
  ],
  ['Colima before 0.4', 'unix:///home/li/.colima/docker.sock', debian, 'colima', 'colima start'],
  [
    'Colima’s Lima',
    'unix:///home/li/.colima/_lima/colima-work/sock/docker.sock',
    debian,
    'colima',
    'colima start work',
  ],
  ['Lima', 'unix:///home/li/.lima/docker/sock/docker.sock', debian, 'lima', 'limactl start docker'],
  ['Lima, an odd name', "unix:///home/li/.lima/it's/sock/docker.sock", debian, 'lima', "limactl start 'it'\\''s'"],
  ['Rancher Desktop', 'unix:///home/li/.rd/docker.sock', debian, 'rancher', undefined],
  ['OrbStack', 'unix:///Users/li/.orbstack/run/docker.sock', debian, 'orbstack', undefined],
  ['ssh', 'ssh://me@build.example:2222/run/docker.sock', debian, 'ssh', undefined],
  ['TCP', 'tcp://10.0.0.5:2375', debian, 'tcp', undefined],
  ['TCP, IPv6', 'tcp://[fd00::5]:2376/', debian, 'tcp', undefined],
  ['another socket', 'unix:///srv/other.sock', debian, 'unknown', undefined],
  ['not an endpoint', 'npipe:////./pipe/docker_engine', debian, 'unknown', undefined],
  // Near misses.
  [
    'a socket in a folder that only sounds like Colima’s',
    'unix:///srv/colimas/x/docker.sock',
    debian,
    'unknown',
    undefined,
  ],
  ['a socket of another name in Podman’s folder', 'unix:///run/podman/other.sock', debian, 'unknown', undefined],
  ['Docker’s socket under another root', 'unix:///mnt/var/run/docker.sock', debian, 'unknown', undefined],
  ['a user called lima', 'unix:///home/lima/docker.sock', debian, 'unknown', undefined],
])('%s: %s', (_title, endpoint, host, type, command) => {
  const kind = kindAt(endpoint, host)
  expect(kind.type).toBe(type)
  expect(startCommand(kind)).toBe(command)
})

test('a symbolic link at the default socket shows whose engine it is, even after that engine has stopped', () => {
  const linkedTo = (socket: string, host = debian) => kindAt(systemSocket, host, 'default', socket)
  // podman-docker creates this link.
  expect(linkedTo('/run/podman/podman.sock')).toEqual({ type: 'podman', scope: 'system', managed: true })
  expect(linkedTo('/home/li/.docker/desktop/docker.sock').type).toBe('desktop')
  expect(linkedTo('/home/li/.colima/default/docker.sock').type).toBe('colima')
  expect(linkedTo('/home/li/.rd/docker.sock').type).toBe('rancher')
  const socket = '/mnt/wsl/docker-desktop/shared-sockets/guest-services/docker.proxy.sock'
  expect(linkedTo(socket, wsl)).toEqual({ type: 'desktop', start: 'windows' })
})

test('the context’s name shows the kind if the program’s folder was moved, but only for sockets', () => {
  expect(kindAt('unix:///data/c/docker.sock', debian, 'colima-work')).toEqual({ type: 'colima', profile: 'work' })
  expect(kindAt('unix:///data/run/docker.sock', debian, 'rootless').type).toBe('rootless')
  expect(kindAt('unix:///data/docker.sock', debian, 'desktop-linux').type).toBe('desktop')
  expect(kindAt('unix:///data/docker.sock', debian, 'rancher-desktop').type).toBe('rancher')
  expect(kindAt('tcp://10.0.0.5:2375', debian, 'colima').type).toBe('tcp')
  expect(kindAt(systemSocket, debian, 'colima').type).toBe('system')
  expect(kindAt('unix:///data/docker.sock', debian, 'my-colima').type).toBe('unknown')
})

test('the host of a remote engine is named without the user and the port', () => {
  expect(otherHost(kindAt('ssh://me@build.example:2222'))).toBe('build.example')
  expect(kindAt('tcp://[fd00::5]:2376')).toEqual({ type: 'tcp', host: 'fd00::5', address: '[fd00::5]:2376' })
  expect(kindAt('tcp://:2375')).toEqual({ type: 'tcp', host: 'localhost', address: 'localhost:2375' })
  expect(kindAt('https://docker.example')).toEqual({ type: 'tcp', host: 'docker.example', address: 'docker.example' })
  expect(otherHost(kindAt(systemSocket))).toBeUndefined()
})

const report: EngineReport = {
  ...{ product: 'Docker', operatingSystem: 'Debian GNU/Linux 12', name: 'laptop', rootDir: '/var/lib/docker' },
  rootless: false,
}
const connected = (endpoint: string, change: Partial<EngineReport>, host = debian) =>
  kindOfConnected(kindAt(endpoint, host), { ...report, ...change }, host)

test('what a connected engine says corrects what its address looks like', () => {
  expect(connected(systemSocket, {}).type).toBe('system')
  expect(connected(systemSocket, { operatingSystem: 'Docker Desktop', name: 'docker-desktop' })).toEqual({
    ...{ type: 'desktop', start: 'systemd' },
  })
  expect(connected(systemSocket, { operatingSystem: 'Docker Desktop', name: 'docker-desktop' }, wsl)).toEqual({
    ...{ type: 'desktop', start: 'windows' },
  })
  expect(connected(systemSocket, { rootDir: '/var/snap/docker/common/var-lib-docker' }).type).toBe('snap')
  expect(connected(systemSocket, {}, snapOnly)).toEqual({ type: 'system', manager: 'systemd', installed: true })
  expect(connected('unix:///srv/x.sock', { rootless: true })).toEqual({ type: 'rootless', managed: true })
  expect(connected('unix:///srv/x.sock', { product: 'Podman', rootless: true })).toEqual({
    ...{ type: 'podman', scope: 'user', managed: true },
  })
  expect(connected('unix:///srv/x.sock', { product: 'Podman' })).toMatchObject({ type: 'podman', scope: 'system' })
  expect(connected('unix:///srv/x.sock', {}).type).toBe('unknown')
  // Some engines do not report a host name.
  expect(connected(systemSocket, { name: '' }).type).toBe('system')
})

test('an engine with another host name is not on this computer, although its socket is', () => {
  expect(connected('unix:///tmp/tunnel.sock', { name: 'build' })).toEqual({ type: 'forwarded', host: 'build' })
  expect(connected(systemSocket, { name: 'colima' })).toEqual({ type: 'colima', profile: 'default' })
  expect(connected(systemSocket, { name: 'colima-work' })).toEqual({ type: 'colima', profile: 'work' })
  expect(connected(systemSocket, { name: 'lima-docker' })).toEqual({ type: 'lima', instance: 'docker' })
  expect(connected(systemSocket, { name: 'lima-rancher-desktop' })).toEqual({ type: 'rancher' })
  // Slipway itself runs in Colima's virtual machine.
  expect(connected(systemSocket, { name: 'colima' }, { ...debian, hostName: 'colima' }).type).toBe('system')
  // ssh and TCP stay what they are.
  expect(connected('ssh://build', { name: 'laptop' }).type).toBe('ssh')
})

test('only an engine outside virtual machines and on this computer shares its files and disk', () => {
  const shared = (endpoint: string) => sharesThisComputer(kindAt(endpoint))
  for (const endpoint of [systemSocket, 'unix:///run/user/1000/docker.sock', 'unix:///run/podman/podman.sock'])
    expect(shared(endpoint)).toBe(true)
  for (const path of [
    '.docker/desktop/docker.sock',
    '.colima/default/docker.sock',
    '.rd/docker.sock',
    '.lima/d/sock/docker.sock',
  ]) {
    expect(shared(`unix:///home/li/${path}`)).toBe(false)
    expect(runsInVirtualMachine(kindAt(`unix:///home/li/${path}`))).toBe(true)
  }
  for (const endpoint of ['ssh://build', 'tcp://127.0.0.1:2375']) {
    expect(shared(endpoint)).toBe(false)
    expect(runsInVirtualMachine(kindAt(endpoint))).toBe(false)
  }
  expect(sharesThisComputer(connected('unix:///tmp/tunnel.sock', { name: 'build' }))).toBe(false)
})

test('only the system’s Docker and the snap are opened with the group docker', () => {
  const joining = 'sudo usermod -aG docker "$USER"'
  const commandAt = (endpoint: string, host = debian) => permissionCommand(kindAt(endpoint, host), endpoint.slice(7))
  expect(commandAt(systemSocket)).toBe(joining)
  expect(commandAt(systemSocket, snapOnly)).toBe(joining)
  expect(commandAt(systemSocket, { ...debian, group: 'login' })).toBeUndefined()
  expect(commandAt(systemSocket, { ...alpine, group: 'missing' })).toBe(
    `sudo groupadd -f docker &&\n${joining} &&\nsudo rc-service docker restart`,
  )
  expect(commandAt(systemSocket, { ...snapOnly, group: 'missing' })).toBe(
    `sudo groupadd -f --system docker &&\n${joining} &&\nsudo snap restart docker`,
  )
  expect(commandAt('unix:///run/podman/podman.sock')).toBe('systemctl --user start podman.socket')
  expect(commandAt('unix:///run/user/7/docker.sock')).toBe('ls -l /run/user/7/docker.sock')
  expect(commandAt('unix:///srv/my own.sock')).toBe("ls -l '/srv/my own.sock'")
  expect(permissionCommand(kindAt('tcp://10.0.0.5:2375'), '')).toBeUndefined()
})

test('a member of the group whose login is older than the membership has to log in again', () => {
  const groups = 'root:x:0:\nadm:x:4:syslog,li\ndocker:x:998:ann,li\nlibvirt:x:64055:li'
  const li = { name: 'li', groups: [1000, 4] }
  expect(groupProblem(groups, 998, li)).toBe('login')
  expect(groupProblem(groups, 998, { ...li, groups: [1000, 998] })).toBeUndefined()
  expect(groupProblem(groups, 998, { ...li, name: 'l' })).toBeUndefined()
  // dockerd's option --group names another group.
  expect(groupProblem(groups, 64055, li)).toBe('login')
  // A group of the network (LDAP) is not in the file.
  expect(groupProblem(groups, 70000, li)).toBeUndefined()
  // The socket is root's: no group, or one that was created after Docker had started.
  expect(groupProblem(groups, 0, li)).toBe('missing')
  expect(groupProblem('', 998, li)).toBeUndefined()
})

test('cleaning up is done with the engine’s own program, on the engine that the window shows', () => {
  const prune = (endpoint: string, ...rest: [target: PruneTarget, flags: string[]]) =>
    pruneCommand({ kind: kindAt(endpoint), endpoint }, ...rest)
  expect(prune(systemSocket, 'volume', [])).toBe('docker volume prune')
  expect(prune('ssh://build', 'builder', ['--context', 'my build'])).toBe("docker --context 'my build' builder prune")
  expect(prune('unix:///run/podman/podman.sock', 'container', [])).toBe(
    'sudo podman --url unix:///run/podman/podman.sock container prune',
  )
  expect(prune('unix:///run/user/1000/podman/podman.sock', 'volume', ['-H', 'x'])).toBe(
    'podman --url unix:///run/user/1000/podman/podman.sock volume prune',
  )
  expect(prune('unix:///run/podman/podman.sock', 'builder', [])).toBeUndefined()
})

test.each([
  [{ type: 'system', manager: 'systemd', installed: true }, 'sudo systemctl reload docker'],
  [{ type: 'system', manager: 'openrc', installed: true }, 'sudo kill -HUP "$(cat /run/docker.pid)"'],
  [{ type: 'system', manager: 'other', installed: true }, 'sudo kill -HUP "$(cat /run/docker.pid)"'],
  [{ type: 'snap' }, 'sudo snap restart docker'],
  [{ type: 'rootless', managed: true }, 'systemctl --user reload docker'],
  [{ type: 'rootless', managed: false }, 'kill -HUP "$(cat "$XDG_RUNTIME_DIR/docker.pid")"'],
  [{ type: 'desktop', start: 'systemd' }, undefined],
  [{ type: 'colima', profile: 'default' }, undefined],
  [{ type: 'ssh', host: 'build.example' }, undefined],
  [{ type: 'unknown' }, undefined],
] as const)('an engine of the kind %j is reloaded with %s', (kind, command) => {
  expect(reloadCommand(kind)).toBe(command)
})
