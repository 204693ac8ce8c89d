import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { expect, test } from 'vitest'
import { mirrorsInForce } from '../../../main/daemon-config/target-engine.ts'
import { findInstallation } from '../../../main/daemon-config/environment.ts'
import { kindOfConnected, kindOfEndpoint, sharesThisComputer, type HostFacts } from '../../../model/engine/kind.ts'
import { createFakeSession } from '../fake-session.ts'
import type { EngineContext, EngineFacts, EngineState } from '../../../preload/contract/index.ts'

const home = '/home/li'
const env = { XDG_RUNTIME_DIR: '/run/user/1000' }
const facts: EngineFacts = {
  ...{ product: 'Docker', version: '26.1.5', api: '1.45', platform: 'linux/amd64', store: 'classic' },
  rootDir: '/var/lib/docker',
}
const host: HostFacts = {
  ...{ hostName: 'laptop', manager: 'systemd', userManager: true, dockerd: 'package', inWindows: false },
}
const context = (endpoint: string): EngineContext => {
  const kind = kindOfEndpoint({ name: 'default', endpoint, socket: endpoint.replace('unix://', '') }, host)
  return { name: 'default', endpoint, local: sharesThisComputer(kind), kind }
}
const connectedState = (endpoint: string, rootDir = facts.rootDir, rootless = false): EngineState => {
  const disconnected = context(endpoint)
  const report = { ...{ product: facts.product, operatingSystem: 'Debian', name: 'laptop' }, rootDir, rootless }
  const kind = kindOfConnected(disconnected.kind, report, host)
  return { status: 'connected', context: { ...disconnected, kind }, facts: { ...facts, rootDir } }
}
const disconnectedState = (endpoint: string): EngineState => ({
  ...{ status: 'away', context: context(endpoint) },
  failure: { code: 'engine-stopped', endpoint },
})
const findFor = (state: EngineState) => findInstallation(state, { env, home })
const system = { installation: 'system', file: '/etc/docker/daemon.json' }
const rootless = { installation: 'rootless', file: '/home/li/.config/docker/daemon.json' }

test('the default socket belongs to the system’s Docker, wherever its data is', () => {
  expect(findFor(connectedState('unix:///var/run/docker.sock'))).toMatchObject(system)
  expect(findFor(connectedState('unix:///var/run/docker.sock', '/home/li/big-disk/docker'))).toMatchObject(system)
})

test('the file of rootless Docker is in the user’s home folder, even while Docker is not running', () => {
  const socket = 'unix:///run/user/1000/docker.sock'
  expect(findFor(connectedState(socket, '/home/li/.local/share/docker'))).toMatchObject(rootless)
  expect(findFor(disconnectedState(socket))).toMatchObject(rootless)
  // A socket at another path, as with `dockerd-rootless.sh -H`.
  expect(findFor(connectedState('unix:///srv/own.sock', '/home/li/.local/share/docker', true))).toMatchObject(rootless)
  const runtime = { env: { XDG_RUNTIME_DIR: '/home/li/run' }, home }
  expect(findInstallation(disconnectedState('unix:///home/li/run/docker.sock'), runtime)).toMatchObject(rootless)
  expect(findFor(disconnectedState('unix:///run/user/1001/docker.sock'))).toEqual({ installation: 'elsewhere' })
})

test('a snap is recognized by its root folder; Podman, Docker Desktop and other engines by their endpoint', () => {
  expect(
    findFor(connectedState('unix:///var/run/docker.sock', '/var/snap/docker/common/var-lib-docker')),
  ).toMatchObject({
    installation: 'snap',
  })
  expect(findFor(connectedState('unix:///srv/other.sock'))).toEqual({ installation: 'elsewhere' })
  expect(findFor(disconnectedState('tcp://10.0.0.7:2376'))).toEqual({ installation: 'elsewhere' })
  expect(findFor(disconnectedState('unix:///run/podman/podman.sock'))).toEqual({ installation: 'podman' })
  expect(findFor(disconnectedState('unix:///home/li/.docker/desktop/docker.sock'))).toEqual({ installation: 'desktop' })
  for (const path of ['.colima/default/docker.sock', '.lima/docker/sock/docker.sock', '.rd/docker.sock'])
    expect(findFor(disconnectedState(`unix:///home/li/${path}`))).toEqual({ installation: 'elsewhere' })
})

test('a cancel ends the request for the mirrors in force, even if the engine never answers', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'silent-'))
  const socketPath = join(folder, 'docker.sock')
  const requested = Promise.withResolvers<void>()
  const server = createServer(() => requested.resolve()).listen(socketPath)
  try {
    const controller = new AbortController()
    const result = mirrorsInForce({ ok: true, value: createFakeSession(new Docker({ socketPath })) }, controller.signal)
    await requested.promise
    controller.abort()
    expect(await result).toBeUndefined()
  } finally {
    server.closeAllConnections()
    server.close()
    rmSync(folder, { recursive: true })
  }
})
