/** Every request to an engine ends, even if its socket accepts connections and never answers. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import Docker from 'dockerode'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { EngineError, type EngineSession } from '../../../main/engine/index.ts'
import { createFakeSession } from '../fake-session.ts'

const apiFolder = join(import.meta.dirname, '../../../main/engine/api')
const modules = await Promise.all(
  readdirSync(apiFolder).map(async (file) => (await import(join(apiFolder, file))) as Record<string, unknown>),
)

/** A call of each function that sends a request to the engine. `functionsWithoutRequest` has the names of the others. */
const calls: Readonly<Record<string, (session: EngineSession) => Promise<unknown>>> = {
  ask: (session) => api('ask')(session, v.any(), { path: '/x' }),
  find: (session) => api('find')(session, v.any(), { path: '/x' }),
  send: (session) => api('send')(session, { path: '/x', timeoutMs: 1000 }),
  stream: (session) => api('stream')(session, { path: '/x', timeoutMs: 1000 }),
  hijack: (session) => api('hijack')(session, { method: 'POST', path: '/x', timeoutMs: 1000 }),
  ping: (session) => api('ping')(session),
  readVersion: (session) => api('readVersion')(session),
  readInfo: (session) => api('readInfo')(session),
  readMirrors: (session) => api('readMirrors')(session),
  readInsecureRegistries: (session) => api('readInsecureRegistries')(session),
  readSecurityOptions: (session) => api('readSecurityOptions')(session),
  openEvents: (session) => api('openEvents')(session),
  inspectImage: (session) => api('inspectImage')(session, 'x'),
  inspectListedImage: (session) => api('inspectListedImage')(session, 'x'),
  listImages: (session) => api('listImages')(session, {}),
  readHistory: (session) => api('readHistory')(session, 'x'),
  tagImage: (session) => api('tagImage')(session, 'x', { repository: 'x', tag: '1' }),
  removeImage: (session) => api('removeImage')(session, 'x'),
  saveImages: (session) => api('saveImages')(session, ['x']),
  loadImages: (session) => api('loadImages')(session, Readable.from(['x'])),
  pullImage: (session) => api('pullImage')(session, 'x', { signal: new AbortController().signal }),
  readDistribution: (session) => api('readDistribution')(session, 'x'),
  searchImages: (session) => api('searchImages')(session, v.any(), { term: 'x', limit: 1, timeoutMs: 1000 }),
  listNetworks: (session) => api('listNetworks')(session),
  readVolumeDevice: (session) => api('readVolumeDevice')(session, 'x'),
  inspectContainer: (session) => api('inspectContainer')(session, 'x'),
  inspectListedContainer: (session) => api('inspectListedContainer')(session, 'x'),
  readContainers: (session) => api('readContainers')(session),
  listContainers: (session) => api('listContainers')(session),
  createContainer: (session) => api('createContainer')(session, {}),
  startContainer: (session) => api('startContainer')(session, 'x'),
  stopContainer: (session) => api('stopContainer')(session, 'x'),
  removeContainer: (session) => api('removeContainer')(session, 'x'),
  readLastLines: (session) => api('readLastLines')(session, 'x', 1),
  hasPath: (session) => api('hasPath')(session, 'x', '/x'),
  shellsIn: (session) => api('shellsIn')(session, 'x'),
  readCacheRecords: (session) => api('readCacheRecords')(session),
  listBuildCache: (session) => api('listBuildCache')(session),
  removeBuildCache: (session) => api('removeBuildCache')(session, 'x'.repeat(25)),
  maxBytesSharedWithCache: (session) => api('maxBytesSharedWithCache')(session),
  layersSize: (session) => api('layersSize')(session),
  readDiskUsage: (session) => api('readDiskUsage')(session),
  attachTo: (session) => api('attachTo')(session, 'x', { tty: true, stdin: true, started: false }),
  openShell: (session) => api('openShell')(session, 'x', ['sh'], []),
  followLogs: (session) => api('followLogs')(session, 'x', true),
}
/** These return undefined instead of an error, since many engines have no content store. */
const callsWithFallback = { openContent: (session: EngineSession) => api('openContent')(session) }
const functionsWithoutRequest = [
  ...[
    'engineFailure',
    'statusOf',
    'isSameEngine',
    'engineKey',
    'EngineError',
    'list',
    'parseImageRows',
    'parseContainerRows',
    'namesOf',
    'malformedPart',
    'searchableLabels',
    'parseEvent',
  ],
  ...[
    'compareVersions',
    'agreedApi',
    'filtersDiskUsageByType',
    'mountsImages',
    'reportsAllChanges',
    'layersSizeIncludesContent',
    'reportsAutomatedBuilds',
    'supportsCacheRemovalById',
  ],
  ...[
    'demultiplexer',
    'splitFrames',
    'withCarriageReturns',
    'extractMarkedLine',
    'encodeText',
    'field',
    'fields',
    'integer',
  ],
]

function api(name: string): (...args: readonly unknown[]) => Promise<unknown> {
  const exported = modules.find((module) => name in module)![name]
  return exported as (...args: readonly unknown[]) => Promise<unknown>
}

let folder: string
let server: Server
const sockets = new Set<Socket>()
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'silent-'))
  server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.resume()
  })
  await new Promise<void>((resolve) => server.listen(join(folder, 'docker.sock'), resolve))
})
afterAll(() => {
  for (const socket of sockets) socket.destroy()
  server.close()
  rmSync(folder, { recursive: true })
})

/** Advances the fake timers by up to 200 minutes, until the promise settles. Real I/O runs after each minute. */
async function settle(promise: Promise<unknown>): Promise<unknown> {
  const outcome = promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  for (let minute = 0; minute < 200; minute++) {
    const settled = await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve))])
    if (settled) return settled
    await vi.advanceTimersByTimeAsync(60_000)
  }
  return 'never'
}

describe('against a silent socket', () => {
  beforeAll(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  })
  afterAll(() => {
    vi.useRealTimers()
  })
  const session = () => createFakeSession(new Docker({ socketPath: join(folder, 'docker.sock') }), `unix://${folder}/docker.sock`) // prettier-ignore

  for (const [name, call] of Object.entries(calls))
    test(`${name} ends with a timeout`, async () => {
      const outcome = await settle(call(session()))
      expect(outcome).toMatchObject({ error: { failure: { code: 'engine-timeout' } } })
      expect((outcome as { error: unknown }).error).toBeInstanceOf(EngineError)
    })
  for (const [name, call] of Object.entries(callsWithFallback))
    test(`${name} returns undefined after a timeout`, async () => {
      expect(await settle(call(session()))).toEqual({ value: undefined })
    })
  test('every function of engine/api is called here, or listed as one that sends no request', () => {
    const exported = modules.flatMap((module) =>
      Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
    )
    const covered = [...Object.keys(calls), ...Object.keys(callsWithFallback), ...functionsWithoutRequest]
    expect(exported.filter((name) => !covered.includes(name))).toEqual([])
  })
})
