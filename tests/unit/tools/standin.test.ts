import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { bridgeEnd } from '../../../tools/standin/bridge.ts'
import { structuredCodec } from '../../../tools/standin/codec.ts'
import electron from '../../../tools/standin/index.ts'
import { acquireLock, releaseLock, type InstanceMessage } from '../../../tools/standin/instance.ts'
import { guard, StrictEmitter, createPreventableEvent } from '../../../tools/standin/guard.ts'
import { systemLanguages } from '../../../tools/standin/paths.ts'
import { protocol, toAppUrl, toPageUrl } from '../../../tools/standin/serving.ts'

describe('a message between main and the page', () => {
  const { encode, decode } = structuredCodec()
  const roundTrip = (value: unknown) => decode(encode(value))

  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('$', '__proto__', '\ud800', '镜像'))
  const anything = fc.anything({
    key: text,
    values: [text, fc.double(), fc.constantFrom(undefined, null, -0, NaN, true), fc.bigInt(), fc.date()],
    withBoxedValues: true,
    withMap: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
    withNullPrototype: true,
  })

  test('arrives as a structured clone of what was sent', () => {
    fc.assert(fc.property(anything, (value) => void expect(roundTrip(value)).toStrictEqual(structuredClone(value))))
  })

  test('keeps shared references and cycles', () => {
    const image = { tags: ['nginx'] }
    const cyclic: { images: object[]; self?: object } = { images: [image, image] }
    cyclic.self = cyclic
    const arrived = roundTrip(cyclic) as typeof cyclic
    expect(arrived.images[0]).toBe(arrived.images[1])
    expect(arrived.self).toBe(arrived)
  })

  test('keeps the class, message and cause of an error', () => {
    const arrived = roundTrip(new RangeError('too far', { cause: { at: 7 } })) as RangeError
    expect(arrived).toBeInstanceOf(RangeError)
    expect(arrived).toMatchObject({ message: 'too far', cause: { at: 7 } })
  })

  test.each([
    ['a function', { call: () => 1 }],
    ['a promise', [Promise.resolve()]],
    ['a proxy', new Proxy({}, {})],
    ['a symbol', Symbol('s')],
  ])('refuses %s with Electron’s message', (_, value) => {
    expect(() => encode(value)).toThrow('An object could not be cloned.')
  })
})

describe('a missing part of the stand-in', () => {
  test('throws when it is read', () => {
    expect(() => Reflect.get(electron.app, 'dock')).toThrow('the stand-in has no app.dock')
    expect(() => Reflect.get(electron, 'powerMonitor')).toThrow('the stand-in has no electron.powerMonitor')
  })

  test('throws when it is assigned, while a test may replace an existing function', () => {
    const dialog = guard<{ ask(): string }>('dialog', { ask: () => 'cancelled' })
    dialog.ask = () => 'yes'
    expect(dialog.ask()).toBe('yes')
    expect(() => Reflect.set(dialog, 'show', 1)).toThrow('the stand-in has no dialog.show')
  })

  test('throws when a listener is added to it', () => {
    const emitter = new StrictEmitter<{ close: [] }>('window', ['close'])
    const listener = vi.fn<() => void>()
    emitter.on('close', listener)
    emitter.emit('close')
    expect(listener).toHaveBeenCalledOnce()
    const listen = () => Reflect.apply(emitter.once, emitter, ['moved', listener])
    expect(listen).toThrow("the stand-in's window never emits moved")
  })

  test('does not make its object look like a promise', async () => {
    const part = guard('part', { name: 'x' })
    expect(await part).toBe(part)
  })
})

test('the default action of an event is prevented once a listener says so', () => {
  const event = createPreventableEvent({ url: 'app://x/' })
  expect(event).toMatchObject({ url: 'app://x/', defaultPrevented: false })
  event.preventDefault()
  expect(event.defaultPrevented).toBe(true)
})

