import { createServer } from 'node:http'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Docker from 'dockerode'
import { expect, test } from 'vitest'
import { mirrorsInForce } from '../../../main/daemon-config/target-engine.ts'
import { findInstallation } from '../../../main/daemon-config/environment.ts'
import { createFakeSession } from '../fake-session.ts'
import type { EngineFacts, EngineState } from '../../../preload/contract/index.ts'

const home = '/home/li'
const env = { XDG_RUNTIME_DIR: '/run/user/1000' }
const facts: EngineFacts = {
  ...{ product: 'Docker', version: '26.1.5', api: '1.45', platform: 'linux/amd64', store: 'classic' },
  rootDir: '/var/lib/docker',
}
const context = (endpoint: string, local = true) => ({ name: 'default', endpoint, local })
const connectedState = (endpoint: string, rootDir = facts.rootDir): EngineState => ({
  ...{ status: 'connected', context: context(endpoint) },
  facts: { ...facts, rootDir },
})
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
