import { execFileSync } from 'node:child_process'
import { createServer, type Server } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { startEngine, type EngineOptions } from '../../../tools/world/engine.ts'
import { startHub } from '../../../tools/world/hub.ts'
import { startMirrors } from '../../../tools/world/mirrors.ts'
import { startRegistry } from '../../../tools/world/registry.ts'
import { engineSource } from '../../../main/search/sources.ts'
import { watchEngine } from '../engine-window.ts'
import { eventually } from '../eventually.ts'
import { matrix } from '../matrix.ts'
import { layerOwnedBy, listen, registryOf } from './made-registry.ts'
import { failureOf, openPuller } from './puller.ts'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup()
})
/** Registers a resource to be stopped after the test. @returns the resource */
function stopAfterTest<T extends { stop(): unknown }>(resource: T): T {
  cleanups.push(() => resource.stop())
  return resource
}
async function serve(server: Server, host?: string): Promise<string> {
  cleanups.push(() => server.close().closeAllConnections())
  return listen(server, host)
}

/** Not a loopback address, where engines accept registries without encryption. */
const address = '10.117.0.9'
beforeAll(() => void execFileSync('ip', ['address', 'add', `${address}/32`, 'dev', 'lo']))
afterAll(() => void execFileSync('ip', ['address', 'delete', `${address}/32`, 'dev', 'lo']))

/** What Docker Hub sends to countries that it does not serve. */
const regionPage =
  '<html><body><h1>403 Forbidden</h1>\nSince Docker is a US company, we must comply with US export control regulations.</body></html>'

describe.each(matrix)('$title', (options) => {
  const isClassic = options.store === 'classic'
  /** Pulls with a new engine. @returns the failure */
  async function pullFailure(reference: string, overrides: Partial<EngineOptions> = {}) {
    const engine = stopAfterTest(await startEngine({ ...options, ...overrides }))
    const app = stopAfterTest(await openPuller(engine))
    return failureOf(await app.pull(reference))
  }

  test('a registry without encryption is reported as such', async () => {
    const host = await serve(registryOf({}), address)
    expect(await pullFailure(`${host}/team/x:1`)).toEqual({ code: 'registry-plain', host })
  })

  test('a proxy of the engine that is not running, that wants a login or that refuses is not taken for the registry', async () => {
    const reference = 'registry.example/team/x:1'
    const through = (proxy: string) => pullFailure(reference, { env: { HTTPS_PROXY: `http://${proxy}` } })
    expect(await through('127.0.0.1:1')).toMatchObject({
      ...{ code: 'engine-proxy', reason: 'unreachable', proxy: '127.0.0.1:1', host: 'registry.example' },
    })
    let answer = '407 Proxy Authentication Required'
    const server = createServer()
    server.on('connect', (_, socket) => socket.end(`HTTP/1.1 ${answer}\r\n\r\n`))
    const proxy = await serve(server)
    expect(await through(proxy)).toMatchObject({ code: 'engine-proxy', reason: 'login' })
    answer = '403 Forbidden'
    expect(await through(proxy)).toMatchObject({ code: 'engine-proxy', reason: 'refused', host: 'registry.example' })
  })

  test('a refusal of the whole country is told from a missing image, if the engine passes it on', async () => {
    const server = createServer((_, response) => {
      response.writeHead(403, { 'content-type': 'text/html' }).end(regionPage)
    })
    const host = await serve(server)
    // containerd reports only the status.
    const code = isClassic ? 'registry-region' : 'registry-denied'
    expect(await pullFailure(`${host}/team/v1-503:x509`)).toEqual({ code, host })
  })

  test('a mirror’s refusal is not laid at Docker Hub’s door', async () => {
    const registry = stopAfterTest(await startRegistry())
    const hub = stopAfterTest(await startHub({ registry }))
    const mirrors = stopAfterTest(await startMirrors({ registry, hub }))
    const mirror = await mirrors.add('few', { allows: [] })
    hub.setBehaviour('registry-1.docker.io', { status: 500 })
    const engine = { config: { 'registry-mirrors': [mirror.address] }, env: hub.engineEnv }
    expect(await pullFailure('team/denied:503', engine)).toEqual(
      // The error of the classic store is the last one, of Docker Hub; that of containerd the first one.
      isClassic
        ? { code: 'registry-error', host: 'docker.io', status: 500 }
        : { code: 'registry-denied', host: new URL(mirror.address).host, mirror: true },
    )
  })

  test.runIf(!isClassic)('an image in the format of manifest schema 1 is reported as too old', async () => {
    const reference = `${await serve(registryOf({ schema1: true }))}/team/x:1`
    expect(await pullFailure(reference)).toEqual({ code: 'image-format-old', reference })
  })

  test('a search that the engine’s proxy prevents is not laid at Docker Hub’s door', async () => {
    const engine = stopAfterTest(await startEngine({ ...options, env: { HTTPS_PROXY: 'http://127.0.0.1:1' } }))
    const served = stopAfterTest(watchEngine(engine.socket))
    await eventually(() => served.window.complete)
    const answer = await engineSource(served.engine, 5_000).search('v1-503', new AbortController().signal)
    expect(answer).toMatchObject({
      ...{ ok: false, error: { code: 'engine-proxy', reason: 'unreachable', proxy: '127.0.0.1:1', host: 'docker.io' } },
    })
  })

  // The containerd store pulls it, as any image of another platform.
  test.runIf(isClassic)('an image for Windows is reported as such', async () => {
    const reference = `${await serve(registryOf({ os: 'windows' }))}/team/x:1`
    expect(await pullFailure(reference)).toEqual({ code: 'image-system', reference, system: 'windows' })
  })
})

test('a rootless engine without the user ids of an image says so', async () => {
  const reference = `${await serve(registryOf({ layer: layerOwnedBy(42) }))}/team/x:1`
  const engine = stopAfterTest(await startEngine({ version: '26.1', store: 'classic', rootless: true }))
  const app = stopAfterTest(await openPuller(engine))
  expect(failureOf(await app.pull(reference))).toEqual({ code: 'engine-ids-missing', reference })
})
