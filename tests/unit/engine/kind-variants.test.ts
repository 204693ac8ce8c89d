/**
 * More addresses and replies of engines, as a sceptical reader would try them. Their paths and names are from the programs'
 * own sources, documents and issues; none but rootless Docker and Podman has been seen running.
 */
import { expect, test } from 'vitest'
import { permissionCommand, pruneCommand, startCommand } from '../../../model/engine/commands.ts'
import {
  kindOfConnected,
  kindOfEndpoint,
  sharesThisComputer,
  type EngineKind,
  type EngineReport,
  type HostFacts,
} from '../../../model/engine/kind.ts'
import { alpine, debian } from './hosts.ts'

const wsl: HostFacts = { ...debian, dockerd: 'none', inWindows: true }
const systemSocket = '/var/run/docker.sock'

const at = (path: string, name = 'default', host = debian) =>
  kindOfEndpoint({ name, endpoint: `unix://${path}`, socket: path }, host)

test.each<[socket: string, name: string, kind: Partial<EngineKind>]>([
  ['/home/li/.docker/desktop/docker-cli.sock', 'default', { type: 'desktop' }],
  ['/home/li/.colima/work/docker.sock', 'colima-work', { type: 'colima', profile: 'work' }],
  ['/home/colima/.colima/default/docker.sock', 'default', { type: 'colima', profile: 'default' }],
  ['/home/li/.lima/x/sock/docker.sock', 'lima-x', { type: 'lima', instance: 'x' }],
  ['/home/li/.lima/podman/sock/podman.sock', 'default', { type: 'lima', instance: 'podman' }],
  ['/home/li/.local/share/rancher-desktop/lima/0/sock/docker.sock', 'default', { type: 'rancher' }],
  ['/mnt/wsl/rancher-desktop/run/docker.sock', 'default', { type: 'rancher' }],
  ['/mnt/wsl/docker-desktop/shared-sockets/guest-services/docker.sock', 'default', { type: 'desktop' }],
  ['/home/li/moved/docker.sock', 'orbstack', { type: 'orbstack' }],
  ['/var/run/user/1000/docker.sock', 'default', { type: 'rootless' }],
  ['/var/run/user/1000/podman/podman.sock', 'default', { type: 'podman', scope: 'user' }],
  ['/var/run/podman/podman.sock', 'default', { type: 'podman', scope: 'system' }],
  ['/tmp/podman-run-1000/podman/podman.sock', 'default', { type: 'podman', scope: 'user' }],
  ['/tmp/run/podman/podman.sock', 'default', { type: 'podman', scope: 'user' }],
  ['/run/user/1000/podman/work-api.sock', 'default', { type: 'podman-machine', name: 'work' }],
  [
    '/home/li/.local/share/containers/podman/machine/work/podman.sock',
    ...(['default', { type: 'podman-machine', name: 'work' }] as const),
  ],
  // Since Podman 4.5, this folder has the name of the program that runs the machine, not the machine's.
  [
    '/home/li/.local/share/containers/podman/machine/qemu/podman.sock',
    ...(['default', { type: 'podman-machine', name: '' }] as const),
  ],
  [
    '/mnt/wsl/podman-sockets/podman-machine-default/podman-root.sock',
    ...(['default', { type: 'podman-machine', name: 'podman-machine-default' }] as const),
  ],
  ['/var/snap/docker/common/run/docker.sock', 'default', { type: 'snap' }],
  ['/run/snap.docker/docker.sock', 'default', { type: 'snap' }],
  // Near misses.
  ['/home/colima/docker.sock', 'default', { type: 'unknown' }],
  ['/home/colima/run/docker.sock', 'default', { type: 'unknown' }],
  ['/srv/docker/sock/docker.sock', 'default', { type: 'unknown' }],
  ['/home/lima/work/sock/docker.sock', 'default', { type: 'unknown' }],
  ['/run/user/1000/docker.sock.old', 'default', { type: 'unknown' }],
  ['/run/user/li/docker.sock', 'default', { type: 'unknown' }],
  ['/var/snap/dockerish/docker.sock', 'default', { type: 'unknown' }],
  ['/mnt/wsl/shared-docker/docker.sock', 'default', { type: 'unknown' }],
  ['/srv/docker.sock', 'desktop-linux-2', { type: 'unknown' }],
  ['/srv/docker.sock', 'my-orbstack', { type: 'unknown' }],
])('the socket %s of the context %s', (socket, name, kind) => {
  expect(at(socket, name)).toMatchObject(kind)
  // The same, if the default socket is a link to it.
  const link = name === 'default' ? systemSocket : socket
  expect(kindOfEndpoint({ name, endpoint: `unix://${link}`, socket }, debian)).toMatchObject(kind)
})

