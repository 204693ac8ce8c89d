import { beforeEach, expect, test, vi } from 'vitest'
import { callLimits } from '../../../main/desktop/call-limits.ts'
import { serve } from '../../../main/desktop/ipc.ts'
import { calls, ok, type AllHandlers } from '../../../preload/contract/index.ts'

type Listener = (event: unknown, input?: unknown) => Promise<unknown>

const { ipc } = vi.hoisted(() => ({ ipc: new Map<string, Listener>() }))
vi.mock('electron', () => ({
  BrowserWindow: {},
  ipcMain: { handle: (name: string, listener: Listener) => void ipc.set(name, listener) },
}))

let served: string[]
let answer: () => unknown
beforeEach(() => {
  served = []
  answer = () => ok(undefined)
  ipc.clear()
  const handler = (name: string) => async () => {
    served.push(name)
    return await answer()
  }
  serve(Object.fromEntries(Object.keys(calls).map((name) => [name, handler(name)])) as unknown as AllHandlers)
})

const page = { parent: null, url: 'app://slipway/index.html' }
const call = (name: string, input?: unknown, senderFrame: unknown = page) => ipc.get(name)!({ senderFrame }, input)
const badInput = { ok: false, error: { code: 'bad-input' } }
const busy = { ok: false, error: { code: 'busy' } }

test.each([
  ['the app’s page', page, true],
  ['the app’s page, at one of its elements', { ...page, url: 'app://slipway/index.html#x' }, true],
  ['no frame', null, false],
  ['a frame in the app’s page', { parent: page, url: page.url }, false],
  ['an empty page', { parent: null, url: 'about:blank' }, false],
  ['a page without a URL', { parent: null, url: '' }, false],
  ['a page of unknown origin', { parent: null, url: 'null' }, false],
  ['a page in a URL', { parent: null, url: 'data:text/html,app://slipway/' }, false],
  ['a page in a blob', { parent: null, url: 'blob:app://slipway/1' }, false],
  ['another host', { parent: null, url: 'app://slipway.example.com/' }, false],
  ['another host, with a user', { parent: null, url: 'app://slipway@example.com/' }, false],
  ['a web page', { parent: null, url: 'https://slipway/' }, false],
  [
    'a frame that has gone',
    {
      get parent(): unknown {
        throw new Error('Render frame was disposed')
      },
    },
    false,
  ],
])('a call from %s', async (_, sender, isServed) => {
  expect(await call('jobs.list', undefined, sender)).toEqual(isServed ? ok(undefined) : badInput)
  expect(served).toEqual(isServed ? ['jobs.list'] : [])
})

test('invalid input is refused before a service sees it', async () => {
  const list = Array.from({ length: 300_000 }, () => 'x')
  expect(await call('removal.apply', { planId: 'x', copies: list })).toEqual(badInput)
  expect(await call('window.copy', 'x'.repeat(1_000_001))).toEqual(badInput)
  expect(await call('jobs.cancel', Object.create(null))).toEqual(badInput)
  expect(await call('settings.change', JSON.parse('{"__proto__": {"theme": "dark"}, "language": 3}'))).toEqual(badInput)
  expect(served).toEqual([])
})

test('a page that calls without end is refused, and other calls are served while one name is pending', async () => {
  const pending = Promise.withResolvers<unknown>()
  answer = () => pending.promise
  const answers = Array.from({ length: 100_000 }, () => call('engine.disk'))
  expect(served).toHaveLength(300)
  answer = () => ok(undefined)
  expect(await call('jobs.list')).toEqual(ok(undefined))
  pending.resolve(ok(undefined))
  const results = await Promise.all(answers)
  expect(results.filter((result) => JSON.stringify(result) === JSON.stringify(busy))).toHaveLength(99_700)
  expect(await call('engine.disk')).toEqual(ok(undefined))
})

test('a page may make 2,000 calls at once, then 500 a second', () => {
  let now = 1000
  const admit = callLimits(() => now)
  const isAdmitted = () => {
    const onAnswered = admit('jobs.list')
    onAnswered?.()
    return onAnswered !== undefined
  }
  const admitted = (count: number) => Array.from({ length: count }, isAdmitted).filter(Boolean).length
  expect(admitted(5000)).toBe(2000)
  now += 1000
  expect(admitted(5000)).toBe(500)
  now += 3
  expect(admitted(5)).toBe(1)
  now += 3_600_000
  expect(admitted(5000)).toBe(2000)
})
