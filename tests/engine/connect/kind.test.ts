/**
 * What kind real engines are. Docker Desktop, Colima, a tunnel and RootlessKit cannot run here: there, a proxy before a
 * real engine changes what `/info` says.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { discoverEngine, freeDiskBytes } from '../../../main/engine/index.ts'
import type { EngineKind } from '../../../model/engine/kind.ts'
import { startEngine, type Engine } from '../../../tools/world/engine.ts'
import { startPodman } from '../../../tools/world/podman.ts'
import { matrix } from '../matrix.ts'
import { AlteringProxy } from '../sync/altering-proxy.ts'

/** Connects to the engine at the socket, and measures the free space on its disk. */
async function inspectEngine(socket: string) {
  const found = await discoverEngine({ env: { DOCKER_HOST: `unix://${socket}` }, home: '/nonexistent' })
  if (!found.ok) throw new Error(found.error.failure.code)
  const session = found.value
  try {
    const { kind, local } = session.context
    return { kind, local, free: await freeDiskBytes(session) }
  } finally {
    session.close()
  }
}

describe.each(matrix)('$title', (options) => {
  let engine: Engine
  let proxy: AlteringProxy
  beforeAll(async () => {
    engine = await startEngine(options)
    proxy = await AlteringProxy.start(engine.socket)
  })
  afterAll(async () => {
    proxy?.close()
    await engine?.stop()
  })

  test('an engine of this computer shares its disk, wherever the socket is', async () => {
    expect(await inspectEngine(engine.socket)).toEqual({
      ...{ kind: { type: 'unknown' }, local: true, free: expect.any(Number) },
    })
  })

  test.each<[EngineKind['type'], object]>([
    ['desktop', { OperatingSystem: 'Docker Desktop', Name: 'docker-desktop' }],
    ['colima', { Name: 'colima' }],
    ['rancher', { Name: 'lima-rancher-desktop' }],
    ['forwarded', { Name: 'build-server' }],
  ])(
    'the disk of an engine of the kind %s is not this computer’s, although its folder exists here',
    async (type, info) => {
      proxy.alter(/^\/info/, { change: (reply) => ({ ...(reply as object), ...info }) })
      try {
        expect(await inspectEngine(proxy.socket)).toEqual({
          ...{ kind: expect.objectContaining({ type }), local: false, free: undefined },
        })
      } finally {
        proxy.reset()
      }
    },
  )

  test('an engine that says that it is rootless shares this computer’s disk', async () => {
    proxy.alter(/^\/info/, { change: (reply) => ({ ...(reply as object), SecurityOptions: ['name=rootless'] }) })
    try {
      expect(await inspectEngine(proxy.socket)).toMatchObject({
        ...{ kind: { type: 'rootless' }, local: true, free: expect.any(Number) },
      })
    } finally {
      proxy.reset()
    }
  })
})

test('an engine at the default socket is the system’s Docker, and it is installed', async () => {
  const engine = await startEngine({ version: '26.1', store: 'classic', asInstalled: true })
  try {
    expect(await inspectEngine('/var/run/docker.sock')).toMatchObject({
      ...{ kind: { type: 'system', installed: true }, local: true },
    })
  } finally {
    await engine.stop()
  }
})

test('Podman is recognized at any socket', async () => {
  const podman = await startPodman()
  try {
    expect(await inspectEngine(podman.socket)).toMatchObject({ kind: { type: 'podman', scope: 'system' }, local: true })
  } finally {
    await podman.stop()
  }
})