describe('the bridge between the preload’s world and the page’s', () => {
  /** Connects both ends through one window. Unlike in the stand-in, values are not cloned between them. */
  function exposeApi(api: object) {
    const window = new EventTarget()
    bridgeEnd(window, 'secret', 'page')
    bridgeEnd(window, 'secret', 'preload').expose('api', api)
    return Reflect.get(window, 'api') as Record<string, (...values: unknown[]) => unknown>
  }

  test('carries calls, results and errors synchronously', () => {
    const api = exposeApi({
      add: (a: number, b: number) => a + b,
      fail: () => {
        throw new RangeError('no')
      },
    })
    expect(api['add']?.(1, 2)).toBe(3)
    expect(() => api['fail']?.()).toThrow(new RangeError('no'))
  })

  test('carries promises, resolved and rejected', async () => {
    const api = exposeApi({ later: async (value: unknown) => value, never: () => Promise.reject(new Error('gone')) })
    await expect(api['later']?.({ list: [1] })).resolves.toEqual({ list: [1] })
    await expect(api['never']?.()).rejects.toThrow('gone')
  })

  test('carries listeners to the preload, and their unsubscribe functions back', () => {
    const listeners = new Set<(value: number) => void>()
    const api = exposeApi({
      on(listener: (value: number) => void) {
        listeners.add(listener)
        return () => listeners.delete(listener)
      },
    })
    const received: unknown[] = []
    const unsubscribe = api['on']?.((value: unknown) => received.push(value)) as () => void
    for (const listener of listeners) listener(1)
    unsubscribe()
    for (const listener of listeners) listener(2)
    expect(received).toEqual([1])
  })

  test('gives the page an API that it cannot change', () => {
    const api = exposeApi({ version: { major: 1 } })
    expect(Reflect.set(api, 'version', 2)).toBe(false)
    expect(Object.isFrozen(api['version'])).toBe(true)
  })
})

test('an app:// address is a secure origin for the page, and is converted back for main', () => {
  protocol.registerSchemesAsPrivileged([{ scheme: 'app', privileges: { standard: true, secure: true } }])
  const page = toPageUrl('app://slipway/a/b.html?c#d')
  expect(new URL(page).origin).toMatch(/^https:\/\/slipway\.app\./)
  expect(toAppUrl(page)).toBe('app://slipway/a/b.html?c#d')
  expect(toAppUrl('https://example.com/')).toBe('https://example.com/')
})

test('a second instance is refused, and the first is notified', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'standin-'))
  const onMessage = vi.fn<(message: InstanceMessage) => void>()
  expect(acquireLock(folder, { argv: ['first'], cwd: '/', data: {} }, onMessage)).toBe(true)
  expect(acquireLock(folder, { argv: ['second'], cwd: '/tmp', data: { open: 1 } }, () => {})).toBe(false)
  await vi.waitFor(() => expect(onMessage).toHaveBeenCalledWith({ argv: ['second'], cwd: '/tmp', data: { open: 1 } }))
  releaseLock(folder)
  expect(acquireLock(folder, { argv: ['third'], cwd: '/', data: {} }, () => {})).toBe(true)
  releaseLock(folder)
  rmSync(folder, { recursive: true })
})

test.each([
  [{ LANG: 'zh_CN.UTF-8' }, ['zh-CN']],
  [{ LANGUAGE: 'zh_CN:en', LANG: 'de_DE.UTF-8@euro' }, ['zh-CN', 'en', 'de-DE']],
  [{ LANG: 'C.UTF-8' }, []],
])('the system languages for %j are %j', (variables, languages) => {
  for (const name of ['LANGUAGE', 'LC_ALL', 'LC_MESSAGES', 'LANG']) vi.stubEnv(name, '')
  for (const [name, value] of Object.entries(variables)) vi.stubEnv(name, value)
  expect(systemLanguages()).toEqual(languages)
  vi.unstubAllEnvs()
})
