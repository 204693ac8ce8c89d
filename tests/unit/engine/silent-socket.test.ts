/** Every question to an engine has an end, also at a socket that takes connections and never answers. */
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import Docker from 'dockerode'
import * as v from 'valibot'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { EngineError, type EngineSession } from '../../../main/engine/index.ts'
import { sessionOver } from '../session.ts'

const folderOfApi = join(import.meta.dirname, '../../../main/engine/api')
const modules = await Promise.all(
  readdirSync(folderOfApi).map(async (file) => (await import(join(folderOfApi, file))) as Record<string, unknown>),
)

/** How each function that asks the engine is called; those that ask nothing are named with `asksNothing`. */
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
  openEvents: (session) => api('openEvents')(session),
  inspectImage: (session) => api('inspectImage')(session, 'x'),
  readImage: (session) => api('readImage')(session, 'x'),
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
  inspectContainer: (session) => api('inspectContainer')(session, 'x'),
  readContainer: (session) => api('readContainer')(session, 'x'),
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
  cachedBytes: (session) => api('cachedBytes')(session),
  layersSize: (session) => api('layersSize')(session),
  readDiskAccount: (session) => api('readDiskAccount')(session),
  attachTo: (session) => api('attachTo')(session, 'x', { tty: true, stdin: true, started: false }),
  openShell: (session) => api('openShell')(session, 'x', ['sh']),
  followLogs: (session) => api('followLogs')(session, 'x', true),
}
/** Answers undefined instead: an engine without a content store is a usual one. */
const answersWithout = { openContent: (session: EngineSession) => api('openContent')(session) }
const asksNothing = [
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
    'countsContent',
    'reportsAutomatedBuilds',
    'removesCacheById',
  ],
  ...['demultiplexer', 'unframe', 'withCarriageReturns', 'withoutMarked', 'encodeText', 'field', 'fields', 'integer'],
]

function api(name: string): (...args: readonly unknown[]) => Promise<unknown> {
  const found = modules.find((module) => name in module)![name]
  return found as (...args: readonly unknown[]) => Promise<unknown>
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

/** Runs through hours in moments; what the system does between them has its turn. */
async function settledOf(asked: Promise<unknown>): Promise<unknown> {
  const outcome = asked.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  )
  for (let tries = 0; tries < 200; tries++) {
    const done = await Promise.race([outcome, new Promise((resolve) => setImmediate(resolve))])
    if (done) return done
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
  const session = () => sessionOver(new Docker({ socketPath: join(folder, 'docker.sock') }), `unix://${folder}/docker.sock`) // prettier-ignore

  for (const [name, call] of Object.entries(calls))
    test(`${name} ends with a timeout`, async () => {
      const outcome = await settledOf(call(session()))
      expect(outcome).toMatchObject({ error: { failure: { code: 'engine-timeout' } } })
      expect((outcome as { error: unknown }).error).toBeInstanceOf(EngineError)
    })
  for (const [name, call] of Object.entries(answersWithout))
    test(`${name} goes on without an answer`, async () => {
      expect(await settledOf(call(session()))).toEqual({ value: undefined })
    })
  test('every export of engine/api is tested here', () => {
    const exported = modules.flatMap((module) =>
      Object.entries(module).flatMap(([name, value]) => (typeof value === 'function' ? [name] : [])),
    )
    const known = [...Object.keys(calls), ...Object.keys(answersWithout), ...asksNothing]
    expect(exported.filter((name) => !known.includes(name))).toEqual([])
  })
})
