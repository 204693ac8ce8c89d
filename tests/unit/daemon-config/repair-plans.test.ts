/** When daemon.json is checked, and how long the plan of a repair can be applied. */
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createHash } from 'node:crypto'
import Docker from 'dockerode'
import { beforeEach, expect, test } from 'vitest'
import type { DaemonFileAccess, FileContent } from '../../../main/daemon-config/access.ts'
import { repairHandlers, type Mend } from '../../../main/daemon-config/repair.ts'
import { fail, ok, type EngineFailure, type EngineState, type Result } from '../../../preload/contract/index.ts'
import { createFakeSession } from '../fake-session.ts'

const kind = { type: 'rootless', managed: true } as const
const endpoint = 'unix:///run/user/1000/docker.sock'
const away = (failure: EngineFailure): EngineState => ({ status: 'away', failure })
const stopped: EngineFailure = { code: 'engine-stopped', endpoint, kind }
const { context, capabilities: facts } = createFakeSession(new Docker(), endpoint)
const running: EngineState = { status: 'connected', context, facts }

let folder: string
let state: EngineState
let session: ReturnType<Parameters<typeof repairHandlers>[0]['engine']['session']>
/** Ends the reads of the file that have begun, in this order. */
let reads: ((text: string) => void)[]
let mended: Mend[]
let handlers: ReturnType<typeof repairHandlers>

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'repair-'))
  state = away(stopped)
  session = fail(stopped)
  reads = []
  mended = []
  handlers = handlersWith(
    () => new Promise<Result<FileContent>>((resolve) => reads.push((text) => resolve(ok(contentOf(text))))),
  )
  return () => rmSync(folder, { recursive: true, force: true })
})

const contentOf = (text: string): FileContent => ({ text, hash: createHash('sha256').update(text).digest('hex') })

function handlersWith(read: DaemonFileAccess['read']) {
  const notUsed = async () => fail({ code: 'internal' } as const)
  return repairHandlers({
    engine: { state: () => state, session: () => session },
    environment: { env: { PATH: folder }, home: folder },
    currentInstallation: () => ({ installation: 'rootless', file: join(folder, 'docker/daemon.json') }),
    accessTo: () => ({
      ...{ method: 'user-helper', read, readThroughHelper: notUsed, resolvePath: async () => '/f' },
      ...{ open: async () => fail({ code: 'helper-busy' } as const), withHelper: notUsed },
    }),
    isStillShown: (shown) => (shown.ok ? session.ok && session.value === shown.value : !session.ok),
    settled: async () => {},
    startMend: (mend) => ok(String(mended.push(mend))),
  })
}

const check = () => handlers['daemon-config.check']({ withPassword: false })
const mend = (id: string) => handlers['daemon-config.mend'](id)
/** Starts a check. @returns its answer, once the file has been read with this text */
async function begin() {
  const answer = check()
  await expect.poll(() => reads.length).toBeGreaterThan(0)
  const read = reads.shift()!
  return (text: string) => (read(text), answer)
}
async function checked(text: string) {
  const answer = await (await begin())(text)
  if (!answer.ok || !answer.value) throw new Error(JSON.stringify(answer))
  return answer.value
}

test.each<EngineFailure>([
  { code: 'engine-timeout', endpoint, kind, seconds: 10 },
  { code: 'engine-unreachable', endpoint, kind, detail: 'socket hang up' },
  { code: 'engine-permission', endpoint, kind },
  { code: 'engine-refused', detail: 'internal server error' },
  { code: 'engine-too-old', endpoint, kind, api: '1.20', needed: '1.40' },
  { code: 'context-unknown', context: 'gone' },
])('a Docker that may run ($code) is not said to be kept down by its file', async (failure) => {
  state = away(failure)
  expect(await check()).toEqual(ok(undefined))
  expect(reads).toEqual([])
})

test.each<EngineFailure>([stopped, { code: 'engine-not-found', endpoint, kind }])(
  'the file of a Docker that is down ($code) is checked',
  async (failure) => {
    state = away(failure)
    expect(await checked('{ "debug": true, }')).toMatchObject({
      isRunning: false,
      plan: { faults: [{ code: 'trailing-comma' }] },
    })
  },
)

test('a plan stays while the file is checked again, and has the same id if nothing has changed', async () => {
  const shown = await checked('{ "debug": true, }')
  const answer = await begin()
  expect(await answer('{ "debug": true, }')).toMatchObject({ value: { id: shown.id } })
  await begin()
  expect(mend(shown.id)).toMatchObject({ ok: true })
  expect(mended).toHaveLength(1)
  expect(mend(shown.id)).toMatchObject({ error: { code: 'plan-unknown' } })
})

test('a plan ends once another text was read', async () => {
  const shown = await checked('{ "debug": true, }')
  const next = await checked('{ "debug": false, }')
  expect(next.id).not.toBe(shown.id)
  expect(mend(shown.id)).toMatchObject({ error: { code: 'plan-unknown' } })
  expect(mend(next.id)).toMatchObject({ ok: true })
})

test('a plan ends once the file has no mend', async () => {
  const shown = await checked('{ "debug": true, }')
  await checked('{}')
  expect(mend(shown.id)).toMatchObject({ error: { code: 'plan-unknown' } })
})

test('the same text has another plan once Docker runs, or in another session', async () => {
  const down = await checked('{ "debug": true, }')
  state = running
  session = ok(createFakeSession(new Docker()))
  const first = await checked('{ "debug": true, }')
  expect(first.id).not.toBe(down.id)
  session = ok(createFakeSession(new Docker()))
  expect((await checked('{ "debug": true, }')).id).not.toBe(first.id)
})

test('a slow check does not replace the plan of a newer one', async () => {
  const slow = await begin()
  const newer = await checked('{ "debug": false, }')
  expect(await slow('{ "debug": true, }')).toMatchObject({ error: { code: 'plan-unknown' } })
  expect(mend(newer.id)).toMatchObject({ ok: true })
  expect(mended[0]?.before.text).toBe('{ "debug": false, }')
})

test('below a folder that others can change, the helper is not offered', async () => {
  mkdirSync(join(folder, 'docker'))
  chmodSync(join(folder, 'docker'), 0o777)
  writeFileSync(join(folder, 'docker/daemon.json'), '')
  const repair = await checked('{ "debug": true, }')
  expect(repair).toMatchObject({ method: 'commands', unsafePath: join(folder, 'docker') })
  expect(repair).not.toHaveProperty('commands')
  expect(mend(repair.id)).toMatchObject({ error: { code: 'plan-unknown' } })
})

test('below a folder that others can change, no password is asked for to read the file', async () => {
  mkdirSync(join(folder, 'docker'))
  chmodSync(join(folder, 'docker'), 0o777)
  handlers = handlersWith(async () => fail({ code: 'file-unusable', file: '/f', detail: 'EACCES' }))
  for (const withPassword of [false, true])
    expect(await handlers['daemon-config.check']({ withPassword })).toEqual(
      fail({ code: 'daemon-file-folder-unsafe', folder: join(folder, 'docker'), state: 'untouched' }),
    )
})