const report: EngineReport = {
  ...{ product: 'Docker', operatingSystem: 'Debian GNU/Linux 12', name: 'laptop', rootDir: '/var/lib/docker' },
  rootless: false,
}
const connected = (path: string, change: Partial<EngineReport>, host = debian) =>
  kindOfConnected(at(path, 'default', host), { ...report, ...change }, host)

test('in WSL, all distributions have the name of the Windows computer, so the system’s name shows whose engine it is', () => {
  const rancher = connected(systemSocket, { operatingSystem: 'Rancher Desktop WSL Distribution' }, wsl)
  expect(rancher).toEqual({ type: 'rancher' })
  expect(sharesThisComputer(rancher)).toBe(false)
  expect(connected(systemSocket, { operatingSystem: 'Ubuntu 24.04 LTS' }, wsl)).toMatchObject({ type: 'system' })
})

test('in WSL without dockerd, Docker Desktop in Windows is the Docker that has not been started', () => {
  const withDesktop: HostFacts = { ...wsl, desktopInWindows: true }
  expect(at(systemSocket, 'default', withDesktop)).toEqual({ type: 'desktop', start: 'windows' })
  expect(at(systemSocket, 'default', wsl)).toMatchObject({ type: 'system', installed: false })
  expect(at(systemSocket, 'default', { ...withDesktop, dockerd: 'package' })).toMatchObject({ type: 'system' })
  expect(at('/srv/docker.sock', 'default', withDesktop)).toEqual({ type: 'unknown' })
  // Once connected, the engine says what it is: here, a dockerd in an unusual folder, or Podman.
  expect(connected(systemSocket, {}, withDesktop)).toMatchObject({ type: 'system', installed: true })
  expect(connected(systemSocket, { product: 'Podman' }, withDesktop)).toMatchObject({ type: 'podman', scope: 'system' })
  const said = { operatingSystem: 'Docker Desktop', name: 'docker-desktop' }
  expect(connected(systemSocket, said, withDesktop)).toEqual({ type: 'desktop', start: 'windows' })
})

test('an engine is known by the name of its virtual machine', () => {
  const named = (name: string) => connected('/srv/docker.sock', { name })
  expect(named('orbstack')).toEqual({ type: 'orbstack' })
  expect(named('lima-colima')).toEqual({ type: 'colima', profile: 'default' })
  expect(named('lima-colima-work')).toEqual({ type: 'colima', profile: 'work' })
  expect(named('colimator')).toEqual({ type: 'forwarded', host: 'colimator' })
})

test('a Podman machine is started by its name, or as the default one, and cleaned up at the address that is shown', () => {
  expect(startCommand({ type: 'podman-machine', name: 'work' })).toBe('podman machine start work')
  expect(startCommand({ type: 'podman-machine', name: '' })).toBe('podman machine start')
  // The connection `work` is rootless even if the machine is not: another storage than the one behind the socket.
  const endpoint = 'unix:///run/user/1000/podman/work-api.sock'
  expect(pruneCommand({ kind: { type: 'podman-machine', name: 'work' }, endpoint }, 'volume', [])).toBe(
    `podman --url ${endpoint} volume prune`,
  )
})

test('a user starts an own Podman with systemd only where there is one', () => {
  const socket = '/run/podman/podman.sock'
  expect(permissionCommand(at(socket), socket)).toBe('systemctl --user start podman.socket')
  expect(permissionCommand(at(socket, 'default', alpine), socket)).toBe('podman system service --time=0')
})
